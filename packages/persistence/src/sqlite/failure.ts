/**
 * Failure: what SQLite and the file system refuse, as the store's own errors. The only place that knows their codes.
 *
 * 1 Expected failures become `StoreError`s that name the file, what was found and what to do; the driver's error is the cause.
 * 2 What a program outside the store can cause is expected: a full disk, a lock, a damaged page, a table that was altered.
 *   What only a mistake of ours can cause (a syntax error) is left as it is, and ends the actor that ran it.
 */

import { CorruptError, describe, LockedError, OptionError, type StoreError, UnavailableError } from '@repertory/core'

/** What the caller was doing: a failure while opening is about the options, later it may pass. */
export type Phase = 'open' | 'read' | 'write'

/** The database of another program stands open in a way that excludes us for now. */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error)
  return code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')
}

export function isSqliteError(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_')
}

/** The store's error for a refusal of SQLite or the file system; any other error comes back as it is. */
export function asStoreError(error: unknown, file: string, phase: Phase): unknown {
  const code = codeOf(error)
  return (code.startsWith('SQLITE_') ? fromSqlite(code, error, file, phase) : fromFileSystem(code, error, file, phase)) ?? error
}

/** Damage, in the sentence used wherever it is met. */
export function damaged(file: string, found: string, cause?: unknown): CorruptError {
  return new CorruptError(
    `${file} is damaged: ${found}; stop its writers and restore it from a backup, or salvage it with: sqlite3 <file> .recover`,
    {
      file,
      cause,
    },
  )
}

/** The file is something else, or its beginning is gone. */
export function notDatabase(file: string, cause?: unknown): CorruptError {
  return new CorruptError(
    `${file} is not an SQLite database, or its first page is damaged; choose another path, or restore it from a backup`,
    {
      file,
      cause,
    },
  )
}

function fromSqlite(code: string, error: unknown, file: string, phase: Phase): StoreError | undefined {
  const [, primary] = code.split('_')
  const cause = { cause: error }
  switch (primary) {
    case 'CORRUPT':
      return damaged(file, describe(error), error)
    case 'NOTADB':
      return notDatabase(file, error)
    case 'FULL':
      return new UnavailableError(`${file} cannot grow: the disk is full; free some space, the same save can be repeated`, cause)
    case 'IOERR':
      return new UnavailableError(
        `${file}: the operating system reported an I/O error (${code}); check the disk, the same call can be repeated`,
        cause,
      )
    case 'BUSY':
    case 'LOCKED':
      return phase === 'open'
        ? new LockedError(`${file} is locked by another program; end its transaction, or choose another path`, cause)
        : new UnavailableError(
            `${file} is locked by another program that is writing to it; end its transaction, the same call can be repeated`,
            cause,
          )
    case 'READONLY':
    case 'CANTOPEN':
    case 'PERM':
    case 'AUTH':
      return unusableFile(error, file, phase)
    case 'NOMEM':
      return new UnavailableError(`${file}: SQLite ran out of memory`, cause)
    case 'CONSTRAINT':
    case 'MISMATCH':
    case 'SCHEMA':
      return altered(error, file)
    default:
      return /no such (table|column)|has no column/.test(describe(error)) ? altered(error, file) : undefined
  }
}

function altered(error: unknown, file: string): CorruptError {
  return new CorruptError(
    `${file}: another program has altered the tables (${describe(error)}); undo that, or restore the file from a backup`,
    {
      file,
      cause: error,
    },
  )
}

function fromFileSystem(code: string, error: unknown, file: string, phase: Phase): StoreError | undefined {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOENT':
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EISDIR':
    case 'ELOOP':
    case 'ENAMETOOLONG':
      return unusableFile(error, file, phase)
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EIO':
    case 'EMFILE':
    case 'ENFILE':
      return new UnavailableError(`${file}: ${describe(error)}; the same call can be repeated when that is mended`, { cause: error })
    default:
      return undefined
  }
}

function unusableFile(error: unknown, file: string, phase: Phase): StoreError {
  const found = `${file} cannot be ${phase === 'read' ? 'read' : 'opened for writing'} (${describe(error)})`
  const remedy = 'check that the folder and the file exist and that this user may write both'
  return phase === 'open'
    ? new OptionError('path', `${found}; ${remedy}`, { cause: error })
    : new UnavailableError(`${found}; ${remedy}, the same call can be repeated`, { cause: error })
}

function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return typeof code === 'string' ? code : ''
}
