/**
 * Simulation clock: virtual time, and a seed that decides what runs next.
 *
 *      drive ──▶ host macrotask (microtasks settle) ──▶ something ready? run one, chosen by the seed
 *        ▲                                              └─ no: the earliest timer; time jumps there
 *        └───────────────────────────────────────────────────────────────┘
 *
 * 1 Every choice between things that are ready comes from the seed: yields, timers of one instant, and through `pick` which
 *   actor runs its next message and whether a call runs in its caller's turn. Nothing else decides, so one seed is one run.
 * 2 Time passes only when nothing is ready, and jumps to the next timer: an hour of retries takes no time.
 * 3 `trace` sums up all choices and times: equal traces are equal runs.
 * 4 A run with nothing ready, no timer and no end is stuck, and is told so instead of hanging.
 *
 * It cannot order real I/O: simulate over backends that live in memory.
 */

import { type Cancel, type Clock, type Random, systemClock, validDelayMs } from './clock.js'

export interface SimulationClock extends Clock {
  readonly trace: string
  /** Runs the world until `work` settles; its outcome. Rejects with what a timer or yield threw, or when the run is stuck. */
  drive<T>(work: Promise<T>): Promise<T>
}

/** Where time begins: a moment with a plausible date. */
const START_MS = 1_700_000_000_000

/** Host macrotasks in which nothing happens before a run counts as stuck: promises may pass through the host's own. */
const IDLE_MAX = 50

/** Steps of one run before it counts as endless. */
const STEPS_MAX = 1_000_000

interface Timer {
  readonly atMs: number
  readonly run: () => void
}

export function createSimulationClock(random: Random): SimulationClock {
  return new SeededClock(random)
}

class SeededClock implements SimulationClock {
  readonly #random: Random
  #nowMs = START_MS
  #ready: (() => void)[] = []
  readonly #timers = new Set<Timer>()
  #steps = 0
  #mark = 0x811c9dc5

  constructor(random: Random) {
    this.#random = random
  }

  get trace(): string {
    return `${this.#steps}-${this.#nowMs - START_MS}-${(this.#mark >>> 0).toString(16)}`
  }

  now(): number {
    return this.#nowMs
  }

  after(delayMs: number, run: () => void): Cancel {
    if (delayMs === Number.POSITIVE_INFINITY) return () => undefined
    const timer = { atMs: this.#nowMs + validDelayMs(delayMs), run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  yield(run: () => void): void {
    this.#ready.push(run)
  }

  soon(run: () => void): void {
    systemClock.soon(run)
  }

  pick(count: number): number {
    const picked = Math.min(count - 1, Math.floor(this.#random() * count))
    this.#steps++
    this.#mark = Math.imul(this.#mark ^ (picked + count * 31 + (this.#nowMs - START_MS) * 131), 0x01000193)
    return picked
  }

  async drive<T>(work: Promise<T>): Promise<T> {
    let isSettled = false
    const settled = (): void => {
      isSettled = true
    }
    work.then(settled, settled)
    let idle = 0
    const stepsBefore = this.#steps
    for (;;) {
      await new Promise<void>(resolve => systemClock.yield(resolve))
      if (isSettled) return work
      if (this.#steps - stepsBefore > STEPS_MAX)
        throw new Error(`the simulation made ${STEPS_MAX} steps and has not ended: something goes on for ever`)
      if (this.#step()) idle = 0
      else if (++idle > IDLE_MAX)
        throw new Error('the simulation is stuck: nothing is ready, no timer is armed, and the scenario has not ended')
    }
  }

  /** One thing happens; false when there is nothing. */
  #step(): boolean {
    if (this.#ready.length > 0) {
      const [run] = this.#ready.splice(this.pick(this.#ready.length), 1)
      run?.()
      return true
    }
    let earliestMs = Number.POSITIVE_INFINITY
    for (const { atMs } of this.#timers) earliestMs = Math.min(earliestMs, atMs)
    const due = [...this.#timers].filter(timer => timer.atMs === earliestMs)
    if (due.length === 0) return false
    this.#nowMs = Math.max(this.#nowMs, earliestMs)
    const timer = due[this.pick(due.length)]!
    this.#timers.delete(timer)
    timer.run()
    return true
  }
}
