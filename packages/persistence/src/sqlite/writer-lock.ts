/**
 * Writer lock: one writer per database file, on this machine, for as long as its process lives.
 *
 * The lock is SQLite's own RESERVED lock on an empty sidecar, `<file>.lock`, taken with BEGIN IMMEDIATE and never committed.
 *
 * 1 The operating system holds it for the process: however the process ends, SIGKILL included, it is free at once, and no
 *   stale file can keep anybody out. (A pid file is a guess: pids come round again, and checking and taking are two steps.)
 * 2 It is not on the database itself: in WAL mode that would keep out other programs' readers, and people want to look.
 * 3 A second opening in this process meets it as well (SQLite keeps one table of locks per process, threads included);
 *   should two copies of SQLite be loaded, which cannot see each other's locks, `openings` catches them first.
 * 4 The holder's name stands in `_meta` of the database and is only for the message. It is written just after the lock is
 *   taken, so a reader who finds nobody, or a process that has ended, looks again for a moment.
 * 5 The sidecar stays when the lock is released: removing it would let two openers lock two files of one name. Should
 *   somebody remove it while it is held, a second writer gets in, raises the epoch, and the first is fenced at its next save.
 *
 * Local file systems only: where POSIX locks are not kept (some network mounts) only the epoch is left.
 */

import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { AbortedError, CorruptError, LockedError, OptionError } from '@repertory/core'
import type { OpenSqlite, SqliteDatabase } from './driver.js'
import { asStoreError, isBusy } from './failure.js'

/** Who has the file: plain data, kept as JSON. */
export interface Holder {
  readonly pid: number
  readonly host: string
  readonly store: string
  /** ISO date. */
  readonly since: string
}

export interface WriterLock {
  release(): void
}

/** This process, now. */
export function selfAsHolder(store: string): Holder {
  return { pid: process.pid, host: hostname(), store, since: new Date().toISOString() }
}

/** How long a locked file is looked at again while nobody alive says to be its holder. */
const NAMELESS_MS = 1000
const RETRY_MS = 25

/** Files open in this process, by canonical path; shared by all copies of this module. */
const OPENINGS: unique symbol = Symbol.for('repertory.persistence.sqlite.openings')
const shared = globalThis as { [OPENINGS]?: Map<string, Holder> }
shared[OPENINGS] ??= new Map()
const openings: Map<string, Holder> = shared[OPENINGS]

/** Takes the lock at once or rejects with LockedError. `readHolder` looks into the database. */
export async function takeWriterLock(
  open: OpenSqlite,
  file: string,
  me: Holder,
  readHolder: () => Holder | undefined,
  signal: AbortSignal,
): Promise<WriterLock> {
  const before = openings.get(file)
  if (before !== undefined) throw lockedBy(file, before)
  openings.set(file, me)
  try {
    const deadline = performance.now() + NAMELESS_MS
    for (;;) {
      if (signal.aborted) throw new AbortedError(`Opening ${file} was aborted`, { cause: signal.reason })
      const release = tryLock(open, file)
      if (release !== undefined) {
        return {
          release: () => {
            openings.delete(file)
            release()
          },
        }
      }
      const holder = readHolder()
      if ((holder !== undefined && isAlive(holder)) || performance.now() > deadline) throw lockedBy(file, holder)
      await delay(RETRY_MS)
    }
  } catch (error) {
    openings.delete(file)
    throw error
  }
}

/** Releases, or `undefined` when another has the lock. */
function tryLock(open: OpenSqlite, file: string): (() => void) | undefined {
  const sidecar = `${file}.lock`
  let database: SqliteDatabase | undefined
  try {
    database = open(sidecar, {})
    // Nothing is ever written, so no journal file is wanted beside it.
    database.pragma('journal_mode = MEMORY')
    database.exec('BEGIN IMMEDIATE')
    // On a file that may only be read, BEGIN IMMEDIATE succeeds and locks nothing; a write, never committed, tells.
    database.pragma('user_version = 1')
    const held = database
    return () => held.close()
  } catch (error) {
    database?.close()
    if (isBusy(error)) return undefined
    const failure = asStoreError(error, sidecar, 'open')
    if (!(failure instanceof CorruptError)) throw failure
    throw new OptionError('path', `${sidecar} is in the way of the lock; remove it, or choose another path (${failure.message})`, {
      cause: error,
    })
  }
}

function lockedBy(file: string, holder: Holder | undefined): LockedError {
  const who =
    holder === undefined
      ? 'another process, which has not said its name'
      : `store "${holder.store}" in process ${holder.pid} on ${holder.host} since ${holder.since}`
  return new LockedError(`${file} is open in ${who}; stop that store first, or choose another path`)
}

/** A process of another machine or container cannot be asked, so it counts as alive. */
function isAlive({ pid, host }: Holder): boolean {
  if (host !== hostname()) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
