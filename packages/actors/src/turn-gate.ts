/**
 * Turn gate: decides whether a call runs in its caller's turn, and runs the ones that had to wait.
 *
 *      call ── mailbox empty, gate open ──▶ runs now, settled promise
 *        └──── otherwise ──▶ mailbox ──▶ `schedule(actor)` ──▶ next macrotask: slices of 5 ms, round robin
 *
 * 1 One gate a store: the budget is the event loop's, not a bucket's. However many buckets have work, one macrotask takes
 *   5 ms of it, then timers and I/O have their turn.
 * 2 Spent: at each 64th call, unless one is armed, a yield is armed and the time noted. A yield still armed 5 ms later means
 *   that this macrotask has used its budget: calls are queued until the yield comes. So a million awaits of settled
 *   promises never starve a timer, at the cost of one counter.
 * 3 No call runs inside a turn: while core is on the stack (defaults, predicates, refinements) calls are queued.
 * 4 Held: while too many commits wait for their subscribers, calls are queued until half are delivered.
 * 5 Under a simulation clock the seed decides: whether a call waits, and which actor runs its next message.
 */

import type { Clock } from './clock.js'

/** Of one macrotask, ms: a timer waits for this, the dispatcher's 5 ms and the callers' own work. */
export const BUDGET_MS = 5

/** Calls between two looks at the clock: a power of two. 64 calls take some 30 µs, 0.6 % of the budget. */
const CALLS_PER_LOOK = 64

/** Messages an actor runs before the next one, and between two looks at the clock. */
const MESSAGES_PER_LOOK = 16

/** What the gate drains. */
export interface Drainable {
  /** Runs the next waiting message. False when there is none, or none may run. */
  runNext(): boolean
}

export class TurnGate {
  /** Core is on the stack. */
  isInTurn = false
  readonly #clock: Clock
  /** A seed decides which calls wait and which actor comes next. */
  readonly #isSimulated: boolean
  #isSpent = false
  #isHeld = false
  #calls = 0
  #isArmed = false
  #armedAtMs = 0
  #waiting: Drainable[] = []
  readonly #isWaiting = new Set<Drainable>()
  #isScheduled = false

  constructor(clock: Clock) {
    this.#clock = clock
    this.#isSimulated = clock.pick !== undefined
  }

  /** Whether a call may run in its caller's turn. Counts it. */
  admits(): boolean {
    if (this.isInTurn || this.#isSpent || this.#isHeld) return false
    if (this.#isSimulated && this.#clock.pick?.(2) === 1) return false
    if ((++this.#calls & (CALLS_PER_LOOK - 1)) !== 0) return true
    return this.#look()
  }

  /** The actor has messages: they run in one of the next macrotasks. */
  schedule(actor: Drainable): void {
    if (this.#isWaiting.has(actor)) return
    this.#isWaiting.add(actor)
    this.#waiting.push(actor)
    this.#arm()
  }

  /** Queues every call until `release`. */
  hold(): void {
    this.#isHeld = true
  }

  release(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.#arm()
  }

  #look(): boolean {
    if (!this.#isArmed) {
      this.#isArmed = true
      this.#armedAtMs = this.#clock.now()
      this.#clock.yield(() => {
        this.#isArmed = false
        this.#isSpent = false
      })
      return true
    }
    this.#isSpent = this.#clock.now() - this.#armedAtMs >= BUDGET_MS
    return !this.#isSpent
  }

  #arm(): void {
    if (this.#isScheduled || this.#isHeld || this.#waiting.length === 0) return
    this.#isScheduled = true
    this.#clock.yield(() => this.#drain())
  }

  #drain(): void {
    this.#isScheduled = false
    if (this.#isSimulated) {
      this.#drainOne()
      return
    }
    const startMs = this.#clock.now()
    while (this.#waiting.length > 0 && !this.#isHeld) {
      const round = this.#waiting
      this.#waiting = []
      for (const [at, actor] of round.entries()) {
        this.#isWaiting.delete(actor)
        let hasMore = true
        for (let turn = 0; turn < MESSAGES_PER_LOOK && hasMore && !this.#isHeld; turn++) hasMore = actor.runNext()
        if (hasMore) this.#requeue(actor)
        if (this.#clock.now() - startMs < BUDGET_MS && !this.#isHeld) continue
        this.#waiting = [...round.slice(at + 1), ...this.#waiting]
        this.#arm()
        return
      }
    }
    this.#arm()
  }

  /** One message of an actor the seed picks; the next one is a step of its own. */
  #drainOne(): void {
    if (this.#isHeld || this.#waiting.length === 0) return
    const [actor] = this.#waiting.splice(this.#clock.pick?.(this.#waiting.length) ?? 0, 1)
    this.#isWaiting.delete(actor!)
    if (actor!.runNext()) this.#requeue(actor!)
    this.#arm()
  }

  #requeue(actor: Drainable): void {
    if (this.#isWaiting.has(actor)) return
    this.#isWaiting.add(actor)
    this.#waiting.push(actor)
  }
}
