/**
 * Bucket: a database with buckets made from definitions as a store would make them, for tests.
 *
 * 1 Random identifiers are counted, so a run can be repeated: `uuid-1`, `uuid-2`, …
 * 2 `observe` tells everything that can be observed of a database, as plain data and by identity where identity matters.
 */

import type { BucketImage } from './bucket-image.js'
import type { Commit } from './commit.js'
import { compileSchema } from './compile-schema.js'
import { Database } from './database.js'
import { type BucketDefinition, checkDefinition, orderOf } from './definition.js'
import { shapeOf } from './shape.js'
import type { Key, StoreRecord } from './value.js'

export function createDatabase(): Database {
  let drawn = 0
  return new Database({ draw: kind => `${kind}-${++drawn}` })
}

export function defineBucket(database: Database, name: string, definition: BucketDefinition, isPersistent = true): BucketImage {
  checkDefinition(name, definition)
  const schema = compileSchema(name, definition)
  return database.define({ shape: shapeOf(name, definition, schema), schema, order: orderOf(definition), isPersistent })
}

/** One bucket in a database of its own, with its verbs at hand. */
export interface LoneBucket {
  readonly database: Database
  readonly image: BucketImage
  insert(data: unknown, now?: number): StoreRecord
  update(key: Key, patch: unknown, expect?: number): StoreRecord
  remove(key: Key): Commit | undefined
}

export function loneBucket(definition: BucketDefinition, isPersistent = true): LoneBucket {
  const database = createDatabase()
  const image = defineBucket(database, 'things', definition, isPersistent)
  return {
    database,
    image,
    insert: (data, now = 1) => database.commit([{ type: 'insert', image, data }], now)!.changes[0]!.after!,
    update: (key, patch, expect) => database.commit([{ type: 'update', image, key, patch, expect }], 1)!.changes[0]!.after!,
    remove: key => database.commit([{ type: 'delete', image, key, expect: undefined }], 1),
  }
}

/** Records in bucket order. */
export function recordsOf(image: BucketImage): StoreRecord[] {
  return [...image.ordered()].map(slot => image.records[slot]!)
}

/** What is wrong with the counts, keys and indexes of an image, or `undefined`. */
export function problemOf(image: BucketImage): string | undefined {
  return image.verifyCounts() ?? image.verifySlots(0, Number.POSITIVE_INFINITY)
}

/** Everything observable of the buckets; `differenceOf` compares two. */
export function observe(database: Database): readonly Observed[] {
  return [...database.images()].map(image => ({
    name: image.name,
    seq: database.seq,
    lastSeq: image.lastSeq,
    records: recordsOf(image),
    places: recordsOf(image).map(record => {
      const slot = image.slots.get(record[image.keyField] as Key)!
      return [record[image.keyField], image.ords[slot], image.seqs[slot]]
    }),
    next: image.next,
    count: image.count,
    fingerprint: image.fingerprint,
    unsaved: image.unsaved && [[...image.unsaved.slots], image.unsaved.deletions(), image.unsaved.isCleared],
    problem: problemOf(image),
  }))
}

export interface Observed {
  readonly name: string
  readonly seq: number
  readonly lastSeq: number
  readonly records: readonly StoreRecord[]
  /** Key, ord and seq of each record, in bucket order. */
  readonly places: readonly (readonly unknown[])[]
  readonly next: { readonly autoincrement: number; readonly ord: number }
  readonly count: number
  readonly fingerprint: number
  /** Dirty slots, deletions, whether cleared; absent for a bucket no backend holds. */
  readonly unsaved: readonly unknown[] | undefined
  readonly problem: string | undefined
}

/** What is different in `now`, by name, or `undefined`; records count by identity. Marks of unsaved records may be left out. */
export function differenceOf(before: readonly Observed[], now: readonly Observed[], except?: 'unsaved'): string | undefined {
  for (const [at, was] of before.entries()) {
    const is = now[at]!
    for (const name of Object.keys(was) as (keyof Observed)[]) {
      if (name === except || name === 'records') continue
      const [wanted, found] = [JSON.stringify(was[name]), JSON.stringify(is[name])]
      if (wanted !== found) return `${was.name}: ${name} was ${wanted} and is ${found}`
    }
    if (was.records.some((record, place) => record !== is.records[place])) return `${was.name}: a record is another object`
  }
  return undefined
}
