/**
 * Model: what a backend must hold, kept in the plainest way, and the cuts that lead there.
 *
 * 1 `cut` applies edits to the model and returns the cut a store would save for them: counts, fingerprints, places and next
 *   numbers are right, a record keeps its place as long as it lives, a key that comes back gets a new one.
 * 2 `text` of two records is equal exactly when they are, in every field, type and form: dates by instant and as dates,
 *   null apart from missing, whatever the order of fields.
 */

import {
  addMark,
  type BucketCut,
  type BucketShape,
  type Cut,
  type Key,
  recordMark,
  type Seq,
  type StoredRecord,
  type StoreRecord,
  type Value,
} from '@repertory/core'

/** A record without its metadata. */
export type Fields = { readonly [field: string]: Value }

/** What one commit does to one bucket; deletes of unknown keys are allowed, as they are in a cut. */
export interface Edit {
  readonly shape: BucketShape
  readonly cleared?: boolean
  readonly deletes?: readonly Key[]
  readonly puts?: readonly Fields[]
}

interface ModelBucket {
  readonly shape: BucketShape
  readonly records: ReadonlyMap<Key, StoredRecord>
  readonly next: { readonly autoincrement: number; readonly ord: number }
}

/** An arbitrary but fixed time: 2026-11-20T12:00:00Z. */
const STARTED_MS = 1_795_176_000_000

export class Model {
  #seq: Seq = 0
  #buckets: ReadonlyMap<string, ModelBucket> = new Map()

  get seq(): Seq {
    return this.#seq
  }

  get buckets(): readonly string[] {
    return [...this.#buckets.keys()]
  }

  /** The edits as one cut; a bucket may be named once. */
  cut(epoch: number, edits: readonly Edit[]): Cut {
    const from = this.#seq
    const to = from + 1
    this.#seq = to
    return { epoch, from, to, buckets: edits.map(edit => this.#apply(edit, to)) }
  }

  drop(bucket: string): void {
    this.#buckets = new Map([...this.#buckets].filter(([name]) => name !== bucket))
  }

  /** The records of a bucket in `ord`. */
  records(bucket: string): readonly StoredRecord[] {
    return [...(this.#buckets.get(bucket)?.records.values() ?? [])].sort((a, b) => a.ord - b.ord)
  }

  /** What `open` must say of a bucket. */
  summary(bucket: string): { shape: BucketShape; count: number; fingerprint: number; next: { autoincrement: number; ord: number } } {
    const { shape, records, next } = this.#buckets.get(bucket)!
    return { shape, count: records.size, fingerprint: fingerprintOf(records.values()), next }
  }

  #apply({ shape, cleared = false, deletes = [], puts = [] }: Edit, seq: Seq): BucketCut {
    const before = this.#buckets.get(shape.name)
    const records = new Map(cleared ? [] : before?.records)
    let { autoincrement, ord } = before?.next ?? { autoincrement: 1, ord: 1 }
    for (const key of deletes) records.delete(key)
    const stored = new Map<Key, StoredRecord>()
    for (const fields of puts) {
      const key = fields[shape.key] as Key
      const old = records.get(key)
      const next = { record: withMetadata(fields, old?.record, seq), ord: old?.ord ?? ord++, seq }
      if (typeof key === 'number' && Number.isSafeInteger(key + 1)) autoincrement = Math.max(autoincrement, key + 1)
      records.set(key, next)
      stored.set(key, next)
    }
    const next = { autoincrement, ord }
    this.#buckets = new Map([...this.#buckets, [shape.name, { shape, records, next }]])
    return { shape, cleared, deletes, puts: [...stored.values()], next, count: records.size, fingerprint: fingerprintOf(records.values()) }
  }
}

/** One line for a record with its place: equal lines, equal records. */
export function text({ record, ord, seq }: StoredRecord): string {
  return `${ord}@${seq} ${valueText(record as Value)}`
}

function valueText(value: Value): string {
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? JSON.stringify(value) : String(value)
  if (value instanceof Date) return `date(${value.getTime()})`
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`
  const fields = value as { readonly [field: string]: Value | undefined }
  const present = Object.keys(fields).filter(name => fields[name] !== undefined)
  return `{${present
    .sort()
    .map(name => `${JSON.stringify(name)}: ${valueText(fields[name] as Value)}`)
    .join(', ')}}`
}

function withMetadata(fields: Fields, old: StoreRecord | undefined, seq: Seq): StoreRecord {
  const at = STARTED_MS + seq
  const metadata = {
    _version: ((old?._version as number | undefined) ?? 0) + 1,
    _createdAt: (old?._createdAt as number | undefined) ?? at,
    _updatedAt: at,
  }
  // Every third commit writes records that expire.
  return Object.freeze({ ...fields, ...metadata, ...(seq % 3 === 0 ? { _expiresAt: at + 86_400_000 } : {}) })
}

function fingerprintOf(records: Iterable<StoredRecord>): number {
  let sum = 0
  for (const { ord, seq } of records) sum = addMark(sum, recordMark(ord, seq))
  return sum
}
