/**
 * Virtual clock: a `Clock` whose time moves only when a test says so.
 *
 * 1 Timers run in the order of their time, those of one time in the order they were armed.
 * 2 `yield` and `soon` are the host's own, so awaiting a queued call just works without `advance`.
 * 3 Before the first timer, between timers and after the last, `advance` lets microtasks run and outstanding yields
 *   finish, so a timer sees everything the earlier one led to.
 * 4 `now` stands at a timer's time while it runs, and at the full distance when `advance` resolves.
 * 5 What a timer throws rejects that `advance`; time stands where it happened and a further `advance` goes on from there.
 *
 * It does not wait for I/O of the host (files, sockets, worker threads): await that first, then advance.
 */

import { type Cancel, type Clock, systemClock, validDelayMs } from './clock.js'

export interface VirtualClock extends Clock {
  /** Moves time on by `ms`. Rejects with what a timer threw, or when it is already moving. */
  advance(ms: number): Promise<void>
  /** Timers armed and neither run nor cancelled. */
  readonly pending: number
}

/** Where time begins when nobody says: a moment with a plausible date. */
const START_MS = 1_700_000_000_000

/** Macrotasks without a yield outstanding before all counts as settled: chains of promises may pass through the host's own. */
const QUIET_MACROTASKS = 3

/** A test whose yields never end, or whose timers re-arm themselves at no distance, is told instead of hanging. */
const MACROTASKS_MAX = 100_000
const TIMERS_PER_INSTANT_MAX = 100_000

interface Timer {
  readonly atMs: number
  readonly run: () => void
}

export function createVirtualClock(options: { readonly startMs?: number } = {}): VirtualClock {
  return new SteppedClock(options.startMs ?? START_MS)
}

class SteppedClock implements VirtualClock {
  #nowMs: number
  /** By time; of one time in arming order. */
  readonly #timers: Timer[] = []
  #yields = 0
  #advancing = false

  constructor(startMs: number) {
    this.#nowMs = startMs
  }

  get pending(): number {
    return this.#timers.length
  }

  now(): number {
    return this.#nowMs
  }

  after(delayMs: number, run: () => void): Cancel {
    const timer: Timer = { atMs: this.#nowMs + validDelayMs(delayMs), run }
    this.#timers.splice(this.#placeAfter(timer.atMs), 0, timer)
    return () => this.#disarm(timer)
  }

  yield(run: () => void): void {
    this.#yields++
    systemClock.yield(() => {
      this.#yields--
      run()
    })
  }

  soon(run: () => void): void {
    systemClock.soon(run)
  }

  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`advance(${ms}): time moves forward by 0 ms or more`)
    if (this.#advancing) throw new Error(`advance(${ms}): the clock is already advancing; await that first`)
    this.#advancing = true
    try {
      await this.#runUntil(this.#nowMs + ms)
    } finally {
      this.#advancing = false
    }
  }

  async #runUntil(endMs: number): Promise<void> {
    let atThisInstant = 0
    await this.#settle()
    for (let timer = this.#timers[0]; timer !== undefined && timer.atMs <= endMs; timer = this.#timers[0]) {
      atThisInstant = timer.atMs > this.#nowMs ? 1 : atThisInstant + 1
      if (atThisInstant > TIMERS_PER_INSTANT_MAX)
        throw new Error(`more than ${TIMERS_PER_INSTANT_MAX} timers at ${this.#nowMs} ms: one re-arms itself`)
      this.#timers.shift()
      this.#nowMs = timer.atMs
      timer.run()
      await this.#settle()
    }
    this.#nowMs = endMs
  }

  async #settle(): Promise<void> {
    let quiet = 0
    for (let passed = 0; quiet < QUIET_MACROTASKS; passed++) {
      if (passed > MACROTASKS_MAX) throw new Error(`yields are still outstanding after ${MACROTASKS_MAX} macrotasks: one re-arms itself`)
      await new Promise<void>(resolve => systemClock.yield(resolve))
      quiet = this.#yields === 0 ? quiet + 1 : 0
    }
  }

  #disarm(timer: Timer): void {
    for (let place = this.#placeAfter(timer.atMs) - 1; this.#timers[place]?.atMs === timer.atMs; place--) {
      if (this.#timers[place] !== timer) continue
      this.#timers.splice(place, 1)
      return
    }
  }

  /** The first place behind every timer due at or before `atMs`. */
  #placeAfter(atMs: number): number {
    let low = 0
    let high = this.#timers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#timers[middle]!.atMs <= atMs) low = middle + 1
      else high = middle
    }
    return low
  }
}
