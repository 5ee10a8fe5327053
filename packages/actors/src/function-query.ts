/**
 * Function queries: named async functions of reads, run once or kept up to date.
 *
 *      subscribe ──▶ run ──▶ [ idle ] ── a commit touches a bucket it read ──▶ run ──▶ differs? ──▶ callback
 *
 * 1 A run depends on a bucket from the moment it asks for it. A commit that touches one of them, and came after the run began,
 *   makes it run again; bursts are coalesced: one run follows however many commits came meanwhile.
 * 2 Runs of one subscription never overlap, so an older result never follows a newer one.
 * 3 Nothing is lost while opening: a commit during a run is in its result or makes a further run.
 * 4 The first run is awaited and its failure rejects. A later failure keeps the subscription, with what it depended on before
 *   and what it read until it failed, and goes to `onError`.
 *   Where a run failed because a bucket was not to be had, it runs again after a pause.
 * 5 Callbacks are called only when the result differs, never in a turn; what they throw disturbs nobody.
 */

import {
  bucketsOf,
  type Commit,
  OptionError,
  Query,
  QueryAlreadyDefinedError,
  QueryNotDefinedError,
  type Seq,
  StoppedError,
  StoreError,
} from '@repertory/core'
import type { BucketReads } from './bucket-reads.js'
import type { FaultLog } from './fault-log.js'
import { isSameResult } from './same-result.js'
import { checkOptions } from './store-options.js'
import { callUser } from './user-code.js'

/** What a query function reads through. */
export interface QueryContext {
  /** The reads of a bucket; remembered as "this query depends on it". */
  bucket(name: string): BucketReads
}

/** Any async function of reads, or one that returns a built query. */
export type QueryFunction<P = unknown, R = unknown> = (context: QueryContext, params: P) => R

export interface SubscribeOptions {
  /** Call back with the first result too. Default false. */
  readonly initial?: boolean
  /** Gets what a callback throws and what a later run fails with. Default: the store's `onError`. */
  readonly onError?: (error: unknown) => unknown
}

const OPTIONS: ReadonlySet<string> = new Set<keyof SubscribeOptions>(['initial', 'onError'])

/** Ends a subscription: at once when called, idempotent, may be awaited. */
export type Unsubscribe = () => Promise<void>

export interface QueryHost {
  readonly store: string
  readonly faults: FaultLog
  /** The newest commit. */
  seq(): Seq
  readsOf(bucket: string): BucketReads
  run(query: Query): Promise<unknown>
  /** Calls back after a pause, when a bucket that rested may serve again. */
  later(run: () => void): void
}

/** Refusals that say nothing about the query: the bucket rested, crashed or was too busy. */
const PASSING: ReadonlySet<string> = new Set(['UNAVAILABLE', 'DEADLINE', 'OVERLOADED', 'ACTOR_CRASHED'])

function isPassing(error: unknown): boolean {
  return error instanceof StoreError && PASSING.has(error.code)
}

interface Subscription {
  readonly name: string
  readonly params: unknown
  readonly callback: (result: unknown) => unknown
  readonly onError: (error: unknown) => unknown
  /** What the last run read; while one runs, also what it has read so far. */
  readonly buckets: Set<string>
  /** The commit that was newest when the last run began. */
  seq: Seq
  /** The same of the last run that ended and was told. */
  toldSeq: Seq
  result: unknown
  isRunning: boolean
  isTouched: boolean
  isActive: boolean
}

/** Somebody waits for commits up to `seq` to have reached these. */
interface Settling {
  readonly seq: Seq
  readonly pending: Set<Subscription>
  readonly resolve: () => void
}

export class FunctionQueries {
  readonly #host: QueryHost
  readonly #functions = new Map<string, QueryFunction<never>>()
  readonly #subscriptions = new Set<Subscription>()
  readonly #byBucket = new Map<string, Set<Subscription>>()
  #isStopped = false
  #settling: Settling[] = []

  constructor(host: QueryHost) {
    this.#host = host
  }

  get hasListeners(): boolean {
    return this.#subscriptions.size > 0
  }

  get counts(): { readonly defined: number; readonly activeSubscriptions: number } {
    return { defined: this.#functions.size, activeSubscriptions: this.#subscriptions.size }
  }

  define(name: string, query: QueryFunction<never>): void {
    if (typeof name !== 'string' || name === '') throw new OptionError('name', 'a query needs a name')
    if (typeof query !== 'function') throw new OptionError('query', `query "${name}" must be a function (ctx, params) => result`)
    if (this.#functions.has(name)) throw new QueryAlreadyDefinedError(name)
    this.#functions.set(name, query)
  }

  /** One shot. */
  async run(name: string, params: unknown): Promise<unknown> {
    return this.#evaluate(this.#functionOf(name), params, () => undefined)
  }

  async subscribe(name: string, params: unknown, callback: (result: unknown) => unknown, options: SubscribeOptions): Promise<Unsubscribe> {
    this.#functionOf(name)
    checkOptions(`subscribe("${name}")`, 'options', options, OPTIONS)
    const { faults, store } = this.#host
    const subscription: Subscription = {
      name,
      params,
      callback,
      onError: options.onError ?? (error => faults.report(error, `query ${name}`)),
      buckets: new Set(),
      seq: 0,
      toldSeq: 0,
      result: undefined,
      isRunning: true,
      isTouched: false,
      isActive: true,
    }
    this.#subscriptions.add(subscription)
    try {
      subscription.result = await this.#runOnce(subscription)
      if (!subscription.isActive) throw new StoppedError(store)
    } catch (error) {
      this.#end(subscription)
      throw error
    }
    if (options.initial === true) this.#tell(subscription)
    void this.#keepUp(subscription)
    return () => {
      this.#end(subscription)
      return Promise.resolve()
    }
  }

  /** A commit reached the consumers. Never throws. */
  deliver(commit: Commit): void {
    for (const bucket of bucketsOf(commit)) {
      for (const subscription of this.#byBucket.get(bucket) ?? []) {
        if (commit.seq <= subscription.seq) continue
        subscription.isTouched = true
        if (subscription.isRunning) continue
        subscription.isRunning = true
        void this.#keepUp(subscription)
      }
    }
  }

  /** Resolves when the commits up to `seq`, delivered already, have reached every subscription. */
  settled(seq: Seq): Promise<void> {
    const pending = new Set([...this.#subscriptions].filter(subscription => !hasReached(subscription, seq)))
    if (pending.size === 0) return Promise.resolve()
    return new Promise(resolve => this.#settling.push({ seq, pending, resolve }))
  }

  /** Ends every subscription. */
  stop(): void {
    this.#isStopped = true
    for (const subscription of [...this.#subscriptions]) this.#end(subscription)
  }

  /** Runs again as long as commits touched what the last run read; then idle. Never rejects. */
  async #keepUp(subscription: Subscription): Promise<void> {
    while (subscription.isActive && subscription.isTouched) {
      // Commits that reach the consumers in the same drain are covered by one run.
      await Promise.resolve()
      try {
        const result = await this.#runOnce(subscription)
        if (subscription.isActive && !isSameResult(subscription.result, result)) {
          subscription.result = result
          this.#tell(subscription)
        }
      } catch (error) {
        if (subscription.isActive) this.#report(subscription, error)
        if (isPassing(error)) this.#host.later(() => this.#again(subscription))
      }
      subscription.toldSeq = subscription.seq
      this.#tellSettling(subscription)
    }
    subscription.isRunning = false
    this.#tellSettling(subscription)
  }

  /** A run that failed because a bucket rested is not left stale until the next commit. */
  #again(subscription: Subscription): void {
    if (!subscription.isActive) return
    subscription.isTouched = true
    if (subscription.isRunning) return
    subscription.isRunning = true
    void this.#keepUp(subscription)
  }

  async #runOnce(subscription: Subscription): Promise<unknown> {
    const read = new Set<string>()
    subscription.isTouched = false
    subscription.seq = this.#host.seq()
    const result = await this.#evaluate(this.#functionOf(subscription.name), subscription.params, bucket => {
      read.add(bucket)
      this.#depend(subscription, bucket)
    })
    for (const bucket of subscription.buckets) if (!read.has(bucket)) this.#forget(bucket, subscription)
    return result
  }

  async #evaluate(query: QueryFunction<never>, params: unknown, onRead: (bucket: string) => void): Promise<unknown> {
    const context: QueryContext = {
      bucket: name => {
        onRead(name)
        return this.#host.readsOf(name)
      },
    }
    const answer = await (query as QueryFunction)(context, params)
    if (!(answer instanceof Query)) return answer
    onRead(answer.bucket)
    return this.#host.run(answer)
  }

  #functionOf(name: string): QueryFunction<never> {
    if (this.#isStopped) throw new StoppedError(this.#host.store)
    const query = this.#functions.get(name)
    if (query === undefined) throw new QueryNotDefinedError(name)
    return query
  }

  #depend(subscription: Subscription, bucket: string): void {
    if (!subscription.isActive || subscription.buckets.has(bucket)) return
    subscription.buckets.add(bucket)
    const dependants = this.#byBucket.get(bucket)
    if (dependants === undefined) this.#byBucket.set(bucket, new Set([subscription]))
    else dependants.add(subscription)
  }

  #forget(bucket: string, subscription: Subscription): void {
    subscription.buckets.delete(bucket)
    const dependants = this.#byBucket.get(bucket)
    dependants?.delete(subscription)
    if (dependants?.size === 0) this.#byBucket.delete(bucket)
  }

  #end(subscription: Subscription): void {
    subscription.isActive = false
    this.#subscriptions.delete(subscription)
    for (const bucket of subscription.buckets) this.#forget(bucket, subscription)
    this.#tellSettling(subscription)
  }

  #tell(subscription: Subscription): void {
    callUser(
      () => subscription.callback(subscription.result),
      error => this.#report(subscription, error),
    )
  }

  #report(subscription: Subscription, error: unknown): void {
    callUser(
      () => subscription.onError(error),
      thrown => this.#host.faults.report(thrown, `onError of query ${subscription.name}`),
    )
  }

  #tellSettling(subscription: Subscription): void {
    for (const settling of this.#settling) {
      if (!settling.pending.has(subscription) || !hasReached(subscription, settling.seq)) continue
      settling.pending.delete(subscription)
      if (settling.pending.size === 0) settling.resolve()
    }
    if (this.#settling.length > 0) this.#settling = this.#settling.filter(({ pending }) => pending.size > 0)
  }
}

/** Nothing up to `seq` is on its way to it any more. */
function hasReached({ isActive, isRunning, isTouched, toldSeq }: Subscription, seq: Seq): boolean {
  return !isActive || toldSeq >= seq || (!isRunning && !isTouched)
}
