/**
 * Unique index: value → the one slot that holds it.
 *
 * 1 null and missing are exempt, in a compound if any part is: such records are not filed.
 * 2 `check` of a commit has refused collisions before anything is filed, judging the commit as a whole: a swap of two
 *   values is legal. So while a commit is applied a value may for a moment belong to two slots: the newest wins, and
 *   `remove` and `move` only take away what is still theirs.
 */

import type { IndexShape } from './backend.js'
import { UniqueConstraintError } from './errors.js'
import type { IndexValue } from './index-value.js'
import type { IndexKey, StoreRecord } from './value.js'

const NONE: readonly number[] = []

export class UniqueIndex {
  readonly kind = 'unique'
  readonly shape: IndexShape
  readonly value: IndexValue
  readonly mask: number
  readonly #slotOf = new Map<IndexKey, number>()

  constructor(shape: IndexShape, value: IndexValue, mask: number) {
    this.shape = shape
    this.value = value
    this.mask = mask
  }

  add(slot: number, record: StoreRecord): void {
    const key = this.value.uniqueKey(record)
    if (key !== undefined) this.#slotOf.set(key, slot)
  }

  /** Files many at once, as at a start; answers the first slot whose value another one has. The index must be empty. */
  load(slots: readonly number[], recordOf: (slot: number) => StoreRecord): number | undefined {
    let shared: number | undefined
    for (const slot of slots) {
      const key = this.value.uniqueKey(recordOf(slot))
      if (key === undefined) continue
      if (shared === undefined && this.#slotOf.has(key)) shared = slot
      this.#slotOf.set(key, slot)
    }
    return shared
  }

  /** The refusal of a record whose value is taken. */
  violation(bucket: string, record: StoreRecord): UniqueConstraintError {
    const { fields } = this.value
    const values = fields.map(field => record[field])
    return new UniqueConstraintError(bucket, fields.join(), values.length === 1 ? values[0] : values)
  }

  remove(slot: number, record: StoreRecord): void {
    const key = this.value.uniqueKey(record)
    if (key !== undefined && this.#slotOf.get(key) === slot) this.#slotOf.delete(key)
  }

  move(slot: number, after: StoreRecord, before: StoreRecord): void {
    if (this.value.uniqueKey(before) === this.value.uniqueKey(after)) return
    this.remove(slot, before)
    this.add(slot, after)
  }

  /** The slot that holds the key, or -1. */
  slotOf(key: IndexKey): number {
    return this.#slotOf.get(key) ?? -1
  }

  count(key: IndexKey): number {
    return this.#slotOf.has(key) ? 1 : 0
  }

  slots(key: IndexKey): readonly number[] {
    const slot = this.#slotOf.get(key)
    return slot === undefined ? NONE : [slot]
  }

  clear(): void {
    this.#slotOf.clear()
  }

  holds(slot: number, record: StoreRecord): boolean {
    const key = this.value.uniqueKey(record)
    return key === undefined || this.#slotOf.get(key) === slot
  }
}
