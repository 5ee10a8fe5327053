/**
 * Seeded random: the same numbers from the same seed, on every machine.
 *
 * mulberry32 (Tommy Ettinger, public domain): 32 bits of state, a period of 2^32, good enough to choose between
 * interleavings; not for secrets.
 */

import type { Random } from './clock.js'

/** Uniform in [0, 1), determined by `seed` alone (its lower 32 bits). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000
  }
}
