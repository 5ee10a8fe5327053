/**
 * Commit line: the one road of every change, inside the turn.
 *
 *      writes ──▶ database.commit ──▶ unsaved: the savers hear of it ──▶ dispatcher ──▶ (after the turn) consumers
 *
 * 1 Nobody calls `Database.commit` but this file, so nothing can be committed and not told.
 * 2 It refuses before the commit: a store that is full, a commit too large to save.
 */

import {
  type Attribution,
  type BucketImage,
  type Clearing,
  type Commit,
  type Database,
  NOBODY,
  OverloadedError,
  type Write,
} from '@repertory/core'
import type { WriteOptions } from './call-options.js'
import type { Clock } from './clock.js'
import type { Dispatcher } from './dispatcher.js'

/** Whoever must hear of a commit in its turn. */
export interface CommitSink {
  committed(commit: Commit): void
}

/** When a store is full of records the answer will not change soon. */
const RETRY_FULL_MS = 1000

export interface CommitLineOptions {
  readonly database: Database
  readonly clock: Clock
  readonly dispatcher: Dispatcher
  /** Infinity: no bound. */
  readonly recordsMax: number
  /** Absent when the store does not persist. */
  readonly sink: CommitSink | undefined
}

export class CommitLine {
  readonly #options: CommitLineOptions

  constructor(options: CommitLineOptions) {
    this.#options = options
  }

  /** Commits the writes, all or none; `undefined` when there was nothing to change. */
  commit(writes: readonly Write[], options: WriteOptions | undefined): Commit | undefined {
    const { database, clock, recordsMax } = this.#options
    if (recordsMax !== Number.POSITIVE_INFINITY) this.#checkRoom(writes)
    return this.#publish(database.commit(writes, clock.now(), attributionOf(options)))
  }

  /** Empties a bucket in one commit. */
  clear(image: BucketImage, cause: Clearing['cause'], options: WriteOptions | undefined): Commit | undefined {
    const { database, clock } = this.#options
    return this.#publish(database.clear(image, clock.now(), cause, attributionOf(options)))
  }

  #publish(commit: Commit | undefined): Commit | undefined {
    if (commit === undefined) return undefined
    const { sink, dispatcher } = this.#options
    sink?.committed(commit)
    dispatcher.publish(commit)
    return commit
  }

  #checkRoom(writes: readonly Write[]): void {
    const { database, recordsMax } = this.#options
    let inserts = 0
    for (const write of writes) if (write.type === 'insert') inserts++
    if (inserts === 0) return
    let records = 0
    for (const image of database.images()) records += image.count
    if (records + inserts <= recordsMax) return
    throw new OverloadedError(
      `the store holds ${records} of at most ${recordsMax} records, so ${inserts} more do not fit; delete some or raise recordsMax`,
      RETRY_FULL_MS,
    )
  }
}

/** What a commit keeps of a caller's options. */
function attributionOf(options: WriteOptions | undefined): Attribution {
  if (options === undefined) return NOBODY
  const { by, reason, correlationId } = options
  return {
    ...(by === undefined ? undefined : { by }),
    ...(reason === undefined ? undefined : { reason }),
    ...(correlationId === undefined ? undefined : { correlationId }),
  }
}
