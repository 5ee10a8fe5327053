/**
 * Commit: a numbered, atomic list of changes; the only currency between the parts of a store.
 *
 * 1 Everything that happens to records is in exactly one commit; nothing is published beside it.
 * 2 A commit is complete when it is made and never changes: records are frozen, the rest is `readonly`.
 * 3 A record occurs at most once in a commit: before the commit, and after it.
 */

import type { Key, Seq, StoreRecord } from './value.js'

export type Cause = 'write' | 'expired' | 'evicted' | 'cleared' | 'dropped' | 'restored'

/** Who and why, as given by the caller: only what was given. */
export interface Attribution {
  readonly by?: string
  readonly reason?: string
  readonly correlationId?: string
}

/** The attribution of a commit nobody claimed. */
export const NOBODY: Attribution = Object.freeze({})

/** One record before and after. */
export interface Change {
  readonly bucket: string
  readonly type: 'inserted' | 'updated' | 'deleted'
  readonly key: Key
  readonly before: StoreRecord | undefined
  readonly after: StoreRecord | undefined
  readonly cause: Cause
  /** Bits of the declared fields that changed; -1 when all may have. */
  readonly changed: number
  /** The slot of an updated or deleted record; -1 for an inserted one. */
  readonly slot: number
  /** The commit that wrote `before`, and its place in insertion order; 0 where there is none. */
  readonly seqBefore: Seq
  readonly ordBefore: number
}

/** All records of a bucket gone in one operation: `clear` and `drop` cost no change a record until somebody asks. */
export interface Clearing {
  readonly bucket: string
  readonly cause: 'cleared' | 'dropped'
  /** What the bucket held, in insertion order. */
  readonly records: readonly StoreRecord[]
  readonly keyField: string
}

export interface Commit {
  readonly seq: Seq
  /** Milliseconds since the epoch; never less than that of the commit before. */
  readonly at: number
  readonly changes: readonly Change[]
  readonly clearing: Clearing | undefined
  readonly attribution: Attribution
}

/** The buckets a commit touches, each once. */
export function bucketsOf(commit: Commit): ReadonlySet<string> {
  const buckets = new Set<string>()
  if (commit.clearing !== undefined) buckets.add(commit.clearing.bucket)
  for (const change of commit.changes) buckets.add(change.bucket)
  return buckets
}

/** Each change of a commit in order, a clearing spelt out record by record. */
export function* changesOf(commit: Commit): Iterable<Change> {
  const { clearing } = commit
  if (clearing !== undefined) {
    for (const before of clearing.records) {
      const key = before[clearing.keyField] as Key
      yield {
        bucket: clearing.bucket,
        type: 'deleted',
        key,
        before,
        after: undefined,
        cause: clearing.cause,
        changed: -1,
        slot: -1,
        seqBefore: 0,
        ordBefore: 0,
      }
    }
  }
  yield* commit.changes
}
