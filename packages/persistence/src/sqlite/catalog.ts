/**
 * Catalog: the two tables that say what the others are. `_meta` has one row, `_buckets` one per bucket.
 *
 * 1 A file is ours when its `_meta` says so; what is not ours is never written to.
 * 2 Both carry a checksum in each row: a count or an epoch that is not what was written is found before it is used.
 * 3 `advance` is the fence: the first statement of every writing transaction, and it moves nothing for an older epoch.
 * 4 A file written by a newer format is refused, never guessed at.
 */

import { type BucketShape, FencedError, type NextNumbers, OptionError, type Seq } from '@repertory/core'
import { type Cell, checksum, checksumSeed } from '../sql/checksum.js'
import type { TableLayout } from '../sql/table-layout.js'
import type { SqliteDatabase } from './driver.js'
import { damaged } from './failure.js'
import type { Holder } from './writer-lock.js'

/** Raised when a file of this release could not be read by the one before. */
const FORMAT = 1
const PRODUCT = 'repertory'

export interface Meta {
  /** Of the store that made the file. */
  readonly storeId: string
  /** Of the newest opening. */
  readonly epoch: number
  /** The seq that opening began at. */
  readonly epochFrom: Seq | null
  /** The newest saved seq; null when nothing was ever saved. */
  readonly seq: Seq | null
}

export interface CatalogEntry {
  readonly shape: BucketShape
  readonly layout: TableLayout
  readonly count: number
  readonly fingerprint: number
  readonly next: NextNumbers
}

export function createCatalog(db: SqliteDatabase, storeId: string): Meta {
  db.exec(`CREATE TABLE _meta (
    one INTEGER PRIMARY KEY CHECK (one = 1), product TEXT NOT NULL, format INTEGER NOT NULL, store_id TEXT NOT NULL,
    epoch INTEGER NOT NULL, epoch_from INTEGER, seq INTEGER, holder TEXT, crc INTEGER NOT NULL)`)
  db.exec(`CREATE TABLE _buckets (
    name TEXT PRIMARY KEY, table_name TEXT NOT NULL, shape TEXT NOT NULL, layout TEXT NOT NULL, count INTEGER NOT NULL,
    fingerprint INTEGER NOT NULL, next_autoincrement INTEGER NOT NULL, next_ord INTEGER NOT NULL, crc INTEGER NOT NULL)`)
  const meta: Meta = { storeId, epoch: 0, epochFrom: null, seq: null }
  db.prepare('INSERT INTO _meta VALUES (1, ?, ?, ?, ?, ?, ?, NULL, ?)').run(PRODUCT, FORMAT, ...metaCells(meta), metaChecksum(meta))
  return meta
}

/** Whether the file has anything in it. */
export function isBlank(db: SqliteDatabase): boolean {
  return db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
}

/** The one row of `_meta`. Throws OptionError when the file is of another program or a newer release, CorruptError when damaged. */
export function readMeta(db: SqliteDatabase, file: string): Meta {
  const columns = db.prepare("SELECT name FROM pragma_table_info('_meta')").raw().all() as [string][]
  if (!['product', 'format', 'crc'].every(wanted => columns.some(([name]) => name === wanted))) throw notOurs(file)
  const mark = db.prepare('SELECT product, format FROM _meta').get() as { product: unknown; format: unknown } | undefined
  if (mark === undefined) throw damaged(file, 'the table _meta is empty')
  if (mark.product !== PRODUCT) throw notOurs(file)
  if (typeof mark.format === 'number' && mark.format > FORMAT) {
    throw new OptionError(
      'path',
      `${file} is of format ${mark.format}, this release reads format ${FORMAT}; install the newer @repertory/persistence`,
    )
  }
  const row = db.prepare('SELECT store_id, epoch, epoch_from, seq, crc FROM _meta').raw().get() as [
    string,
    number,
    number | null,
    number | null,
    number,
  ]
  const [storeId, epoch, epochFrom, seq, crc] = row
  const meta: Meta = { storeId, epoch, epochFrom, seq }
  if (mark.format !== FORMAT || crc !== metaChecksum(meta)) throw damaged(file, 'the row of _meta does not match its checksum')
  return meta
}

/** Who wrote that they have the file, if anybody. */
export function readHolder(db: SqliteDatabase): Holder | undefined {
  const row = db.prepare('SELECT holder FROM _meta').get() as { holder: string | null } | undefined
  return row?.holder ? (JSON.parse(row.holder) as Holder) : undefined
}

export function writeHolder(db: SqliteDatabase, epoch: number, holder: Holder | undefined): void {
  db.prepare('UPDATE _meta SET holder = ? WHERE epoch = ?').run(holder === undefined ? null : JSON.stringify(holder), epoch)
}

/** Starts the next epoch. */
export function raiseEpoch(db: SqliteDatabase, before: Meta): Meta {
  const meta: Meta = { ...before, epoch: before.epoch + 1, epochFrom: before.seq }
  db.prepare('UPDATE _meta SET epoch = ?, epoch_from = ?, crc = ?').run(meta.epoch, meta.epochFrom, metaChecksum(meta))
  return meta
}

/** Moves the saved seq on; `undefined` when it is there already. Throws FencedError when another epoch has begun. */
export function advance(db: SqliteDatabase, file: string, own: Meta, to: Seq): Meta | undefined {
  const meta: Meta = { ...own, seq: to }
  const moved = db
    .prepare('UPDATE _meta SET seq = ?, crc = ? WHERE epoch = ? AND (seq IS NULL OR seq < ?)')
    .run(to, metaChecksum(meta), own.epoch, to)
  if (moved.changes === 1) return meta
  assertEpoch(db, file, own.epoch)
  return undefined
}

/** Throws FencedError unless this is still the newest epoch. */
export function assertEpoch(db: SqliteDatabase, file: string, epoch: number): void {
  const stored = readMeta(db, file)
  if (stored.epoch === epoch) return
  throw new FencedError(`${file} is at epoch ${stored.epoch}; the writer of epoch ${epoch} has been replaced and must stop`)
}

export function readCatalog(db: SqliteDatabase, file: string): CatalogEntry[] {
  const rows = db.prepare(`SELECT ${BUCKET_COLUMNS}, crc FROM _buckets ORDER BY name`).raw().all() as unknown[][]
  return rows.map(row => entryOf(row, file))
}

export function readEntry(db: SqliteDatabase, file: string, bucket: string): CatalogEntry | undefined {
  const row = db.prepare(`SELECT ${BUCKET_COLUMNS}, crc FROM _buckets WHERE name = ?`).raw().get(bucket) as unknown[] | undefined
  return row === undefined ? undefined : entryOf(row, file)
}

export function writeEntry(db: SqliteDatabase, entry: CatalogEntry): void {
  const { shape, layout, count, fingerprint, next } = entry
  const cells = [
    shape.name,
    layout.table,
    JSON.stringify(shape),
    JSON.stringify(layout),
    count,
    fingerprint,
    next.autoincrement,
    next.ord,
  ] satisfies Cell[]
  db.prepare(`INSERT OR REPLACE INTO _buckets (${BUCKET_COLUMNS}, crc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`).run(
    ...cells,
    checksum(SEED, cells, 0),
  )
}

export function removeEntry(db: SqliteDatabase, bucket: string): void {
  db.prepare('DELETE FROM _buckets WHERE name = ?').run(bucket)
}

const BUCKET_COLUMNS = 'name, table_name, shape, layout, count, fingerprint, next_autoincrement, next_ord'
const SEED: number = checksumSeed('_buckets')

function entryOf(row: readonly unknown[], file: string): CatalogEntry {
  const cells = row.slice(0, -1)
  if (checksum(SEED, cells, 0) !== row.at(-1)) {
    throw damaged(file, `the row of bucket ${JSON.stringify(row[0])} in _buckets does not match its checksum`)
  }
  const [, , shape, layout, count, fingerprint, autoincrement, ord] = cells as [
    string,
    string,
    string,
    string,
    number,
    number,
    number,
    number,
  ]
  return {
    shape: JSON.parse(shape) as BucketShape,
    layout: JSON.parse(layout) as TableLayout,
    count,
    fingerprint,
    next: { autoincrement, ord },
  }
}

function metaCells(meta: Meta): [string, number, number | null, number | null] {
  return [meta.storeId, meta.epoch, meta.epochFrom, meta.seq]
}

function metaChecksum(meta: Meta): number {
  return checksum(checksumSeed('_meta'), [PRODUCT, FORMAT, ...metaCells(meta)], 0)
}

function notOurs(file: string): OptionError {
  return new OptionError(
    'path',
    `${file} is an SQLite database of another program (it has tables, but no _meta of Repertory); choose another path`,
  )
}
