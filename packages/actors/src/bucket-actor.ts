/**
 * Bucket actor: admission, order, deadlines and failure for one bucket. It owns no data, so its death loses none.
 *
 *   loading ◀─pause()── serving
 *   loading ──serve()──▶ serving ──crash──▶ (supervised-child.ts: restarting, waiting, open, probing) ──▶ serving
 *      └──fail()──▶ failed                                        any ──stop()──▶ stopped
 *
 * 1 Calls run one at a time, in the order made. A call runs in its caller's turn only while nothing waits and the gate is
 *   open; otherwise it waits in the mailbox, up to its deadline.
 * 2 A `StoreError` is an answer. Anything else out of core, and whatever cuts `apply` off, is a crash: the caller is answered
 *   once with `ActorCrashedError {executed: 'no'}`, the message goes to the dead letters, the child is restarted.
 * 3 A crash inside `apply` is undone before anyone else runs: no commit sees the torn image.
 * 4 Restarting compares counts and fingerprint (rebuilding what derives from the records if they disagree), serves, then
 *   verifies everything in slices behind.
 * 5 While the circuit is open calls are refused at once with `UnavailableError`; in every other pause they wait.
 * 6 What a waiting call was given is captured when it is made: the caller may reuse its objects at once.
 */

import {
  ActorCrashedError,
  type BucketImage,
  CorruptError,
  type Database,
  Reader,
  StoppedError,
  StoreError,
  UnavailableError,
} from '@repertory/core'
import type { WriteOptions } from './call-options.js'
import { captureInput, captureOptions } from './captured-input.js'
import type { Clock, Random } from './clock.js'
import type { CommitLine } from './commit-line.js'
import type { DeadLetters } from './dead-letters.js'
import type { FaultLog } from './fault-log.js'
import { Mailbox, type MailboxCounts, type MailboxOptions } from './mailbox.js'
import type { ActorState, StatusBus } from './status-bus.js'
import { type RestartPolicy, type SupervisedChild, superviseChild } from './supervised-child.js'
import type { Drainable, TurnGate } from './turn-gate.js'

export interface BucketActorOptions {
  readonly store: string
  readonly image: BucketImage
  readonly line: CommitLine
  readonly database: Database
  readonly gate: TurnGate
  readonly clock: Clock
  readonly random: Random
  readonly mailbox: Omit<MailboxOptions, 'owner' | 'clock'>
  readonly policy: Partial<RestartPolicy>
  readonly deadLetters: DeadLetters
  readonly faults: FaultLog
  readonly status: StatusBus
}

/** Slots verified per macrotask after a restart: about 1 ms. */
const VERIFIED_PER_SLICE = 500

/** What a verb does inside the turn. */
export type Work<A, B, R> = (actor: BucketActor, a: A, b: B, options: WriteOptions | undefined) => R

export class BucketActor implements Drainable {
  readonly name: string
  readonly image: BucketImage
  readonly reader: Reader
  readonly line: CommitLine
  readonly #options: BucketActorOptions
  readonly #mailbox: Mailbox
  readonly #child: SupervisedChild
  #phase: 'loading' | 'serving' | 'failed' | 'stopped' = 'loading'
  /** Phase and child in one flag: what the hot path looks at. */
  #isServing = false
  #failure: unknown
  #handledInTurn = 0
  #refusedInTurn = 0
  #crashedInTurn = 0

  constructor(options: BucketActorOptions) {
    this.#options = options
    this.image = options.image
    this.line = options.line
    this.name = options.image.name
    this.reader = new Reader(options.image)
    this.#mailbox = new Mailbox({ ...options.mailbox, owner: this.name, clock: options.clock })
    this.#child = superviseChild({
      id: this.name,
      policy: options.policy,
      clock: options.clock,
      random: options.random,
      restart: () => this.#recover(),
      onState: () => this.#childMoved(),
      onError: error => options.faults.report(error, `bucket ${this.name}`),
    })
  }

  /** Runs `work` in this turn or a later one. */
  call<A, B, R>(verb: string, work: Work<A, B, R>, a: A, b: B, options: WriteOptions | undefined): Promise<R> {
    if (this.#isServing && this.#mailbox.depth === 0 && options?.signal === undefined && this.#options.gate.admits()) {
      const { gate } = this.#options
      gate.isInTurn = true
      try {
        const result = work(this, a, b, options)
        this.#handledInTurn++
        return Promise.resolve(result)
      } catch (error) {
        return Promise.reject(this.#failed(verb, error, false))
      } finally {
        gate.isInTurn = false
      }
    }
    return this.#send(verb, work, a, b, options)
  }

  /** Everything is loaded: messages are served from here on. A bucket that was stopped meanwhile stays so. */
  serve(): void {
    if (this.#phase !== 'loading') return
    this.#phase = 'serving'
    this.#childMoved()
  }

  /** Calls wait until `serve`. */
  pause(): void {
    if (this.#phase !== 'serving') return
    this.#phase = 'loading'
    this.#isServing = false
  }

  /** The bucket cannot be served: whoever waits, and every later call, gets `error`. */
  fail(error: unknown): void {
    if (this.#phase === 'stopped') return
    this.#phase = 'failed'
    this.#failure = error
    this.#isServing = false
    this.#child.stop()
    this.#mailbox.close(() => error as Error)
  }

  /** Ends the actor as an uncaught failure would: it is restarted by its supervisor. */
  crash(error: unknown): void {
    if (this.#phase !== 'serving') return
    this.#isServing = false
    this.#child.crashed(error)
  }

  /** No message runs any more; what waits is answered with `error`. */
  stop(error: () => Error): void {
    this.#phase = 'stopped'
    this.#isServing = false
    this.#child.stop()
    this.#mailbox.close(error)
  }

  /** Resolves when every message is answered. */
  drained(): Promise<void> {
    return this.#mailbox.emptied()
  }

  runNext(): boolean {
    if (!this.#isServing) return false
    const message = this.#mailbox.next()
    if (message === undefined) return false
    const { gate } = this.#options
    gate.isInTurn = true
    try {
      this.#mailbox.answer(message, 'handled', message.run())
    } catch (error) {
      const answer = this.#failed(message.verb, error, true)
      this.#mailbox.answer(message, answer instanceof ActorCrashedError ? 'crashed' : 'refused', answer)
    } finally {
      gate.isInTurn = false
    }
    return this.#isServing && this.#mailbox.depth > 0
  }

  get state(): ActorState {
    if (this.#phase !== 'serving') return this.#phase
    const { state } = this.#child
    return state === 'running' ? 'serving' : state
  }

  get restarts(): number {
    return this.#child.restarts
  }

  get lastError(): unknown {
    return this.#failure ?? this.#child.lastError
  }

  get mailbox(): { readonly depth: number; readonly ageMs: number; readonly counts: Readonly<MailboxCounts> } {
    const { counts } = this.#mailbox
    const inTurn = this.#handledInTurn + this.#refusedInTurn + this.#crashedInTurn
    return {
      depth: this.#mailbox.depth,
      ageMs: this.#mailbox.ageMs,
      counts: {
        ...counts,
        sent: counts.sent + inTurn,
        handled: counts.handled + this.#handledInTurn,
        refused: counts.refused + this.#refusedInTurn,
        crashed: counts.crashed + this.#crashedInTurn,
      },
    }
  }

  /** Apart from `call`, which would otherwise make room for this closure even when it runs at once. */
  #send<A, B, R>(verb: string, work: Work<A, B, R>, a: A, b: B, options: WriteOptions | undefined): Promise<R> {
    const capture = (): (() => R) => {
      const [first, second, given] = [captureInput(a), captureInput(b), captureOptions(options)]
      return () => work(this, first, second, given)
    }
    const refusal = this.#refusal()
    if (refusal !== undefined) {
      this.#refusedInTurn++
      return Promise.reject(refusal)
    }
    const answer = this.#mailbox.send(verb, capture, options)
    if (this.#isServing) this.#options.gate.schedule(this)
    return answer as Promise<R>
  }

  #refusal(): unknown {
    const { state } = this
    if (state === 'failed') return this.#failure
    if (state === 'stopped') return new StoppedError(this.#options.store)
    return state === 'open' ? this.#unavailable() : undefined
  }

  #unavailable(): UnavailableError {
    const { retryAtMs, lastError } = this.#child
    const inMs = retryAtMs === undefined ? 0 : Math.max(0, Math.round(retryAtMs - this.#options.clock.now()))
    return new UnavailableError(`Bucket "${this.name}" crashed too often and rests; it tries again in ${inMs} ms`, { cause: lastError })
  }

  /** Tells the two kinds of failure apart (invariant 2) and answers the caller's error. */
  #failed(verb: string, error: unknown, isQueued: boolean): Error {
    const { database, deadLetters, clock } = this.#options
    if (error instanceof StoreError && !database.isInterrupted) {
      if (!isQueued) this.#refusedInTurn++
      return error
    }
    if (database.isInterrupted) this.#repair(error)
    if (!isQueued) this.#crashedInTurn++
    deadLetters.add({ bucket: this.name, verb, at: clock.now(), error })
    this.crash(error)
    return new ActorCrashedError(this.name, 'no', error)
  }

  /** Invariant 3. Where even that fails the bucket serves no more: its records are not known to be those of the commits. */
  #repair(cause: unknown): void {
    try {
      this.#options.database.repair()
    } catch (error) {
      this.#options.faults.report(error, `bucket ${this.name}`)
      this.fail(
        new CorruptError(`Bucket "${this.name}" crashed inside a commit and could not be put back; start the store anew`, { cause }),
      )
    }
  }

  #childMoved(): void {
    const { state } = this
    this.#isServing = state === 'serving' || state === 'probing'
    if (this.#isServing && this.#mailbox.depth > 0) this.#options.gate.schedule(this)
    if (state === 'open') this.#mailbox.refuseAll(() => this.#unavailable())
    this.#options.status.moved({ kind: 'bucket', name: this.name, state, lastError: this.lastError })
  }

  /** Invariant 4. Throws when the bucket cannot be served. */
  #recover(): void {
    if (this.image.verifyCounts() !== undefined) this.image.rebuild()
    this.#verifyBehind(0, this.#child.restarts)
  }

  /** Ends when a later restart begins anew: a bucket that crashes often is verified once, not once a crash. */
  #verifyBehind(from: number, restart: number): void {
    if (this.#phase !== 'serving' || restart !== this.#child.restarts || from >= this.image.records.length) return
    const { clock, faults } = this.#options
    try {
      const problem = this.image.verifySlots(from, VERIFIED_PER_SLICE)
      if (problem === undefined) clock.yield(() => this.#verifyBehind(from + VERIFIED_PER_SLICE, restart))
      else {
        this.image.rebuild()
        faults.report(new Error(`after a restart ${problem}; keys and indexes were rebuilt from the records`), `bucket ${this.name}`)
      }
    } catch (error) {
      this.crash(error)
    }
  }
}
