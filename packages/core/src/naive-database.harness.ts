/**
 * Naive database: buckets as Maps and commits as copies of them, to be compared with the engine after each commit.
 *
 * 1 A commit works on copies and is taken over as a whole, so a refusal leaves nothing behind by construction.
 * 2 `touched` lists the keys of a commit in the order they were first touched; a key that comes and goes again within the
 *   commit was never there.
 */

import { type Fields, isNaiveKey, type NaiveSchema, naiveInsert, naivePatch, sharesUnique } from './naive-bucket.harness.js'
import type { Key } from './value.js'

export type NaiveWrite =
  | { readonly type: 'insert'; readonly bucket: string; readonly data: Fields }
  | { readonly type: 'update'; readonly bucket: string; readonly key: Key; readonly patch: Fields; readonly expect: number | undefined }
  | { readonly type: 'delete'; readonly bucket: string; readonly key: Key; readonly expect: number | undefined }

export interface NaiveChange {
  readonly bucket: string
  readonly type: 'inserted' | 'updated' | 'deleted'
  readonly key: Key
  readonly before: Fields | undefined
  readonly after: Fields | undefined
}

export type Outcome = { readonly refused: string } | { readonly changes: readonly NaiveChange[] }

interface Entry {
  record: Fields
  readonly ord: number
  seq: number
}

export class NaiveBucket {
  readonly schema: NaiveSchema
  readonly countedField: string | undefined
  readonly entries: Map<Key, Entry> = new Map()
  nextOrd = 1
  nextAutoincrement = 1

  constructor(schema: NaiveSchema) {
    this.schema = schema
    this.countedField = Object.keys(schema.fields).find(name => schema.fields[name]!.generated === 'autoincrement')
  }

  numberPast(next: number, record: Fields): number {
    const taken = this.countedField === undefined ? undefined : record[this.countedField]
    return typeof taken === 'number' && taken >= next ? Math.floor(taken) + 1 : next
  }
}

/** One bucket in the course of a commit. */
class Draft {
  readonly bucket: NaiveBucket
  readonly records: Map<Key, Fields>
  readonly touched: Key[] = []
  next: number

  constructor(bucket: NaiveBucket) {
    this.bucket = bucket
    this.records = new Map([...bucket.entries].map(([key, { record }]) => [key, record]))
    this.next = bucket.nextAutoincrement
  }

  set(key: Key, record: Fields): void {
    this.records.set(key, record)
    if (!this.touched.includes(key)) this.touched.push(key)
  }

  delete(key: Key): void {
    this.records.delete(key)
    if (!this.bucket.entries.has(key)) this.touched.splice(this.touched.indexOf(key), 1)
    else if (!this.touched.includes(key)) this.touched.push(key)
  }
}

export class NaiveDatabase {
  readonly buckets: ReadonlyMap<string, NaiveBucket>
  seq = 0
  at = 0

  constructor(schemas: { readonly [bucket: string]: NaiveSchema }) {
    this.buckets = new Map(Object.entries(schemas).map(([name, schema]) => [name, new NaiveBucket(schema)]))
  }

  commit(writes: readonly NaiveWrite[], now: number): Outcome {
    const at = Math.max(now, this.at)
    const drafts = new Map<string, Draft>()
    for (const write of writes) {
      const draft = drafts.get(write.bucket) ?? new Draft(this.buckets.get(write.bucket)!)
      drafts.set(write.bucket, draft)
      const refused = this.#write(draft, write, at)
      if (refused !== undefined) return { refused }
    }
    for (const { bucket, records } of drafts.values()) {
      if (sharesUnique(bucket.schema, [...records.values()])) return { refused: 'UniqueConstraintError' }
    }
    const changes = [...drafts].flatMap(([name, draft]) => changesOf(name, draft))
    if (changes.length === 0) return { changes }
    this.seq++
    this.at = at
    for (const change of changes) this.#apply(change)
    return { changes }
  }

  clear(name: string, now: number): void {
    const bucket = this.buckets.get(name)!
    if (bucket.entries.size === 0) return
    bucket.entries.clear()
    this.seq++
    this.at = Math.max(now, this.at)
  }

  #write(draft: Draft, write: NaiveWrite, now: number): string | undefined {
    const { schema } = draft.bucket
    if (write.type === 'insert') {
      const record = naiveInsert(schema, write.data, now, draft.next)
      const key = record?.[schema.key]
      if (record === undefined || !isNaiveKey(key)) return 'ValidationError'
      if (draft.records.has(key)) return 'DuplicateKeyError'
      draft.set(key, record)
      draft.next = draft.bucket.numberPast(draft.next, record)
      return undefined
    }
    const before = draft.records.get(write.key)
    if (before === undefined) return write.type === 'delete' ? undefined : 'RecordNotFoundError'
    if (write.expect !== undefined && write.expect !== before._version) return 'ConflictError'
    if (write.type === 'delete') {
      draft.delete(write.key)
      return undefined
    }
    const after = naivePatch(schema, before, write.patch, now)
    if (after === undefined) return 'ValidationError'
    draft.set(write.key, after)
    return undefined
  }

  #apply({ bucket: name, key, after }: NaiveChange): void {
    const bucket = this.buckets.get(name)!
    const entry = bucket.entries.get(key)
    if (after === undefined) bucket.entries.delete(key)
    else if (entry === undefined) bucket.entries.set(key, { record: after, ord: bucket.nextOrd++, seq: this.seq })
    else Object.assign(entry, { record: after, seq: this.seq })
    if (after !== undefined) bucket.nextAutoincrement = bucket.numberPast(bucket.nextAutoincrement, after)
  }
}

function changesOf(bucket: string, draft: Draft): NaiveChange[] {
  return draft.touched.map(key => {
    const before = draft.bucket.entries.get(key)?.record
    const after = draft.records.get(key)
    const type = before === undefined ? 'inserted' : after === undefined ? 'deleted' : 'updated'
    return { bucket, type, key, before, after }
  })
}
