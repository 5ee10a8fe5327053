/**
 * Unsaved: which keys of a bucket its backend does not hold in their newest version.
 *
 * 1 Dirty is one bit a slot and a list of slots: marking a dirty slot again costs one load.
 * 2 Nothing is clean before the backend said so: `clean(to)` after a successful cut clears what was not touched since `to`.
 * 3 A freed slot that is still dirty is not reused before it is clean, so a mark never speaks of another record.
 */

import type { Key, Seq } from './value.js'

const SLOTS_INITIAL = 64

/** The marks at one moment, to be put back. */
export interface KeptMarks {
  readonly isDirty: Uint8Array<ArrayBuffer>
  readonly slots: number[]
  readonly deletions: Map<Key, Seq>
  readonly clearedAt: Seq | undefined
}

export class Unsaved {
  #isDirty = new Uint8Array(SLOTS_INITIAL)
  #slots: number[] = []
  #deletions = new Map<Key, Seq>()
  #clearedAt: Seq | undefined

  /** Something to save? */
  get isEmpty(): boolean {
    return this.#slots.length === 0 && this.#deletions.size === 0 && this.#clearedAt === undefined
  }

  get slots(): readonly number[] {
    return this.#slots
  }

  get isCleared(): boolean {
    return this.#clearedAt !== undefined
  }

  deletions(): Key[] {
    return [...this.#deletions.keys()]
  }

  mark(slot: number): void {
    if (slot >= this.#isDirty.length) {
      const grown = new Uint8Array(Math.max(slot + 1, this.#isDirty.length * 2))
      grown.set(this.#isDirty)
      this.#isDirty = grown
    }
    if (this.#isDirty[slot] === 1) return
    this.#isDirty[slot] = 1
    this.#slots.push(slot)
  }

  markDeleted(key: Key, seq: Seq): void {
    this.#deletions.set(key, seq)
  }

  /** A deletion that was taken back. */
  unmarkDeleted(key: Key): void {
    this.#deletions.delete(key)
  }

  /** Everything before is void: the bucket was emptied and its slots start anew. */
  markCleared(seq: Seq): void {
    this.#isDirty = new Uint8Array(SLOTS_INITIAL)
    this.#slots = []
    this.#deletions = new Map()
    this.#clearedAt = seq
  }

  /** The marks before `markCleared`, which makes new ones: nothing is copied. */
  keep(): KeptMarks {
    return { isDirty: this.#isDirty, slots: this.#slots, deletions: this.#deletions, clearedAt: this.#clearedAt }
  }

  /** A clearing that was taken back. */
  restore({ isDirty, slots, deletions, clearedAt }: KeptMarks): void {
    this.#isDirty = isDirty
    this.#slots = slots
    this.#deletions = deletions
    this.#clearedAt = clearedAt
  }

  isDirty(slot: number): boolean {
    return this.#isDirty[slot] === 1
  }

  /** A cut up to `to` was saved. Returns the slots that became clean. */
  clean(to: Seq, seqOf: (slot: number) => Seq): number[] {
    const cleaned: number[] = []
    const dirty: number[] = []
    for (const slot of this.#slots) {
      if (seqOf(slot) > to) dirty.push(slot)
      else {
        this.#isDirty[slot] = 0
        cleaned.push(slot)
      }
    }
    this.#slots = dirty
    for (const [key, seq] of this.#deletions) if (seq <= to) this.#deletions.delete(key)
    if (this.#clearedAt !== undefined && this.#clearedAt <= to) this.#clearedAt = undefined
    return cleaned
  }
}
