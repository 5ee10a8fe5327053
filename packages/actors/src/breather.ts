/**
 * Breather: lets the event loop live while something long goes on.
 *
 * Work in small steps calls `step` after each; when the macrotask has had its budget, that returns a promise of the next one.
 */

import type { Clock } from './clock.js'
import { BUDGET_MS } from './turn-gate.js'

/** Steps between two looks at the clock: a power of two. */
const STEPS_PER_LOOK = 32

export class Breather {
  readonly #clock: Clock
  #steps = 0
  #sinceMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#sinceMs = clock.now()
  }

  step(): undefined | Promise<void> {
    if ((++this.#steps & (STEPS_PER_LOOK - 1)) !== 0) return undefined
    if (Math.abs(this.#clock.now() - this.#sinceMs) < BUDGET_MS) return undefined
    return new Promise(resolve =>
      this.#clock.yield(() => {
        this.#sinceMs = this.#clock.now()
        resolve()
      }),
    )
  }
}
