/**
 * Ordered leaf: at most 128 entries (value, slot) of an ordered list, ascending by value, then by the ord of the slot.
 *
 * 1 Entries stand at [0, count). Values are a Float64Array while the list holds numbers only, else a plain array; the list
 *   says which, a leaf never decides. What lies beyond `count` is rest: ignored, and emptied where it could hold an object.
 * 2 Numbers compare with `<` in place: a comparison costs a load, not a call. This needs `compare(a, b)` to have the sign of
 *   a - b for numbers, and no NaN, which the store never holds.
 * 3 Ords are read from the slab, not kept here: 12 bytes an entry. They are asked for only when values tie.
 *
 * Finding: 7 steps. Inserting or removing: half a leaf moves, 64 entries on average.
 */

/** Entries of a leaf. 128 numbers are 1 KiB: small enough to move by hand, large enough that the directory stays in cache. */
export const LEAF_ENTRIES_MAX = 128

/** The insertion order of the record in a slot; constant as long as an entry with that slot is in the list. */
export type OrdOf = (slot: number) => number

export type Compare<V> = (a: V, b: V) => number

export class OrderedLeaf<V> {
  count = 0
  readonly slots: Int32Array = new Int32Array(LEAF_ENTRIES_MAX)
  values: Float64Array | V[]

  constructor(isNumeric: boolean) {
    this.values = isNumeric ? new Float64Array(LEAF_ENTRIES_MAX) : []
  }

  /** How many entries are before (value, ord); numeric leaves only. */
  findNumber(value: number, ord: number, ordOf: OrdOf): number {
    const values = this.values as Float64Array
    const slots = this.slots
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      const found = values[middle]!
      if (found < value || (found === value && ordOf(slots[middle]!) < ord)) low = middle + 1
      else high = middle
    }
    return low
  }

  /** How many entries are before (value, ord); general leaves only. */
  find(value: V, ord: number, compare: Compare<V>, ordOf: OrdOf): number {
    const values = this.values as V[]
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      const order = compare(values[middle]!, value)
      if (order < 0 || (order === 0 && ordOf(this.slots[middle]!) < ord)) low = middle + 1
      else high = middle
    }
    return low
  }

  /** How many values are less than `value`, or not greater; numeric leaves only. */
  rankNumber(value: number, isAfter: boolean): number {
    const values = this.values as Float64Array
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      const found = values[middle]!
      if (found < value || (isAfter && found === value)) low = middle + 1
      else high = middle
    }
    return low
  }

  /** How many values the monotone probe calls negative. */
  rankBy(probe: (value: V) => number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (probe(this.values[middle] as V) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  insertNumber(at: number, value: number, slot: number): void {
    const values = this.values as Float64Array
    const slots = this.slots
    for (let index = this.count++; index > at; index--) {
      values[index] = values[index - 1]!
      slots[index] = slots[index - 1]!
    }
    values[at] = value
    slots[at] = slot
  }

  insert(at: number, value: V, slot: number): void {
    const values = this.values as V[]
    const slots = this.slots
    for (let index = this.count++; index > at; index--) {
      values[index] = values[index - 1]!
      slots[index] = slots[index - 1]!
    }
    values[at] = value
    slots[at] = slot
  }

  removeNumber(at: number): void {
    const values = this.values as Float64Array
    const slots = this.slots
    const last = --this.count
    for (let index = at; index < last; index++) {
      values[index] = values[index + 1]!
      slots[index] = slots[index + 1]!
    }
  }

  remove(at: number): void {
    const values = this.values as V[]
    const slots = this.slots
    const last = --this.count
    for (let index = at; index < last; index++) {
      values[index] = values[index + 1]!
      slots[index] = slots[index + 1]!
    }
    values.length = last
  }

  append(value: V, slot: number): void {
    this.values[this.count] = value as number & V
    this.slots[this.count++] = slot
  }

  /** A new leaf with the entries from `at` on, which leave this one. */
  split(at: number): OrderedLeaf<V> {
    const right = new OrderedLeaf<V>(this.values instanceof Float64Array)
    right.#take(this, at, this.count)
    this.count = at
    if (Array.isArray(this.values)) this.values.length = at
    return right
  }

  /** Takes over the entries of the leaf to the right; together they must fit. */
  absorb(right: OrderedLeaf<V>): void {
    this.#take(right, 0, right.count)
  }

  /** Values as a plain array, for a list that met its first value that is not a number. */
  generalise(): void {
    this.values = Array.from((this.values as Float64Array).subarray(0, this.count)) as V[]
  }

  #take(source: OrderedLeaf<V>, from: number, to: number): void {
    for (let index = from; index < to; index++, this.count++) {
      this.values[this.count] = source.values[index]! as number & V
      this.slots[this.count] = source.slots[index]!
    }
  }
}
