/**
 * repertory/testing: what tests of a store, and of programs on a store, need.
 *
 * 1 `crash` ends an actor as an uncaught failure would: now, or in the next message, before or inside `apply`.
 * 2 `simulate` runs a scenario under virtual time, seeded interleaving and faults; a failing run names the seed that replays it.
 * 3 `createVirtualClock` replaces time: pass it as `clock` and nothing sleeps.
 */

import { type Fault, OptionError } from '@repertory/core'
import { partsOf, type Store } from './store.js'
import type { BucketDefinitions } from './store-options.js'

export { type FaultRates, type FaultyBackend, faultyBackend } from './faulty-backend.js'
export { seededRandom } from './seeded-random.js'
export { type SimulateOptions, SimulationError, type SimulationReport, simulate, type World } from './simulate.js'
export { createVirtualClock, type VirtualClock } from './virtual-clock.js'

export interface CrashOptions {
  /** `now`: between two messages. `check`: in the next write, before it changes anything. `apply`: in the middle of changing. Default `now`. */
  readonly at?: 'now' | 'check' | 'apply'
}

/** Crashes the actor of a bucket. Its supervisor restarts it; no commit is lost. */
export function crash<B extends BucketDefinitions>(
  store: Store<B>,
  bucket: string,
  error: unknown = new Error('crashed by a test'),
  { at = 'now' }: CrashOptions = {},
): void {
  const { registry, database } = partsOf(store as unknown as Store)
  const actor = registry.find(bucket)
  if (at === 'now') {
    actor.crash(error)
    return
  }
  if (at !== 'check' && at !== 'apply') throw new OptionError('at', `crash takes at: "now", "check" or "apply", not ${String(at)}`)
  const armed: Fault = (point, name) => {
    if (point !== at || name !== bucket) return
    database.fault = undefined
    throw error
  }
  database.fault = armed
}
