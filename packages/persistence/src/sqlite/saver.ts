/**
 * Saver: one cut, one SQL transaction.
 *
 * 1 It begins by moving the saved seq under the writer's epoch (`advance`): a cut that is there already ends here with
 *   success, a writer that has been replaced with FencedError, and nothing was touched.
 * 2 All buckets of the cut are written before COMMIT; any failure before it rolls everything back, so the same cut may be
 *   given again. In WAL mode with synchronous=FULL the commit is on stable storage when it returns.
 * 3 What is known of the tables changes only after the commit.
 * 4 Long cuts are written in slices of a few milliseconds with a turn of the event loop between them; the transaction stays
 *   open meanwhile, which other programs' readers do not notice. Nobody else uses this connection until the save is over.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { BucketCut, BucketShape, Cut } from '@repertory/core'
import { BucketTable } from './bucket-table.js'
import { advance, type CatalogEntry, type Meta, readCatalog, readMeta, writeEntry } from './catalog.js'
import type { SqliteDatabase } from './driver.js'
import { evolveTable } from './evolution.js'
import { inTransaction } from './transaction.js'

/** Work between two turns of the event loop. */
const SLICE_MS = 6
/** Rows between two looks at the clock. */
const LOOK_ROWS = 64

/** A bucket with a table. */
export interface SavedBucket {
  readonly shape: BucketShape
  readonly table: BucketTable
}

/** What a writer knows of its file. */
export interface SaveTarget {
  readonly file: string
  readonly db: SqliteDatabase
  readonly busyTimeoutMs: number
  meta: Meta
  buckets: ReadonlyMap<string, SavedBucket>
}

export async function saveCut(target: SaveTarget, cut: Cut): Promise<void> {
  const { db } = target
  const settle = await inTransaction(db, target.busyTimeoutMs, async () => {
    const meta = advance(db, target.file, target.meta, cut.to)
    // Saved before, by a call whose answer was lost: what is known may be older than what is there.
    if (meta === undefined) return () => refresh(target)
    const buckets = new Map(target.buckets)
    const pace = new Pace()
    for (const bucket of cut.buckets) buckets.set(bucket.shape.name, await writeBucket(db, buckets.get(bucket.shape.name), bucket, pace))
    // The commit is the longest single step; it gets a turn of its own.
    if (pace.rows > LOOK_ROWS) await pace.rest()
    return () => {
      target.meta = meta
      target.buckets = buckets
    }
  })
  settle()
}

/** A cut whose lists are nobody else's, for a save that spans several turns. */
export function ownCut(cut: Cut): Cut {
  return { ...cut, buckets: cut.buckets.map(bucket => ({ ...bucket, deletes: [...bucket.deletes], puts: [...bucket.puts] })) }
}

/** Reads again what the file holds. */
function refresh(target: SaveTarget): void {
  const { db, file } = target
  target.meta = readMeta(db, file)
  target.buckets = savedBuckets(db, readCatalog(db, file))
}

/** The buckets of a catalog, with statements over this connection. */
export function savedBuckets(db: SqliteDatabase, entries: readonly CatalogEntry[]): ReadonlyMap<string, SavedBucket> {
  return new Map(entries.map(({ shape, layout }) => [shape.name, { shape, table: new BucketTable(db, shape.name, layout) }]))
}

async function writeBucket(db: SqliteDatabase, before: SavedBucket | undefined, cut: BucketCut, pace: Pace): Promise<SavedBucket> {
  const { shape, cleared, deletes, puts, count, fingerprint, next } = cut
  if (cleared) before?.table.clear()
  const same = before !== undefined && JSON.stringify(before.shape) === JSON.stringify(shape)
  const table = same ? before.table : evolveTable(db, before?.table, shape)
  for (const key of deletes) {
    table.remove(key)
    if (pace.isDue()) await pace.rest()
  }
  for (const stored of puts) {
    table.put(stored)
    if (pace.isDue()) await pace.rest()
  }
  writeEntry(db, { shape, layout: table.layout, count, fingerprint, next })
  return same ? before : { shape: structuredClone(shape), table }
}

class Pace {
  rows = 0
  #since = performance.now()

  /** Called once a row. */
  isDue(): boolean {
    return ++this.rows % LOOK_ROWS === 0 && performance.now() - this.#since > SLICE_MS
  }

  async rest(): Promise<void> {
    await nextTurn()
    this.#since = performance.now()
  }
}
