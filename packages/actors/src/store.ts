/**
 * Store: the facade. It wires the parts and turns method calls into messages; it holds no logic of its own.
 *
 *      handle ──▶ actor (mailbox, turn gate) ──▶ commit line ──▶ database
 *                                                   ├──▶ savers ──▶ backends
 *                                                   └──▶ dispatcher ──▶ events, function queries
 *
 * 1 `Store.start` resolves when recovery is complete and every declared bucket serves; when anything cannot be read it
 *   rejects, and what could not be read is not touched.
 * 2 Every failure of a call rejects its promise; `bucket(name)` alone throws, for a name that is unknown.
 * 3 `stop` may be called any number of times: the same promise. Later verbs get `StoppedError`.
 */

import {
  type BucketDefinition,
  Database,
  OptionError,
  Query,
  QueryError,
  type RecordOf,
  StoppedError,
  type StoreRecord,
} from '@repertory/core'
import { BucketHandle } from './bucket-handle.js'
import { BucketReads } from './bucket-reads.js'
import { BucketRegistry } from './bucket-registry.js'
import { CommitLine } from './commit-line.js'
import { type DeadLetter, DeadLetters } from './dead-letters.js'
import { Dispatcher } from './dispatcher.js'
import { type EventHandler, Events } from './events.js'
import { FaultLog } from './fault-log.js'
import { FunctionQueries, type QueryFunction, type SubscribeOptions, type Unsubscribe } from './function-query.js'
import { healthOf, type StoreHealth, type StoreStats, statsOf } from './health.js'
import { createDraw } from './ids.js'
import { type CallOptions, Waiters } from './mailbox.js'
import { type FlushOptions, Persistence } from './persistence.js'
import { StatusBus, type StatusChange } from './status-bus.js'
import { type BucketDefinitions, checkOptions, type StoreOptions, type StoreSettings, settingsOf } from './store-options.js'
import { RootedSystem, type System } from './system.js'
import type { ActorLetter } from './system-parts.js'
import { TurnGate } from './turn-gate.js'
import { callUser } from './user-code.js'

type Handles<B extends BucketDefinitions> = { readonly [N in keyof B]: BucketHandle<B[N]> }

/** The row type of a bucket that was declared up front; `StoreRecord` for others. */
type RowOf<B extends BucketDefinitions, N extends string> = N extends keyof B ? RecordOf<B[N]> : StoreRecord

/** The parts, for `repertory/testing` alone. */
export interface StoreParts {
  readonly registry: BucketRegistry
  readonly database: Database
}

export interface DropOptions {
  /** Whether backends forget the bucket too. Default true. */
  readonly erase?: boolean | undefined
}

const DROP_OPTIONS: ReadonlySet<string> = new Set<keyof DropOptions>(['erase'])
const FLUSH_OPTIONS: ReadonlySet<string> = new Set<keyof FlushOptions>(['bucket', 'backend'])

/** Before a function query that met a resting bucket asks again. */
const RERUN_AFTER_MS = 1000

/** Of `shutdownMs`: what answering the calls that wait may take. */
const DRAINING_PART = 0.5

/** What stands before the store does. */
interface Foundations {
  readonly settings: StoreSettings
  readonly database: Database
  readonly faults: FaultLog
  readonly status: StatusBus
  readonly persistence: Persistence | undefined
}

let partsOf: (store: Store) => StoreParts

export class Store<B extends BucketDefinitions = BucketDefinitions> implements AsyncDisposable {
  readonly name: string
  /** The buckets declared at the start, typed. */
  readonly buckets: Handles<B>
  /** For actors of the user's own, beside the buckets: same time, chance, budget and bounds. They end with the store, before it saves. */
  readonly system: System
  readonly #settings: StoreSettings
  readonly #database: Database
  readonly #gate: TurnGate
  readonly #events: Events
  readonly #queries: FunctionQueries
  readonly #status: StatusBus
  readonly #dispatcher: Dispatcher
  readonly #deadLetters = new DeadLetters()
  readonly #persistence: Persistence | undefined
  readonly #registry: BucketRegistry
  #phase: 'recovering' | 'serving' | 'stopped' = 'recovering'
  #stopping: Promise<void> | undefined

  static {
    partsOf = store => ({ registry: store.#registry, database: store.#database })
  }

  private constructor({ settings, database, faults, status, persistence }: Foundations) {
    this.#settings = settings
    this.#status = status
    this.#database = database
    this.#persistence = persistence
    this.name = settings.name
    const { clock } = settings
    this.#gate = new TurnGate(clock)
    this.#events = new Events(faults)
    this.#queries = new FunctionQueries({
      store: settings.name,
      faults,
      seq: () => database.seq,
      readsOf: bucket => this.#reads(bucket),
      run: query => this.#reads(query.bucket).rows(query.spec),
      later: run => void clock.after(RERUN_AFTER_MS, run),
    })
    this.#dispatcher = new Dispatcher(clock, this.#gate, [this.#events, this.#queries])
    const line = new CommitLine({ database, clock, dispatcher: this.#dispatcher, recordsMax: settings.recordsMax, sink: persistence })
    const waiters = new Waiters(settings.mailbox.waitersMax)
    const { mailbox, callTimeoutMs, supervision: policy, random } = settings
    const parts = {
      clock,
      random,
      gate: this.#gate,
      mailbox,
      waiters,
      callTimeoutMs,
      policy,
      deadLetters: new DeadLetters<ActorLetter>(),
      faults,
    }
    this.system = new RootedSystem(settings.name, parts, settings.shutdownMs * DRAINING_PART)
    this.#registry = new BucketRegistry({
      settings,
      database,
      gate: this.#gate,
      line,
      deadLetters: this.#deadLetters,
      faults,
      status,
      persistence,
      waiters,
    })
    this.buckets = Object.freeze(
      Object.fromEntries(Object.keys(settings.buckets).map(name => [name, new BucketHandle(name, this.#registry.find)])),
    ) as unknown as Handles<B>
  }

  /**
   * Opens the backends, loads the declared buckets and serves. Rejects with OptionError, LockedError, CorruptError,
   * ValidationError (stored records the schema refuses); nothing is left open then.
   */
  static async start<const B extends BucketDefinitions = BucketDefinitions>(options: StoreOptions<B> = {}): Promise<Store<B>> {
    const settings = settingsOf(options)
    const draw = createDraw(settings.seeded)
    const database = new Database({ draw })
    const faults = new FaultLog(settings.name, settings.onError, settings.logger)
    const status = new StatusBus(settings.clock, faults)
    const persistence = await Persistence.open(settings, {
      storeId: draw('nanoid', settings.clock.now()),
      database,
      status,
      onError: (error, backend) => {
        const onError = settings.persistence?.onError
        const source = `backend ${backend}`
        if (onError === undefined) faults.report(error, source)
        else
          callUser(
            () => onError(error),
            thrown => faults.report(thrown, `onError of ${source}`),
          )
      },
    })
    const store = new Store<B>({ settings, database, faults, status, persistence })
    try {
      for (const [name, definition] of Object.entries(settings.buckets)) await store.#registry.define(name, definition)
    } catch (error) {
      await store.stop().catch(() => undefined)
      throw error
    }
    store.#phase = 'serving'
    return store
  }

  /** Defines a bucket; resolves with its handle when it serves. `bucket(name)` works at once, and calls wait. */
  defineBucket<const D extends BucketDefinition>(name: string, definition: D): Promise<BucketHandle<D>> {
    return this.#registry.define(name, definition).then(() => new BucketHandle<D>(name, this.#registry.find))
  }

  /** A handle to a bucket. Throws `BucketNotDefinedError`. */
  bucket<N extends string>(name: N): N extends keyof B ? BucketHandle<B[N]> : BucketHandle {
    this.#registry.find(name)
    return new BucketHandle(name, this.#registry.find) as N extends keyof B ? BucketHandle<B[N]> : BucketHandle
  }

  /** Forgets a bucket; with `erase` (default) backends forget it too, without it they keep it for a later definition. */
  async dropBucket(name: string, options: DropOptions = {}): Promise<void> {
    checkOptions(`dropBucket("${name}")`, 'options', options, DROP_OPTIONS)
    const { erase = true } = options
    if (typeof erase !== 'boolean') throw new OptionError('erase', `dropBucket("${name}"): erase is true or false, not ${String(erase)}`)
    await this.#registry.drop(name, erase)
  }

  /** The rows of a built query: `store.query(from('users').where({role: 'admin'}).orderBy('age').limit(10))`. */
  query<N extends string>(query: Query<N>, options?: CallOptions): Promise<readonly RowOf<B, N>[]> {
    try {
      if (!(query instanceof Query)) throw new QueryError('query', 'takes a built query, such as from("users").where({role: "admin"})')
      return new BucketReads<RowOf<B, N>>(query.bucket, this.#registry.find).rows(query.spec, options)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Listens to record events: `bucket.<name>.inserted | updated | deleted`, `*` as a wildcard. Resolves to the unsubscribe. */
  async on(pattern: string, handler: EventHandler): Promise<Unsubscribe> {
    this.#refuseStopped()
    if (typeof handler !== 'function') throw new OptionError('handler', `store.on("${pattern}") needs a function (event, topic) => void`)
    const off = this.#events.on(pattern, handler, this.#database.seq)
    return async () => off()
  }

  /** Names an async function of reads. Throws `QueryAlreadyDefinedError`. */
  defineQuery<P = undefined, R = unknown>(name: string, query: QueryFunction<P, R>): void {
    this.#refuseStopped()
    this.#queries.define(name, query as QueryFunction<never>)
  }

  /** Runs a defined query once. */
  async runQuery<R = unknown>(name: string, params?: unknown): Promise<R> {
    this.#refuseStopped()
    return (await this.#queries.run(name, params)) as R
  }

  /** Calls back with each new result of a defined query. Resolves when the first evaluation is done. */
  subscribe<R = unknown>(name: string, callback: (result: R) => unknown, options?: SubscribeOptions): Promise<Unsubscribe>
  subscribe<R = unknown>(name: string, params: unknown, callback: (result: R) => unknown, options?: SubscribeOptions): Promise<Unsubscribe>
  async subscribe(name: string, ...rest: readonly unknown[]): Promise<Unsubscribe> {
    this.#refuseStopped()
    const [params, callback, options] =
      typeof rest[0] === 'function' && typeof rest[1] !== 'function' ? [undefined, rest[0], rest[1]] : rest
    if (typeof callback !== 'function') throw new OptionError('callback', `subscribe("${name}") needs a callback (result) => void`)
    return this.#queries.subscribe(name, params, callback as (result: unknown) => unknown, (options ?? {}) as SubscribeOptions)
  }

  getStats(): StoreStats {
    return statsOf({
      name: this.name,
      actors: this.#registry.actors(),
      queries: this.#queries.counts,
      isPersistent: this.#persistence !== undefined,
    })
  }

  health(): StoreHealth {
    return healthOf({ phase: this.#phase, actors: this.#registry.actors(), backends: this.#persistence?.status ?? [] })
  }

  /** Calls back when a bucket's actor or a backend's saver changes its state. Returns the end of it, idempotent. */
  watch(callback: (change: StatusChange) => unknown): () => void {
    this.#refuseStopped()
    return this.#status.watch(callback)
  }

  /** Messages that killed their actor, newest last. */
  get deadLetters(): readonly DeadLetter[] {
    return this.#deadLetters.list()
  }

  /** Resolves when every commit made before the call has reached every handler and function query. Never rejects. */
  async settle(): Promise<void> {
    const { seq } = this.#database
    await this.#dispatcher.delivered()
    await this.#queries.settled(seq)
  }

  /** Resolves when everything committed before the call is saved. Rejects when that is failing. */
  async flush(options: FlushOptions = {}): Promise<void> {
    this.#refuseStopped()
    checkOptions('flush', 'options', options, FLUSH_OPTIONS)
    if (options.bucket !== undefined) this.#registry.find(options.bucket)
    await this.#persistence?.flush(options)
  }

  /** Answers what was sent, saves, closes. Rejects with `UnavailableError {unflushed}` when something could not be saved in time. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /**
   * What was called is answered, for half of the time there is: the rest belongs to saving. Then nothing commits any more, and
   * subscribers are told while backends save, so that neither a query that never ends nor a backend that hangs costs the other.
   */
  async #stop(): Promise<void> {
    const { shutdownMs } = this.#settings
    let isSaved = this.#persistence === undefined
    let failure: unknown
    const orderly = async (): Promise<void> => {
      // Actors of the user's own may write while they end; without any, calls are refused from this moment on.
      if (this.system.health().length > 1) await this.system.stop()
      this.#phase = 'stopped'
      if (!(await this.#within(shutdownMs * DRAINING_PART, this.#registry.drain()))) this.#registry.stop()
      const saving = this.#persistence?.stop().then(
        () => {
          isSaved = true
        },
        error => {
          failure = error
        },
      )
      await Promise.all([saving, this.settle()])
    }
    await this.#within(shutdownMs, orderly())
    this.#phase = 'stopped'
    this.#end()
    if (!isSaved) throw failure ?? this.#persistence?.abandon(new Error(`stopping took longer than ${shutdownMs} ms`))
  }

  #end(): void {
    this.#queries.stop()
    this.#registry.stop()
    void this.system.stop()
  }

  /** True when `work`, which does not reject, is done in time. */
  async #within(ms: number, work: Promise<void>): Promise<boolean> {
    let cancel = (): void => undefined
    const late = new Promise<false>(resolve => {
      cancel = this.#settings.clock.after(ms, () => resolve(false), 'awaited')
    })
    try {
      return await Promise.race([work.then(() => true), late])
    } finally {
      cancel()
    }
  }

  #reads(bucket: string): BucketReads {
    this.#registry.findServing(bucket)
    return new BucketReads(bucket, this.#registry.findServing)
  }

  #refuseStopped(): void {
    if (this.#phase === 'stopped') throw new StoppedError(this.name)
  }
}

export { partsOf }
