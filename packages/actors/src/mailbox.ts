/**
 * Mailbox: the bounded queue in front of one actor.
 *
 * 1 First in, first out, over messages and waiters alike: the first `max` are in the mailbox, those behind them wait for a
 *   place, and all waiters of a store share one bound.
 * 2 Each message is answered exactly once; `settle` enforces it. A message answered while it waits (deadline, abort) is
 *   skipped when its turn comes, never run.
 * 3 sent = handled + refused + expired + aborted + crashed + still waiting, countable at any time.
 * 4 One timer: the earliest deadline. An expired message is answered at its deadline even while the actor is down, and is
 *   not run even when the timer comes late.
 * 5 What a message carries is captured only once it has its place. Messages answered while they wait leave the queue at the
 *   latest when they are half of it, so the queue is bounded however long the actor is down.
 */

import { AbortedError, DeadlineError, OverloadedError } from '@repertory/core'
import { AbortWatch } from './abort-watch.js'
import type { Cancel, Clock } from './clock.js'

/** What the caller of a message set for it. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
}

export type Outcome = 'handled' | 'refused' | 'expired' | 'aborted' | 'crashed'

/** One call that could not run at once. */
export interface Message {
  readonly run: () => unknown
  /** For messages and errors: `update`. */
  readonly verb: string
  readonly sentAtMs: number
  readonly deadlineMs: number
  resolve(value: unknown): void
  reject(error: unknown): void
  isAnswered: boolean
  /** Takes the abort listener off the caller's signal. */
  release: (() => void) | undefined
}

export interface MailboxCounts {
  sent: number
  handled: number
  refused: number
  expired: number
  aborted: number
  crashed: number
}

/** Callers that wait for a place, over all mailboxes of a store. */
export class Waiters {
  count = 0
  readonly max: number
  constructor(max: number) {
    this.max = max
  }
}

export interface MailboxOptions {
  /** The actor, for messages. */
  readonly owner: string
  readonly clock: Clock
  readonly max: number
  readonly whenFull: 'wait' | 'reject'
  readonly waiters: Waiters
  readonly callTimeoutMs: number
}

/** What to advise a refused caller: about the time a full mailbox takes to drain. */
const RETRY_AFTER_MS = 50

/** The answer of a message nobody waits for. */
const forget = (): void => undefined

/** Consumed places before the queue is compacted. */
const COMPACT_AFTER = 1024

export class Mailbox {
  readonly counts: MailboxCounts = { sent: 0, handled: 0, refused: 0, expired: 0, aborted: 0, crashed: 0 }
  readonly #options: MailboxOptions
  #queue: Message[] = []
  #head = 0
  #depth = 0
  /** Messages in the queue that are answered already. */
  #answeredWaiting = 0
  #emptied: (() => void)[] = []
  readonly #aborts = new AbortWatch()
  /** One refusal for all that come while nothing leaves: a million of them in one loop must not fill the heap. */
  #overloaded: Promise<never> | undefined
  #sweepAtMs = Number.POSITIVE_INFINITY
  #cancelSweep: Cancel | undefined

  constructor(options: MailboxOptions) {
    this.#options = options
  }

  /** Messages not answered yet, waiters included. */
  get depth(): number {
    return this.#depth
  }

  /** How long the oldest message waits, ms. */
  get ageMs(): number {
    const oldest = this.#queue.find((message, at) => at >= this.#head && !message.isAnswered)
    return oldest === undefined ? 0 : this.#options.clock.now() - oldest.sentAtMs
  }

  /** Queues what `capture` makes; its answer. Rejects at once with OverloadedError when there is no place and no waiting. */
  send(verb: string, capture: () => () => unknown, options: CallOptions | undefined): Promise<unknown> {
    this.counts.sent++
    const refusal = this.#refusal(verb, options)
    if (refusal !== undefined) return refusal
    const { clock, callTimeoutMs, max, waiters } = this.#options
    if (this.#depth >= max) waiters.count++
    this.#depth++
    const sentAtMs = clock.now()
    const deadlineMs = sentAtMs + (options?.timeoutMs ?? callTimeoutMs)
    const run = capture()
    return new Promise((resolve, reject) => {
      const message: Message = { run, verb, sentAtMs, deadlineMs, resolve, reject, isAnswered: false, release: undefined }
      this.#queue.push(message)
      const signal = options?.signal
      if (signal !== undefined) {
        message.release = this.#aborts.watch(signal, () => this.#answerWaiting(message, 'aborted', this.#aborted(verb, signal)))
      }
      if (deadlineMs < this.#sweepAtMs) this.#armSweep(deadlineMs)
    })
  }

  /** Queues a message whose sender does not wait: it has no deadline, and without a place it is only counted. */
  post(verb: string, capture: () => () => unknown): void {
    const { clock, max, whenFull, waiters } = this.#options
    this.counts.sent++
    if (this.#depth >= max) {
      if (whenFull === 'reject' || waiters.count >= waiters.max) {
        this.counts.refused++
        return
      }
      waiters.count++
    }
    this.#depth++
    const [sentAtMs, deadlineMs] = [clock.now(), Number.POSITIVE_INFINITY]
    this.#queue.push({ run: capture(), verb, sentAtMs, deadlineMs, resolve: forget, reject: forget, isAnswered: false, release: undefined })
  }

  /** The next message to run; `undefined` when none waits. It leaves the queue, and can expire or be aborted no more. */
  next(): Message | undefined {
    if (this.#sweepAtMs !== Number.POSITIVE_INFINITY && this.#options.clock.now() >= this.#sweepAtMs) this.#sweep()
    while (this.#head < this.#queue.length) {
      const message = this.#queue[this.#head++]!
      if (this.#head >= COMPACT_AFTER && this.#head * 2 >= this.#queue.length) {
        this.#queue = this.#queue.slice(this.#head)
        this.#head = 0
      }
      if (!message.isAnswered) {
        message.release?.()
        message.release = undefined
        return message
      }
      this.#answeredWaiting--
    }
    this.#queue = []
    this.#head = 0
    return undefined
  }

  /** Resolves when nothing waits any more. */
  emptied(): Promise<void> {
    return this.#depth === 0 ? Promise.resolve() : new Promise(resolve => this.#emptied.push(resolve))
  }

  /** Answers a message, once. `value` is the result when handled, otherwise the error. */
  answer(message: Message, outcome: Outcome, value: unknown): void {
    if (message.isAnswered) return
    message.isAnswered = true
    message.release?.()
    if (this.#depth > this.#options.max) this.#options.waiters.count--
    this.#depth--
    this.#overloaded = undefined
    this.counts[outcome]++
    if (outcome === 'handled') message.resolve(value)
    else message.reject(value)
    if (this.#depth === 0) this.#disarmSweep()
    if (this.#depth === 0 && this.#emptied.length > 0) for (const resolve of this.#emptied.splice(0)) resolve()
  }

  /** Answers everything that waits with the same error. */
  refuseAll(error: () => Error): void {
    for (let message = this.next(); message !== undefined; message = this.next()) this.answer(message, 'refused', error())
  }

  /** Stops the deadline timer; nothing is left to expire. */
  close(error: () => Error): void {
    this.refuseAll(error)
    this.#disarmSweep()
  }

  /** The answer to a call that gets no place; `undefined` when it gets one. */
  #refusal(verb: string, options: CallOptions | undefined): Promise<never> | undefined {
    const { max, whenFull, waiters } = this.#options
    if (options?.signal?.aborted === true) {
      this.counts.aborted++
      return Promise.reject(this.#aborted(verb, options.signal))
    }
    if (this.#depth < max || (whenFull === 'wait' && waiters.count < waiters.max)) return undefined
    this.counts.refused++
    this.#overloaded ??= Promise.reject(this.#overload())
    return this.#overloaded
  }

  #overload(): OverloadedError {
    const { owner, whenFull, waiters } = this.#options
    const waiting = `"${owner}" has ${this.#depth} messages waiting`
    const advice =
      whenFull === 'reject'
        ? ', the most it takes; slow down, or raise mailbox.max'
        : `, and ${waiters.count} callers of the store wait for a place already; await calls instead of sending them all`
    return new OverloadedError(waiting + advice, RETRY_AFTER_MS)
  }

  #aborted(verb: string, signal: AbortSignal): AbortedError {
    return new AbortedError(`${verb} on "${this.#options.owner}" was aborted before it ran`, { cause: signal.reason })
  }

  /** A message that leaves while it is in the queue. */
  #answerWaiting(message: Message, outcome: 'expired' | 'aborted', error: Error): void {
    if (message.isAnswered) return
    this.answer(message, outcome, error)
    this.#answeredWaiting++
    if (outcome === 'aborted') this.#compact()
  }

  /** Invariant 5. */
  #compact(): void {
    if (this.#answeredWaiting < COMPACT_AFTER || this.#answeredWaiting * 2 < this.#queue.length - this.#head) return
    this.#queue = this.#queue.filter((message, at) => at >= this.#head && !message.isAnswered)
    this.#head = 0
    this.#answeredWaiting = 0
  }

  /** Nobody waits: the timer must not keep the process. */
  #disarmSweep(): void {
    this.#cancelSweep?.()
    this.#cancelSweep = undefined
    this.#sweepAtMs = Number.POSITIVE_INFINITY
  }

  #armSweep(atMs: number): void {
    this.#cancelSweep?.()
    this.#sweepAtMs = atMs
    const { clock } = this.#options
    this.#cancelSweep = clock.after(atMs - clock.now(), () => this.#sweep(), 'awaited')
  }

  #sweep(): void {
    this.#sweepAtMs = Number.POSITIVE_INFINITY
    const { clock, owner } = this.#options
    const nowMs = clock.now()
    let earliestMs = Number.POSITIVE_INFINITY
    for (let at = this.#head; at < this.#queue.length; at++) {
      const message = this.#queue[at]!
      if (message.isAnswered) continue
      if (message.deadlineMs > nowMs) {
        earliestMs = Math.min(earliestMs, message.deadlineMs)
        continue
      }
      const waitedMs = nowMs - message.sentAtMs
      this.#answerWaiting(
        message,
        'expired',
        new DeadlineError(`${message.verb} on "${owner}" waited ${waitedMs} ms for its turn and was not run`, 'no'),
      )
    }
    this.#compact()
    if (earliestMs !== Number.POSITIVE_INFINITY) this.#armSweep(earliestMs)
  }
}
