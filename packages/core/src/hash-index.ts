/**
 * Hash index: value → the slots that hold it.
 *
 *      Map  value → posting { value, number, slots: [ 4, 9, 17 ], isSorted }
 *      postingOf[slot] = number          positionOf[slot] = place in posting.slots
 *
 * 1 A slot is in exactly one posting (missing is a value like any other), at the place the two typed arrays name, so a
 *   move is a swap-remove and a push, without looking the old value up.
 * 2 `isSorted` says that the slots stand in bucket order; a swap clears it. A full read sorts in place, once; a read of
 *   few selects instead.
 * 3 An empty posting is removed: the map holds only values that occur.
 */

import type { IndexShape } from './backend.js'
import type { IndexValue } from './index-value.js'
import type { IndexKey, StoreRecord } from './value.js'

/** Bucket order over slots: negative when the record in `a` comes first. */
export type SlotOrder = (a: number, b: number) => number

interface Posting {
  readonly value: IndexKey
  readonly number: number
  readonly slots: number[]
  isSorted: boolean
}

/** A read of at most this many from an unsorted posting selects them; more, and sorting in place pays. */
const SELECTED_MAX = 32
const SLOTS_INITIAL = 64
const NONE: readonly number[] = []

export class HashIndex {
  readonly kind = 'hash'
  readonly shape: IndexShape
  readonly value: IndexValue
  /** Bits of the fields it reads; a patch that changes none of them skips the index. */
  readonly mask: number
  readonly #order: SlotOrder
  /** Bucket order is insertion order. */
  readonly #isByInsertion: boolean
  #byValue = new Map<IndexKey, Posting>()
  #postings: (Posting | undefined)[] = []
  #freeNumbers: number[] = []
  #postingOf = new Int32Array(SLOTS_INITIAL).fill(-1)
  #positionOf = new Int32Array(SLOTS_INITIAL)

  constructor(shape: IndexShape, value: IndexValue, mask: number, order: SlotOrder, isByInsertion: boolean) {
    this.shape = shape
    this.value = value
    this.mask = mask
    this.#order = order
    this.#isByInsertion = isByInsertion
  }

  /** Files a record that comes after all others in insertion order. */
  add(slot: number, record: StoreRecord): void {
    this.#put(slot, this.value.hashKey(record), this.#isByInsertion)
  }

  remove(slot: number): void {
    const posting = this.#postings[this.#postingOf[slot]!]!
    const { slots } = posting
    const last = slots.pop()!
    if (last !== slot) {
      const position = this.#positionOf[slot]!
      slots[position] = last
      this.#positionOf[last] = position
      posting.isSorted = false
    }
    this.#postingOf[slot] = -1
    if (slots.length === 0) {
      this.#byValue.delete(posting.value)
      this.#postings[posting.number] = undefined
      this.#freeNumbers.push(posting.number)
    }
  }

  move(slot: number, after: StoreRecord): void {
    const key = this.value.hashKey(after)
    if (this.#postings[this.#postingOf[slot]!]!.value === key) return
    this.remove(slot)
    this.#put(slot, key, false)
  }

  /** How many records hold the value: exact, O(1). */
  count(key: IndexKey): number {
    return this.#byValue.get(key)?.slots.length ?? 0
  }

  /** The slots that hold the value, at least the first `max` of them in bucket order. Read at once; never changed by the caller. */
  slots(key: IndexKey, max: number): readonly number[] {
    const posting = this.#byValue.get(key)
    if (posting === undefined || max === 0) return NONE
    if (!posting.isSorted) {
      if (max <= SELECTED_MAX && max < posting.slots.length) return this.#select(posting.slots, max)
      this.#sort(posting)
    }
    return posting.slots
  }

  clear(): void {
    this.#byValue = new Map()
    this.#postings = []
    this.#freeNumbers = []
    this.#postingOf.fill(-1)
  }

  /** Whether the slot is filed where this record belongs: for the store's own verification. */
  holds(slot: number, record: StoreRecord): boolean {
    const posting = this.#byValue.get(this.value.hashKey(record))
    return posting !== undefined && this.#postingOf[slot] === posting.number && posting.slots[this.#positionOf[slot]!] === slot
  }

  /** `isLast`: known to come last, so the order is not looked up: that would touch a cold record of the posting. */
  #put(slot: number, key: IndexKey, isLast: boolean): void {
    if (slot >= this.#postingOf.length) this.#grow(slot)
    const posting = this.#byValue.get(key)
    if (posting === undefined) {
      this.#open(slot, key)
      return
    }
    const { slots } = posting
    if (!isLast && posting.isSorted && this.#order(slots[slots.length - 1]!, slot) > 0) posting.isSorted = false
    this.#postingOf[slot] = posting.number
    this.#positionOf[slot] = slots.length
    slots.push(slot)
  }

  /** The first record of a value. A list made with its only member takes 24 bytes where one that is pushed to takes 144. */
  #open(slot: number, key: IndexKey): void {
    const number = this.#freeNumbers.pop() ?? this.#postings.length
    const posting = { value: key, number, slots: [slot], isSorted: true }
    this.#postings[number] = posting
    this.#byValue.set(key, posting)
    this.#postingOf[slot] = number
    this.#positionOf[slot] = 0
  }

  #sort(posting: Posting): void {
    posting.slots.sort(this.#order)
    for (let position = 0; position < posting.slots.length; position++) this.#positionOf[posting.slots[position]!] = position
    posting.isSorted = true
  }

  /** The first `max` in order, by one pass with a short sorted list. */
  #select(slots: readonly number[], max: number): readonly number[] {
    const first: number[] = []
    for (const slot of slots) {
      if (first.length === max && this.#order(slot, first[max - 1]!) > 0) continue
      let at = first.length < max ? first.length : max - 1
      while (at > 0 && this.#order(first[at - 1]!, slot) > 0) {
        first[at] = first[at - 1]!
        at--
      }
      first[at] = slot
    }
    return first
  }

  #grow(slot: number): void {
    const length = Math.max(slot + 1, this.#postingOf.length * 2)
    const postingOf = new Int32Array(length).fill(-1)
    postingOf.set(this.#postingOf)
    const positionOf = new Int32Array(length)
    positionOf.set(this.#positionOf)
    this.#postingOf = postingOf
    this.#positionOf = positionOf
  }
}
