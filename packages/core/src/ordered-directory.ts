/**
 * Ordered directory: one level above the leaves of an ordered list (a page of leaves) or above the pages (the root).
 *
 * 1 Children stand at [0, count), ascending; `sizes[i]` is the number of entries under child i.
 * 2 The bound of child i is a pair (value, ord): every entry under child i is ≤ it, every entry under child i + 1 is greater.
 *   It is a copy, never looked up: it may outlive the entry it was taken from. The last child has none, whatever stands there,
 *   so appending past the end changes no bound.
 * 3 Ords are finite and a bound holds both parts, so a run of equal values may span any number of children.
 *
 * Finding: log2(count) steps. Rank and seek: a sum over `sizes`, one add a child. Inserting or removing a child moves the rest.
 */

import type { Compare } from './ordered-leaf.js'

/** What stands in a directory: a leaf or a directory. */
export interface Child<C> {
  readonly count: number
  /** Takes over the content of the right neighbour, whose lower bound is (value, ord). */
  absorb(right: C, value: unknown, ord: number): void
}

export class OrderedDirectory<V, C extends Child<C>> {
  count = 0
  readonly children: C[] = []
  sizes: Int32Array
  values: Float64Array | V[]
  ords: Float64Array

  constructor(isNumeric: boolean, capacity: number) {
    this.sizes = new Int32Array(capacity)
    this.ords = new Float64Array(capacity)
    this.values = isNumeric ? new Float64Array(capacity) : []
  }

  /** The child (value, ord) belongs to; numeric directories only. */
  findNumber(value: number, ord: number): number {
    const values = this.values as Float64Array
    let low = 0
    let high = this.count - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      const bound = values[middle]!
      if (bound < value || (bound === value && this.ords[middle]! < ord)) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The child (value, ord) belongs to; general directories only. */
  find(value: V, ord: number, compare: Compare<V>): number {
    const values = this.values as V[]
    let low = 0
    let high = this.count - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      const order = compare(values[middle]!, value)
      if (order < 0 || (order === 0 && this.ords[middle]! < ord)) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The first child that may hold a value the monotone probe does not call negative. */
  findBy(probe: (value: V) => number): number {
    let low = 0
    let high = this.count - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (probe(this.values[middle] as V) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Entries under the children before `at`. */
  rankOf(at: number): number {
    const sizes = this.sizes
    let rank = 0
    for (let index = 0; index < at; index++) rank += sizes[index]!
    return rank
  }

  /** Puts a child at `at`, whose bound is (value, ord). */
  insert(at: number, child: C, size: number, value: V, ord: number): void {
    if (this.count === this.sizes.length) this.#grow()
    this.children.splice(at, 0, child)
    this.sizes.copyWithin(at + 1, at, this.count)
    this.ords.copyWithin(at + 1, at, this.count)
    if (Array.isArray(this.values)) this.values.splice(at, 0, value)
    else {
      this.values.copyWithin(at + 1, at, this.count)
      this.values[at] = value as number
    }
    this.sizes[at] = size
    this.ords[at] = ord
    this.count++
  }

  remove(at: number): void {
    this.children.splice(at, 1)
    this.sizes.copyWithin(at, at + 1, this.count)
    this.ords.copyWithin(at, at + 1, this.count)
    if (Array.isArray(this.values)) this.values.splice(at, 1)
    else this.values.copyWithin(at, at + 1, this.count)
    this.count--
  }

  /** Drops child `at` if it is empty and not alone, or joins it with a neighbour if the two have no more than `countMax` together. */
  tidy(at: number, countMax: number): void {
    const child = this.children[at]!
    if (this.count === 1) return
    if (child.count === 0) this.remove(at)
    else if (at > 0 && this.children[at - 1]!.count + child.count <= countMax) this.#join(at - 1)
    else if (at + 1 < this.count && child.count + this.children[at + 1]!.count <= countMax) this.#join(at)
  }

  /** The children from `at` on as a new directory of the same capacity; they leave this one. */
  split(at: number): OrderedDirectory<V, C> {
    const right = new OrderedDirectory<V, C>(this.values instanceof Float64Array, this.sizes.length)
    for (let index = at; index < this.count; index++)
      right.insert(index - at, this.children[index]!, this.sizes[index]!, this.values[index] as V, this.ords[index]!)
    this.children.length = at
    if (Array.isArray(this.values)) this.values.length = at
    this.count = at
    return right
  }

  /** See `Child`. */
  absorb(right: OrderedDirectory<V, C>, value: unknown, ord: number): void {
    this.setBound(this.count - 1, value as V, ord)
    for (let index = 0; index < right.count; index++)
      this.insert(this.count, right.children[index]!, right.sizes[index]!, right.values[index] as V, right.ords[index]!)
  }

  setBound(at: number, value: V, ord: number): void {
    this.values[at] = value as number & V
    this.ords[at] = ord
  }

  /** Bounds as a plain array. */
  generalise(): void {
    this.values = Array.from((this.values as Float64Array).subarray(0, this.count)) as V[]
  }

  /** Child `at` takes over its right neighbour, and with it the neighbour's bound. */
  #join(at: number): void {
    const left = this.children[at]!
    left.absorb(this.children[at + 1]!, this.values[at], this.ords[at]!)
    this.children[at + 1] = left
    this.sizes[at + 1] = this.sizes[at]! + this.sizes[at + 1]!
    this.remove(at)
  }

  #grow(): void {
    const { sizes, ords, values } = this
    this.sizes = new Int32Array(sizes.length * 2)
    this.sizes.set(sizes)
    this.ords = new Float64Array(ords.length * 2)
    this.ords.set(ords)
    if (Array.isArray(values)) return
    this.values = new Float64Array(values.length * 2)
    this.values.set(values)
  }
}
