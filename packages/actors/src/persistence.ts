/**
 * Persistence: all backends of a store, and which bucket goes to which.
 *
 * 1 Opened before the first message, in the order given; when one cannot be opened the others are closed again and the
 *   store does not start.
 * 2 A commit tells only the savers whose buckets it touches; a saver that knows already costs one comparison.
 * 3 Commits over buckets of one backend are saved in one cut, so the backend never holds half of one.
 */

import {
  type Backend,
  type BucketDefinition,
  type BucketImage,
  type Commit,
  type Database,
  OptionError,
  type Seq,
  UnavailableError,
} from '@repertory/core'
import { BackendLink } from './backend-link.js'
import type { CommitSink } from './commit-line.js'
import type { SaverStatus } from './saver.js'
import type { StatusBus } from './status-bus.js'
import { checkAmount, type StoreSettings } from './store-options.js'

/** The name of the only backend. */
const MAIN = 'main'

export interface FlushOptions {
  /** Only what this bucket needs. */
  readonly bucket?: string | undefined
  readonly backend?: string | undefined
}

export class Persistence implements CommitSink {
  readonly #links: ReadonlyMap<string, BackendLink>
  readonly #byBucket = new Map<string, BackendLink>()
  readonly #database: Database

  private constructor(links: ReadonlyMap<string, BackendLink>, database: Database) {
    this.#links = links
    this.#database = database
  }

  /** Opens every backend; `undefined` when the store does not persist. */
  static async open(
    settings: StoreSettings,
    context: {
      readonly storeId: string
      readonly database: Database
      readonly status: StatusBus
      readonly onError: (error: unknown, backend: string) => void
    },
  ): Promise<Persistence | undefined> {
    const { persistence, clock, random, name } = settings
    if (persistence === undefined) return undefined
    const backends = backendsOf(settings)
    const debounceMs = checkAmount('persistence.debounceMs', persistence.debounceMs)
    const maxWaitMs = checkAmount('persistence.maxWaitMs', persistence.maxWaitMs)
    const { database, status } = context
    const links = new Map<string, BackendLink>()
    try {
      for (const [backendName, backend] of backends) {
        const onError = (error: unknown): void => context.onError(error, backendName)
        const options = { name: backendName, backend, database, clock, random, debounceMs, maxWaitMs, onError, status }
        const link = await BackendLink.open(options, { id: context.storeId, name })
        links.set(backendName, link)
        database.resumeAt(link.openedAt)
      }
    } catch (error) {
      await Promise.allSettled([...links.values()].map(link => link.close()))
      throw error
    }
    return new Persistence(links, database)
  }

  /** The backend of a definition; throws `OptionError` for one that does not exist. */
  linkFor(bucket: string, definition: BucketDefinition): BackendLink | undefined {
    if (definition.persistent === false) return undefined
    const name = definition.backend ?? this.#links.keys().next().value ?? MAIN
    const link = this.#links.get(name)
    if (link === undefined)
      throw new OptionError('backend', `Bucket "${bucket}" names the backend "${name}"; there are ${[...this.#links.keys()].join(', ')}`)
    return link
  }

  /** Loads a bucket and has its commits saved from here on. */
  async attach(image: BucketImage, link: BackendLink): Promise<void> {
    await link.load(image)
    this.#byBucket.set(image.name, link)
  }

  /** Forgets a bucket. */
  async detach(bucket: string, erase: boolean): Promise<void> {
    const link = this.#byBucket.get(bucket)
    this.#byBucket.delete(bucket)
    await link?.drop(bucket, erase)
  }

  committed(commit: Commit): void {
    const { changes, clearing } = commit
    if (clearing !== undefined) this.#byBucket.get(clearing.bucket)?.saver.touched(commit.seq, commit.at)
    let last: BackendLink | undefined
    for (let at = 0; at < changes.length; at++) {
      const link = this.#byBucket.get(changes[at]!.bucket)
      if (link === last || link === undefined) continue
      link.saver.touched(commit.seq, commit.at)
      last = link
    }
  }

  /** Resolves when everything committed before the call is saved. Rejects when that fails. */
  async flush({ bucket, backend }: FlushOptions): Promise<void> {
    if (backend !== undefined && !this.#links.has(backend)) {
      throw new OptionError('backend', `there is no backend "${backend}"; there are ${[...this.#links.keys()].join(', ')}`)
    }
    const links = bucket === undefined ? [...this.#links.values()] : [this.#byBucket.get(bucket)].filter(link => link !== undefined)
    await all(links.filter(link => backend === undefined || link.name === backend).map(link => link.saver.flush()))
  }

  /** Saves what is left, and closes each backend when it is saved, the last opened first. Rejects with `UnavailableError {unflushed}`. */
  async stop(): Promise<void> {
    const failures: unknown[] = []
    // One backend that hangs must not keep the others from saving.
    const saves = [...this.#links.values()].map(link => ({
      link,
      saved: link.saver.stop().catch((error: unknown) => failures.push(error)),
    }))
    const closings = saves.reverse().map(async ({ link, saved }) => {
      await saved
      await link.close().catch((error: unknown) => failures.push(error))
    })
    await Promise.all(closings)
    if (failures.length > 0) throw this.unsaved(failures[0])
  }

  /** Gives up on saving: whoever waits for a save is told, and the locks are given back as soon as the backends let go. */
  abandon(cause: Error): UnavailableError {
    const error = this.unsaved(cause)
    for (const link of this.#links.values()) {
      link.saver.lost(error)
      link.close().catch(() => undefined)
    }
    return error
  }

  /** What is lost when the process ends now, as an error. */
  unsaved(cause: unknown): UnavailableError {
    const oldest = Math.min(
      ...[...this.#links.values()].map(link =>
        link.saver.status.touchedSeq > link.saver.status.savedSeq ? link.saver.status.savedSeq : this.#database.seq,
      ),
    )
    const unflushed = this.#database.seq - oldest
    const reason = cause instanceof Error ? cause.message : String(cause)
    return new UnavailableError(`${unflushed} commits could not be saved before the store stopped: ${reason}`, { cause, unflushed })
  }

  get status(): readonly { readonly name: string; readonly backend: Backend; readonly saver: SaverStatus; readonly lagCommits: Seq }[] {
    return [...this.#links.values()].map(link => {
      const { status } = link.saver
      return {
        name: link.name,
        backend: link.backend,
        saver: status,
        lagCommits: status.touchedSeq > status.savedSeq ? this.#database.seq - status.savedSeq : 0,
      }
    })
  }
}

function backendsOf({ persistence }: StoreSettings): readonly (readonly [string, Backend])[] {
  const { backend, adapter, backends } = persistence ?? {}
  const single = backend ?? adapter
  if (single !== undefined && backends !== undefined)
    throw new OptionError('persistence', 'persistence takes backend or backends, not both')
  const named = single === undefined ? Object.entries(backends ?? {}) : [[MAIN, single] as const]
  if (named.length === 0) throw new OptionError('persistence', 'persistence needs a backend, such as sqlite({path}) or memory()')
  return named
}

/** Waits for all, then rejects with the first failure. */
async function all(promises: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(promises)) if (result.status === 'rejected') throw result.reason
}
