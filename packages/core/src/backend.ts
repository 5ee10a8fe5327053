/**
 * Backend: a place outside memory, as one small port (types only).
 *
 * 1 A rejected call changed nothing, or may be repeated with the same arguments until it succeeds.
 * 2 What a resolved `save` wrote survives as `facts.durability` says.
 * 3 Unreadable rejects with `CorruptError`; absent is an empty answer. The two are never confused.
 * 4 A writer whose epoch is not the newest is rejected with `FencedError`, for ever.
 * 5 Nobody calls `save` twice at once.
 *
 * One object offers up to three ports; presence is the capability. Today the state port (newest records) is spelt out;
 * the log and the blobs join it with the journal and the depots.
 */

import type { StoreError } from './errors.js'
import type { Key, Seq, StoreRecord } from './value.js'

export interface Backend {
  /** Shown in `health()` and in messages: `memory`, `sqlite ./data/shop.db`. */
  readonly name: string
  readonly facts: BackendFacts
  /** Takes the lock, raises and persists the epoch, says what is saved. Rejects with LockedError, CorruptError, OptionError. */
  open(context: OpenContext): Promise<Opened>
  /** Releases the lock. Idempotent. A closed backend may be opened again. */
  close(): Promise<void>
  readonly state?: StatePort
}

export interface BackendFacts {
  /** What a resolved save survives: the end of the process, of the operating system, of the power, of the machine. */
  readonly durability: 'process' | 'os' | 'disk' | 'remote'
  readonly writers: 'locked' | 'fenced'
  readonly detectsDamage: boolean
}

export interface OpenContext {
  readonly store: { readonly id: string; readonly name: string }
  /** The buckets declared before opening; others follow with their first load or save. */
  readonly shapes: readonly BucketShape[]
  readonly signal: AbortSignal
  /** Called when the backend is fenced or disconnected for good. */
  lost(error: StoreError): void
}

export interface Opened {
  /** One more than that of any opening before. */
  readonly epoch: number
  /** Absent when nothing was ever saved. */
  readonly saved?: { readonly seq: Seq; readonly buckets: readonly StoredBucket[] }
}

/** What is known of a saved bucket without reading its records. */
export interface StoredBucket {
  readonly shape: BucketShape
  readonly count: number
  /** Order-free sum over (ord, seq) of the records; see `fingerprint.ts`. */
  readonly fingerprint: number
  readonly next: NextNumbers
}

/** The numbers a bucket will hand out next. */
export interface NextNumbers {
  readonly autoincrement: number
  readonly ord: number
}

export interface StatePort {
  /** The saved records in `ord`, at most 4,096 a batch. An unknown bucket yields nothing. */
  load(bucket: string, options: { readonly signal: AbortSignal }): AsyncIterable<readonly StoredRecord[]>
  /** One atomic, durable step to `cut.to`. A cut whose `to` is not beyond the stored seq of the same epoch is a success without effect. */
  save(cut: Cut): Promise<void>
  /** Forgets a bucket and its records. Unknown: a success. */
  drop(bucket: string): Promise<void>
}

/** The newest version of every key changed in (from, to]. */
export interface Cut {
  readonly epoch: number
  readonly from: Seq
  readonly to: Seq
  readonly buckets: readonly BucketCut[]
}

export interface BucketCut {
  readonly shape: BucketShape
  /** Empty the bucket first. */
  readonly cleared: boolean
  readonly deletes: readonly Key[]
  readonly puts: readonly StoredRecord[]
  readonly next: NextNumbers
  /** Of the whole bucket after this cut. */
  readonly count: number
  readonly fingerprint: number
}

export interface StoredRecord {
  /** With its metadata (`_version`, `_createdAt`, `_updatedAt`, `_expiresAt?`). */
  readonly record: StoreRecord
  /** Place in insertion order, unique in its bucket. */
  readonly ord: number
  /** The commit that wrote this version. */
  readonly seq: Seq
}

/** A bucket as a backend needs to know it: plain data, so it can be stored as JSON. */
export interface BucketShape {
  readonly name: string
  readonly key: string
  readonly keyType: 'string' | 'number' | 'either'
  /** Declared fields in schema order. */
  readonly fields: readonly FieldShape[]
  readonly indexes: readonly IndexShape[]
  /** Of the schema: its structure and the text of its functions. Equal fingerprints accept the same records. */
  readonly fingerprint: string
}

export interface FieldShape {
  readonly name: string
  /** `other`: an object, an array, a union or anything that is not one scalar type. */
  readonly type: 'string' | 'number' | 'boolean' | 'date' | 'other'
}

export interface IndexShape {
  /** Unique in its bucket. */
  readonly name: string
  readonly fields: readonly string[]
  readonly kind: 'hash' | 'sorted'
  readonly unique: boolean
}
