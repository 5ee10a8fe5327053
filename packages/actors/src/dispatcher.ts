/**
 * Dispatcher: hands commits to their consumers after the turn, in commit order.
 *
 *      turn ── publish(commit) ──▶ [ c7 c8 c9 ] ── microtask, then macrotasks, 5 ms each ──▶ events, function queries
 *
 * 1 One FIFO for all buckets, so every consumer sees commits in order. Consumers may call the store; their commits go to the end.
 * 2 Bounded by back-pressure, never by dropping: while 10,000 commits wait the gate is held, and calls queue until half are
 *   delivered.
 * 3 Without a consumer a commit is not queued at all.
 */

import type { Commit, Seq } from '@repertory/core'
import type { Clock } from './clock.js'
import { BUDGET_MS, type TurnGate } from './turn-gate.js'

/** Commits that may wait for their consumers before calls are held. */
const WAITING_MAX = 10_000

/** Commits between two looks at the clock. */
const COMMITS_PER_LOOK = 16

/** Consumed places before the queue is compacted. */
const COMPACT_AFTER = 1024

export interface Consumer {
  readonly hasListeners: boolean
  /** Never throws. */
  deliver(commit: Commit): void
}

export class Dispatcher {
  readonly #clock: Clock
  readonly #gate: TurnGate
  readonly #consumers: readonly Consumer[]
  #queue: Commit[] = []
  #head = 0
  #isScheduled = false
  #isDelivering = false
  #waiting: { readonly seq: Seq; readonly resolve: () => void }[] = []

  constructor(clock: Clock, gate: TurnGate, consumers: readonly Consumer[]) {
    this.#clock = clock
    this.#gate = gate
    this.#consumers = consumers
  }

  publish(commit: Commit): void {
    if (this.#backlog === 0 && !this.#isDelivering && !this.#hasListeners()) return
    this.#queue.push(commit)
    if (this.#backlog >= WAITING_MAX) this.#gate.hold()
    // While delivering, the drain sees to what is published now: a microtask here would let slow handlers starve timers.
    if (this.#isScheduled || this.#isDelivering) return
    this.#isScheduled = true
    this.#clock.soon(() => this.#drain())
  }

  /** Resolves when the commits published so far are delivered. */
  delivered(): Promise<void> {
    const newest = this.#queue[this.#queue.length - 1]
    if (this.#backlog === 0 || newest === undefined) return Promise.resolve()
    return new Promise(resolve => this.#waiting.push({ seq: newest.seq, resolve }))
  }

  get #backlog(): number {
    return this.#queue.length - this.#head
  }

  #hasListeners(): boolean {
    for (const consumer of this.#consumers) if (consumer.hasListeners) return true
    return false
  }

  #drain(): void {
    this.#isScheduled = false
    this.#isDelivering = true
    const startMs = this.#clock.now()
    let count = 0
    while (this.#head < this.#queue.length) {
      const commit = this.#queue[this.#head]!
      for (const consumer of this.#consumers) consumer.deliver(commit)
      this.#head++
      if (++count % COMMITS_PER_LOOK === 0 && this.#clock.now() - startMs >= BUDGET_MS) break
    }
    this.#isDelivering = false
    const last = this.#queue[this.#head - 1]
    this.#compact()
    if (this.#backlog <= WAITING_MAX / 2) this.#gate.release()
    if (last !== undefined) this.#resolve(last.seq)
    if (this.#backlog === 0) return
    this.#isScheduled = true
    this.#clock.yield(() => this.#drain())
  }

  #compact(): void {
    if (this.#head === this.#queue.length) this.#queue = []
    else if (this.#head >= COMPACT_AFTER) this.#queue = this.#queue.slice(this.#head)
    else return
    this.#head = 0
  }

  #resolve(seq: Seq): void {
    if (this.#waiting.length === 0) return
    const reached = this.#waiting.filter(waiter => waiter.seq <= seq)
    this.#waiting = this.#waiting.filter(waiter => waiter.seq > seq)
    for (const waiter of reached) waiter.resolve()
  }
}
