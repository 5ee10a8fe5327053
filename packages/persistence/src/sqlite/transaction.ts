/**
 * Transaction: BEGIN, write, COMMIT, without holding up the event loop when another program is in the way.
 *
 * 1 All or nothing: whatever `write` throws, the database is as before.
 * 2 SQLite's own busy timeout sleeps in the thread, so it is never set; a call that meets a lock is made again a little
 *   later, until `timeoutMs` have passed, and then the refusal itself is thrown.
 */

import { setTimeout as delay } from 'node:timers/promises'
import type { SqliteDatabase } from './driver.js'
import { isBusy } from './failure.js'

/** Often enough that a short foreign transaction costs no noticeable wait, seldom enough to cost nothing. */
const RETRY_MS = 10

/** Runs `write` between BEGIN and COMMIT; a throw rolls everything back. */
export async function inTransaction<Result>(db: SqliteDatabase, busyTimeoutMs: number, write: () => Promise<Result>): Promise<Result> {
  await withPatience(busyTimeoutMs, () => db.exec('BEGIN IMMEDIATE'))
  try {
    const result = await write()
    db.exec('COMMIT')
    return result
  } catch (error) {
    // SQLite itself rolls back on some failures, a full disk among them.
    if (db.inTransaction) db.exec('ROLLBACK')
    throw error
  }
}

/** Makes a call again while another program's lock refuses it. */
export async function withPatience<Result>(timeoutMs: number, attempt: () => Result): Promise<Result> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error
      await delay(RETRY_MS)
    }
  }
}
