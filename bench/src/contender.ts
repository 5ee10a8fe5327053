/**
 * Contender: a store that takes part. One interface for all, so that every row asks all of them for the same.
 *
 * 1 Every contender keeps the standard record with indexes on role, ownerId and age (sorted) and a unique email.
 * 2 An awaited contender answers with promises and is awaited call by call; the others answer at once and are not.
 * 3 Answers are whole records. `ageRange` is ordered by age, ties in insertion order as long as no age was changed.
 * 4 A contender that was not asked to do a kind of work (a snapshot cannot write) leaves it out of its row, never fakes it.
 */

import type { StandardRecord } from './standard-record.js'

export type Answer<T> = T | Promise<T>

export type Patch = Partial<Omit<StandardRecord, 'id'>>

export interface Contender {
  get(id: string): Answer<StandardRecord | undefined>
  /** Refuses a known id or email. */
  insert(record: StandardRecord): Answer<unknown>
  update(id: string, patch: Patch): Answer<unknown>
  whereOwner(ownerId: string): Answer<readonly StandardRecord[]>
  /** Ages in [from, to], the first `limit` of them. */
  ageRange(from: number, to: number, limit: number): Answer<readonly StandardRecord[]>
  close(): Answer<void>
}

export interface OpenOptions {
  /** What it holds when it is ready; loaded by whatever way is quickest, untimed. */
  readonly records: readonly StandardRecord[]
  /** Calls a mailbox takes, where there is one. */
  readonly mailboxMax?: number
}

export interface ContenderKind {
  readonly name: string
  readonly isAwaited: boolean
  /** The share of a round's inputs it is given, for one so slow that all would take minutes; 1 when left out. */
  readonly share?: number
  open(options: OpenOptions): Promise<Contender>
}
