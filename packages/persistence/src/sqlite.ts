/**
 * sqlite: a backend in one SQLite file that people can read with their own tools.
 *
 * 1 Each bucket is a real table: declared scalar fields are typed columns, the rest is in `_extra`; `_meta` and `_buckets`
 *   say what is what (see `sql/` for the mapping, `sqlite/` for the file).
 * 2 A resolved save is on stable storage; a killed process leaves the whole cut or nothing of it.
 * 3 One writer: a second opening is refused with LockedError, the lock of a dead process is free at once. Others may read
 *   the file at any time, and write to it between saves; what they change is noticed by row checksums at the next load and
 *   refused, or taken over with `foreignEdits: 'accept'`.
 * 4 Openings, saves, drops and closings follow one another; loads run beside them, each from one moment.
 * 5 What is not ours, is damaged, or is of a newer format is refused with a sentence and not written to.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type Backend,
  type BackendFacts,
  type Cut,
  FencedError,
  type OpenContext,
  type Opened,
  OptionError,
  type StatePort,
  type StoredRecord,
  UnavailableError,
} from '@repertory/core'
import { loadBucket } from './sqlite/loader.js'
import { ownCut, saveCut } from './sqlite/saver.js'
import { checkpoint, dropBucket, openSession, type Session, type Settings, writeThrough } from './sqlite/session.js'

export interface SqliteOptions {
  /** The database file. Missing folders and the file are made. */
  readonly path: string
  /** Rows that other programs changed: 'refuse' (default) rejects the load with CorruptError, 'accept' takes them as they are. */
  readonly foreignEdits?: 'refuse' | 'accept' | undefined
  /** How long a save waits for another program's transaction before it rejects; default 2,000. */
  readonly busyTimeoutMs?: number | undefined
}

/** Long enough for a foreign tool to finish a transaction, short enough for the saver to notice and say so. */
const BUSY_TIMEOUT_MS = 2000

/** A backend in the SQLite file at `path`. Nothing is touched before `open`. Throws OptionError for options it does not know. */
export function sqlite(options: SqliteOptions): Backend {
  return new SqliteBackend(checkOptions(options))
}

class SqliteBackend implements Backend, StatePort {
  readonly name: string
  readonly facts: BackendFacts = { durability: 'disk', writers: 'locked', detectsDamage: true }
  readonly #settings: Settings
  #session: Session | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(settings: Settings) {
    this.#settings = settings
    this.name = `sqlite ${settings.path}`
  }

  get state(): StatePort {
    return this
  }

  open(context: OpenContext): Promise<Opened> {
    return this.#inTurn(async () => {
      const { session, opened } = await openSession(this.#settings, context)
      this.#session = session
      return opened
    })
  }

  close(): Promise<void> {
    this.#session?.closing.abort()
    return this.#inTurn(async () => {
      const session = this.#session
      this.#session = undefined
      session?.ready.close()
    })
  }

  async *load(bucket: string, { signal }: { readonly signal: AbortSignal }): AsyncGenerator<readonly StoredRecord[], void, void> {
    yield* loadBucket(this.#opened().source, bucket, signal)
  }

  async save(cut: Cut): Promise<void> {
    const own = ownCut(cut)
    return this.#inTurn(async () => {
      const session = this.#opened()
      const { file, meta } = session.target
      if (cut.epoch !== meta.epoch) {
        throw new FencedError(`${file} is at epoch ${meta.epoch}; the writer of epoch ${cut.epoch} has been replaced and must stop`)
      }
      await writeThrough(session, target => saveCut(target, own))
      this.#checkpointSoon(session)
    })
  }

  drop(bucket: string): Promise<void> {
    return this.#inTurn(() => writeThrough(this.#opened(), target => dropBucket(target, bucket)))
  }

  /** In a turn of its own: the save has been answered, the next write waits. */
  #checkpointSoon(session: Session): void {
    void this.#inTurn(async () => {
      await nextTurn()
      if (this.#session === session) checkpoint(session)
    })
  }

  /** One after the other. A rejection is for its caller and does not stop the next. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work, work)
    this.#turn = result
    return result
  }

  #opened(): Session {
    if (this.#session === undefined) throw new UnavailableError(`${this.#settings.path} is not open; open the backend first`)
    return this.#session
  }
}

const OPTIONS: ReadonlySet<string> = new Set<keyof SqliteOptions>(['path', 'foreignEdits', 'busyTimeoutMs'])

function checkOptions(options: SqliteOptions): Settings {
  const { path, foreignEdits = 'refuse', busyTimeoutMs = BUSY_TIMEOUT_MS } = options ?? {}
  for (const name of Object.keys(options ?? {})) {
    if (!OPTIONS.has(name)) throw new OptionError(name, `sqlite() does not know the option "${name}"; it takes ${[...OPTIONS].join(', ')}`)
  }
  if (typeof path !== 'string') throw new OptionError('path', "sqlite({path}) needs the name of a file, such as './data/store.db'")
  if (foreignEdits !== 'refuse' && foreignEdits !== 'accept') {
    throw new OptionError('foreignEdits', `sqlite({foreignEdits}) is 'refuse' or 'accept', not ${JSON.stringify(foreignEdits)}`)
  }
  if (!Number.isInteger(busyTimeoutMs) || busyTimeoutMs < 0) {
    throw new OptionError(
      'busyTimeoutMs',
      `sqlite({busyTimeoutMs}) is a whole number of milliseconds from 0 on, not ${String(busyTimeoutMs)}`,
    )
  }
  return { path, foreignEdits, busyTimeoutMs }
}
