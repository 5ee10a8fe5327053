/**
 * Session: what there is between `open` and `close` of one backend.
 *
 * 1 It owns the writing connection, the lock, and what is known of the tables; loads get connections of their own.
 * 2 A writer that has lost its file (fenced, or the file was removed or replaced under it) says so once through `lost`, and
 *   every later write is refused: SQLite itself would go on writing into a file that has no name any more.
 */

import { FencedError, type OpenContext, type Opened, type StoredBucket, type StoreError, UnavailableError } from '@repertory/core'
import { dropTable } from './bucket-table.js'
import { assertEpoch, type CatalogEntry, removeEntry } from './catalog.js'
import { openDatabase, type ReadyDatabase, WAL_BYTES_KEPT } from './database.js'
import { absolutePath, canonicalPath, identify, sizeOf } from './database-path.js'
import { loadDriver, type OpenSqlite } from './driver.js'
import { asStoreError, isSqliteError } from './failure.js'
import type { ForeignEdits, LoadSource } from './loader.js'
import { type SaveTarget, savedBuckets } from './saver.js'
import { surveyTable } from './survey.js'
import { inTransaction } from './transaction.js'

export interface Settings {
  readonly path: string
  readonly foreignEdits: ForeignEdits
  readonly busyTimeoutMs: number
}

export interface Session {
  readonly target: SaveTarget
  readonly source: LoadSource
  readonly ready: ReadyDatabase
  readonly closing: AbortController
  readonly context: OpenContext
  /** Why this writer may not write any more. */
  lost: StoreError | undefined
}

/** Opens, locks and reads the catalog; rejects with StoreErrors only. */
export async function openSession(settings: Settings, context: OpenContext): Promise<{ session: Session; opened: Opened }> {
  const open = await loadDriver()
  const absolute = absolutePath(settings.path)
  const file = attempt(absolute, () => canonicalPath(absolute))
  const ready = await openDatabase(open, file, context.store, settings.busyTimeoutMs, context.signal)
  try {
    const session = createSession(open, file, ready, settings, context)
    return { session, opened: await describeOpened(session, settings) }
  } catch (error) {
    ready.close()
    throw asStoreError(error, file, 'open')
  }
}

/** Runs one write of the session; nobody else writes meanwhile. */
export async function writeThrough(session: Session, work: (target: SaveTarget) => Promise<void>): Promise<void> {
  const { target, ready } = session
  if (session.lost !== undefined) throw session.lost
  try {
    const now = identify(target.file)
    if (now?.inode !== ready.identity.inode || now.device !== ready.identity.device) {
      throw lose(
        session,
        new UnavailableError(`${target.file} was removed or replaced while it was open; stop the store, put the file back, start again`),
      )
    }
    await work(target)
  } catch (error) {
    if (error instanceof FencedError) throw lose(session, error)
    throw asStoreError(error, target.file, 'write')
  }
}

/** Brings the log into the file when it is long. Not needed for durability, so a failure only leaves it to the next time. */
export function checkpoint({ target: { db, file } }: Session): void {
  if (sizeOf(`${file}-wal`) <= WAL_BYTES_KEPT) return
  try {
    db.pragma('wal_checkpoint(PASSIVE)')
  } catch (error) {
    // A disk that is full says so to the next save.
    if (!isSqliteError(error)) throw error
  }
}

/** Removes a bucket's table and its entry. */
export async function dropBucket(target: SaveTarget, bucket: string): Promise<void> {
  const { db, file, busyTimeoutMs, meta } = target
  const saved = target.buckets.get(bucket)
  if (saved === undefined) return
  await inTransaction(db, busyTimeoutMs, async () => {
    assertEpoch(db, file, meta.epoch)
    dropTable(db, saved.table.layout.table)
    removeEntry(db, bucket)
  })
  target.buckets = new Map([...target.buckets].filter(([name]) => name !== bucket))
}

function createSession(open: OpenSqlite, file: string, ready: ReadyDatabase, settings: Settings, context: OpenContext): Session {
  const { db, meta, entries } = ready
  const { busyTimeoutMs, foreignEdits } = settings
  const closing = new AbortController()
  return {
    target: { file, db, busyTimeoutMs, meta, buckets: savedBuckets(db, entries) },
    source: { file, foreignEdits, openReader: () => open(file, { readonly: true, fileMustExist: true }), closing: closing.signal },
    ready,
    closing,
    context,
    lost: undefined,
  }
}

async function describeOpened({ target, ready }: Session, { foreignEdits }: Settings): Promise<Opened> {
  const { epoch, seq } = target.meta
  if (seq === null) return { epoch }
  const buckets: StoredBucket[] = []
  // One moment for all tables.
  target.db.exec('BEGIN')
  for (const entry of ready.entries) {
    buckets.push(foreignEdits === 'accept' ? await surveyTable(target.buckets.get(entry.shape.name)!.table, entry) : known(entry))
  }
  target.db.exec('COMMIT')
  return { epoch, saved: { seq, buckets } }
}

function known({ shape, count, fingerprint, next }: CatalogEntry): StoredBucket {
  return { shape, count, fingerprint, next }
}

function lose(session: Session, error: StoreError): StoreError {
  session.lost = error
  session.context.lost(error)
  return error
}

function attempt<Result>(file: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw asStoreError(error, file, 'open')
  }
}
