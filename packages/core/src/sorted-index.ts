/**
 * Sorted index: the records of a bucket ordered by one field or a compound.
 *
 *      ranks   0 … | missing | null | present values …            for one field
 *                    by ord    by ord   by value, ties by ord
 *
 * 1 Every record is in it once, so reading it from end to end is `orderBy` with ties in insertion order.
 * 2 Missing and null stand in lists of their own, so a field of numbers stays a list of numbers, which is several times
 *   faster than a mixed one. A compound has one list of value lists.
 * 3 A range is a pair of ranks; its length is the exact count, before any row is read.
 *
 * Cost: a move O(log n) (0.6 µs at 100,000), a range two searches.
 */

import type { IndexShape } from './backend.js'
import type { IndexValue } from './index-value.js'
import { OrderedList } from './ordered-list.js'
import { compareValues, RANK, rankOf, type StoreRecord, type Value } from './value.js'

/** One end of a range. */
export interface Bound {
  readonly value: Value
  readonly isInclusive: boolean
}

/** Ranks [from, to). */
export interface RankRange {
  readonly from: number
  readonly to: number
}

type SortValue = Value | undefined

export class SortedIndex {
  readonly kind = 'sorted'
  readonly shape: IndexShape
  readonly value: IndexValue
  readonly mask: number
  readonly #ordOf: (slot: number) => number
  readonly #missing: OrderedList<SortValue>
  readonly #null: OrderedList<SortValue>
  readonly #present: OrderedList<SortValue>

  constructor(shape: IndexShape, value: IndexValue, mask: number, ordOf: (slot: number) => number) {
    this.shape = shape
    this.value = value
    this.mask = mask
    this.#ordOf = ordOf
    const list = (): OrderedList<SortValue> => new OrderedList<SortValue>({ compare: compareValues, ordOf })
    this.#missing = list()
    this.#null = list()
    this.#present = list()
  }

  get size(): number {
    return this.#missing.size + this.#null.size + this.#present.size
  }

  add(slot: number, record: StoreRecord): void {
    this.#put(slot, this.value.sortValue(record))
  }

  remove(slot: number, record: StoreRecord): void {
    this.#take(slot, this.value.sortValue(record))
  }

  move(slot: number, after: StoreRecord, before: StoreRecord): void {
    const was = this.value.sortValue(before)
    const is = this.value.sortValue(after)
    if (was === is) return
    this.#take(slot, was)
    this.#put(slot, is)
  }

  /** Adds many at once, as at a start: linear where the values come sorted. The index must be empty. */
  load(slots: readonly number[], recordOf: (slot: number) => StoreRecord): void {
    const groups = { missing: [] as number[], null: [] as number[], present: [] as number[] }
    const values: SortValue[] = []
    for (const slot of slots) {
      const value = this.value.sortValue(recordOf(slot))
      if (value === undefined) groups.missing.push(slot)
      else if (value === null) groups.null.push(slot)
      else {
        groups.present.push(slot)
        values.push(value)
      }
    }
    this.#missing.load(groups.missing.map(this.#ordOf), groups.missing)
    this.#null.load(groups.null.map(this.#ordOf), groups.null)
    this.#present.load(values, groups.present)
  }

  clear(): void {
    this.#missing.clear()
    this.#null.clear()
    this.#present.clear()
  }

  /** All records, as ranks. */
  everything(): RankRange {
    return { from: 0, to: this.size }
  }

  /**
   * The ranks of records whose leading fields equal `prefix` and whose next field lies between the bounds, within the type
   * of the bounds. No bounds: all that share the prefix.
   */
  range(prefix: readonly SortValue[], lower: Bound | undefined, upper: Bound | undefined): RankRange {
    if (this.value.fields.length > 1) return this.#compoundRange(prefix, lower, upper)
    const nulls = this.#missing.size
    const present = nulls + this.#null.size
    if (prefix.length > 0) {
      const value = this.value.sortConstant(0, prefix[0])
      if (value === undefined) return { from: 0, to: nulls }
      if (value === null) return { from: nulls, to: present }
      return { from: present + this.#present.rank(value, 'before'), to: present + this.#present.rank(value, 'after') }
    }
    const bound = lower ?? upper
    if (bound === undefined) return this.everything()
    if (bound.value === null) return this.#nullRange(lower, upper, nulls, present)
    const type = rankOf(this.value.sortConstant(0, bound.value))
    if (lower !== undefined && upper !== undefined && rankOf(this.value.sortConstant(0, upper.value)) !== type) return { from: 0, to: 0 }
    const from = lower === undefined ? this.#typeStart(type) : this.#edge(lower, lower.isInclusive ? 'before' : 'after')
    const to = upper === undefined ? this.#typeStart(type + 1) : this.#edge(upper, upper.isInclusive ? 'after' : 'before')
    return { from: present + from, to: present + Math.max(from, to) }
  }

  /** Calls `visit` for the slots of [from, to) in order, or backwards, until it answers false. */
  visit(range: RankRange, isBackward: boolean, visit: (slot: number) => boolean): void {
    const present = this.#missing.size + this.#null.size
    if (range.from >= present) {
      this.#present.visit(range.from - present, range.to - present, isBackward ? 'backward' : 'forward', visit)
      return
    }
    const starts = [0, this.#missing.size, present]
    const lists = [this.#missing, this.#null, this.#present]
    let goesOn = true
    const each = (slot: number): boolean => {
      goesOn = visit(slot)
      return goesOn
    }
    for (let at = 0; at < 3 && goesOn; at++) {
      const which = isBackward ? 2 - at : at
      const list = lists[which]!
      const from = Math.max(0, range.from - starts[which]!)
      const to = Math.min(list.size, range.to - starts[which]!)
      if (from < to) list.visit(from, to, isBackward ? 'backward' : 'forward', each)
    }
  }

  holds(slot: number, record: StoreRecord): boolean {
    const value = this.value.sortValue(record)
    const { from, to } =
      this.value.fields.length > 1
        ? this.#compoundRange(value as readonly SortValue[], undefined, undefined)
        : this.range([value], undefined, undefined)
    let isFound = false
    this.visit({ from, to }, false, found => {
      isFound = found === slot
      return !isFound && this.#ordOf(found) < this.#ordOf(slot)
    })
    return isFound
  }

  #put(slot: number, value: SortValue): void {
    if (value === undefined) this.#missing.insert(this.#ordOf(slot), slot)
    else if (value === null) this.#null.insert(this.#ordOf(slot), slot)
    else this.#present.insert(value, slot)
  }

  #take(slot: number, value: SortValue): void {
    const isFound =
      value === undefined
        ? this.#missing.remove(this.#ordOf(slot), slot)
        : value === null
          ? this.#null.remove(this.#ordOf(slot), slot)
          : this.#present.remove(value, slot)
    if (!isFound) throw new Error(`sorted index ${this.shape.name} lost slot ${slot}`)
  }

  #edge(bound: Bound, edge: 'before' | 'after'): number {
    return this.#present.rank(this.value.sortConstant(0, bound.value), edge)
  }

  #typeStart(type: number): number {
    if (type <= RANK.boolean) return 0
    return this.#present.rankBy(value => (rankOf(value) < type ? -1 : 0))
  }

  /** `$gte: null` matches null alone, `$gt: null` nothing: comparisons match within one type. */
  #nullRange(lower: Bound | undefined, upper: Bound | undefined, nulls: number, present: number): RankRange {
    const isAll = [lower, upper].every(bound => bound === undefined || (bound.isInclusive && bound.value === null))
    return isAll ? { from: nulls, to: present } : { from: nulls, to: nulls }
  }

  #compoundRange(prefix: readonly SortValue[], lower: Bound | undefined, upper: Bound | undefined): RankRange {
    const wanted = prefix.map((value, at) => this.value.sortConstant(at, value))
    const next = wanted.length
    const type = lower ?? upper
    const typeRank = type === undefined ? undefined : rankOf(this.value.sortConstant(next, type.value))
    if (upper !== undefined && rankOf(this.value.sortConstant(next, upper.value)) !== typeRank) return { from: 0, to: 0 }
    const comparePrefix = (value: SortValue): number => {
      for (let at = 0; at < next; at++) {
        const order = compareValues((value as readonly SortValue[])[at], wanted[at])
        if (order !== 0) return order
      }
      return 0
    }
    const edgeOf = (bound: Bound | undefined, isLower: boolean): number =>
      this.#present.rankBy(value => {
        const order = comparePrefix(value)
        if (order !== 0) return order
        if (typeRank === undefined) return isLower ? 0 : -1
        const found = (value as readonly SortValue[])[next]
        const typeOrder = rankOf(found) - typeRank
        if (typeOrder !== 0) return typeOrder
        if (bound === undefined) return isLower ? 0 : -1
        const edge = compareValues(found, this.value.sortConstant(next, bound.value))
        return edge === 0 ? (isLower === bound.isInclusive ? 0 : -1) : edge
      })
    const from = edgeOf(lower, true)
    return { from, to: Math.max(from, edgeOf(upper, false)) }
  }
}
