/**
 * Database: a file made ready to be written by one store.
 *
 *   absent, empty ──────────────┐
 *   ours ── inspect (read-only) ┴─▶ lock ─▶ open ─▶ _meta made or read, epoch raised, holder named ─▶ ready
 *     └── of another program, damaged, newer ─▶ refused, not one byte written
 *
 * 1 A file with content is first looked at through a connection that cannot write: whose it is, whether its catalog is
 *   sound, and, up to `QUICK_CHECK_BYTES_MAX`, whether its pages are. Larger files are not walked twice: each row has a
 *   checksum that is verified when it is loaded.
 * 2 WAL with synchronous=FULL: a commit is on stable storage, and others may read the file meanwhile.
 * 3 A failure at any step closes and unlocks what was opened.
 */

import { AbortedError, CorruptError, OptionError } from '@repertory/core'
import {
  type CatalogEntry,
  createCatalog,
  isBlank,
  type Meta,
  raiseEpoch,
  readCatalog,
  readHolder,
  readMeta,
  writeHolder,
} from './catalog.js'
import { type FileIdentity, identify, sizeOf } from './database-path.js'
import type { OpenSqlite, SqliteDatabase } from './driver.js'
import { asStoreError, damaged, isSqliteError, notDatabase } from './failure.js'
import { inTransaction, withPatience } from './transaction.js'
import { type Holder, selfAsHolder, takeWriterLock, type WriterLock } from './writer-lock.js'

/** The smallest SQLite file is one page of the smallest size. */
const PAGE_BYTES_MIN = 512

/** `PRAGMA quick_check` takes about 2 ms per MiB. Loading reads every row, checks its sum and counts them all, so what the check adds to a large file is the state of its indexes. */
const QUICK_CHECK_BYTES_MAX = 16 * 1024 * 1024

/** The log is brought into the file when it has grown beyond this, and cut back to it: SQLite's own 1,000 pages. */
export const WAL_BYTES_KEPT: number = 4 * 1024 * 1024

export interface ReadyDatabase {
  readonly db: SqliteDatabase
  readonly meta: Meta
  readonly entries: readonly CatalogEntry[]
  readonly identity: FileIdentity
  /** Closes the file and releases the lock. */
  close(): void
}

export interface OpeningStore {
  readonly id: string
  readonly name: string
}

export async function openDatabase(
  open: OpenSqlite,
  file: string,
  store: OpeningStore,
  busyTimeoutMs: number,
  signal: AbortSignal,
): Promise<ReadyDatabase> {
  const bytes = sizeOf(file)
  if (bytes > 0) await inspect(open, file, bytes, busyTimeoutMs)
  else assertNothingLeft(file)
  const me = selfAsHolder(store.name)
  const lock = await takeWriterLock(open, file, me, () => holderOf(open, file), signal)
  let db: SqliteDatabase | undefined
  try {
    if (signal.aborted) throw new AbortedError(`Opening ${file} was aborted`, { cause: signal.reason })
    db = open(file, {})
    await configure(db, file, busyTimeoutMs)
    const { meta, entries } = await enter(db, file, store.id, me, busyTimeoutMs)
    const identity = identify(file)
    if (identity === undefined) throw new OptionError('path', `${file} was removed while it was being opened; open it again`)
    return { db, meta, entries, identity, close: closer(db, meta.epoch, lock) }
  } catch (error) {
    db?.close()
    lock.release()
    throw asStoreError(error, file, 'open')
  }
}

/** SQLite throws the log of a file without content away; it may be all that is left of it. */
function assertNothingLeft(file: string): void {
  const log = `${file}-wal`
  if (sizeOf(log) === 0) return
  throw new CorruptError(
    `${file} is missing or empty, but ${log} holds changes that belong to it; put the file back, or remove that one to begin anew`,
    {
      file,
    },
  )
}

/** Throws unless the file is a database without tables or a sound file of ours. Cannot write. */
async function inspect(open: OpenSqlite, file: string, bytes: number, busyTimeoutMs: number): Promise<void> {
  // SQLite takes a file of one byte for an empty one, and would write over it.
  if (bytes < PAGE_BYTES_MIN) throw notDatabase(file)
  let db: SqliteDatabase | undefined
  try {
    db = open(file, { readonly: true, fileMustExist: true })
    const reader = db
    await withPatience(busyTimeoutMs, () => inspectThrough(reader, file))
  } catch (error) {
    // A journal that its crashed writer left behind is rolled back by the next writer: us, or nobody.
    if (isSqliteError(error) && (error as { code?: string }).code === 'SQLITE_READONLY_ROLLBACK') return
    throw asStoreError(error, file, 'open')
  } finally {
    db?.close()
  }
}

function inspectThrough(db: SqliteDatabase, file: string): void {
  if (isBlank(db)) return
  readMeta(db, file)
  readCatalog(db, file)
  if (sizeOf(file) > QUICK_CHECK_BYTES_MAX) return
  const found: unknown = db.pragma('quick_check(1)', { simple: true })
  if (found !== 'ok') throw damaged(file, `SQLite's quick_check says: ${String(found).replaceAll('\n', ' ')}`)
}

async function configure(db: SqliteDatabase, file: string, busyTimeoutMs: number): Promise<void> {
  const mode = await withPatience(busyTimeoutMs, () => db.pragma('journal_mode = WAL', { simple: true }))
  if (mode !== 'wal') {
    throw new OptionError('path', `${file} cannot be kept in WAL mode (SQLite stays in "${String(mode)}"); put it on a local file system`)
  }
  db.pragma('synchronous = FULL')
  // Not within a commit, which would have to wait for it (see `checkpoint` in session.ts).
  db.pragma('wal_autocheckpoint = 0')
  db.pragma(`journal_size_limit = ${WAL_BYTES_KEPT}`)
  db.pragma('cell_size_check = ON')
  // Views and triggers that others put into the file: not run with our rights, not rewritten when a table is.
  db.pragma('trusted_schema = OFF')
  db.pragma('legacy_alter_table = ON')
}

/** Makes or reads the catalog and starts the epoch, in one transaction. */
function enter(
  db: SqliteDatabase,
  file: string,
  storeId: string,
  me: Holder,
  busyTimeoutMs: number,
): Promise<{ meta: Meta; entries: readonly CatalogEntry[] }> {
  return inTransaction(db, busyTimeoutMs, async () => {
    const before = isBlank(db) ? createCatalog(db, storeId) : readMeta(db, file)
    const entries = readCatalog(db, file)
    const meta = raiseEpoch(db, before)
    writeHolder(db, meta.epoch, me)
    return { meta, entries }
  })
}

function closer(db: SqliteDatabase, epoch: number, lock: WriterLock): () => void {
  return () => {
    try {
      writeHolder(db, epoch, undefined)
    } catch (error) {
      // Only a courtesy to whoever meets the lock next; a full disk must not keep the file open.
      if (!isSqliteError(error)) throw error
    } finally {
      db.close()
      lock.release()
    }
  }
}

/** Who says to have the file; nobody when it cannot be asked. */
function holderOf(open: OpenSqlite, file: string): Holder | undefined {
  let db: SqliteDatabase | undefined
  try {
    db = open(file, { readonly: true, fileMustExist: true })
    return readHolder(db)
  } catch (error) {
    if (isSqliteError(error)) return undefined
    throw error
  } finally {
    db?.close()
  }
}
