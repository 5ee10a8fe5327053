/**
 * Simulate: runs a scenario under virtual time and seeded interleaving, many times, each with a seed of its own.
 *
 * 1 Run `n` has the seed `seed + n`; everything in its world comes from it: the clock, the chance, ids, faults, and the order
 *   in which actors, timers and yields run. The same seed is the same run, to the same trace.
 * 2 A run that fails rejects with `SimulationError`, which names the seed that replays it alone.
 * 3 The store is stopped after the scenario, faults calmed; a stop that fails fails the run.
 *
 * Scenarios must not touch real time, real chance or real I/O: what the world does not decide, it cannot replay.
 */

import type { Backend } from '@repertory/core'
import type { Clock, Random } from './clock.js'
import { type FaultRates, faultyBackend } from './faulty-backend.js'
import { seededRandom } from './seeded-random.js'
import { createSimulationClock } from './simulation-clock.js'
import { Store } from './store.js'
import type { BucketDefinitions, StoreOptions } from './store-options.js'

export interface SimulateOptions<B extends BucketDefinitions = BucketDefinitions> {
  /** Of the first run. Default 1. */
  readonly seed?: number
  /** Default 100. */
  readonly runs?: number
  /** Options of the world's store; clock and random are the world's. */
  readonly store?: Omit<StoreOptions<B>, 'clock' | 'random' | 'persistence'>
  /** Makes the backend of a run, such as `memory`; it is wrapped to be faulty. Absent: the store does not persist. */
  readonly backend?: () => Backend
  readonly faults?: FaultRates
}

export interface World<B extends BucketDefinitions = BucketDefinitions> {
  readonly seed: number
  readonly clock: Clock
  readonly random: Random
  readonly store: Store<B>
  /** Waits in virtual time. */
  sleep(ms: number): Promise<void>
  /** Ends all faults of the backend. */
  calm(): void
  /** Stops the store and starts it again on the same backend, as a restarted process would. The world's `store` is stopped for good. */
  restart(): Promise<Store<B>>
}

/** What a run came to: equal traces are equal runs. */
export interface SimulationReport {
  readonly runs: number
  readonly traces: readonly string[]
}

export class SimulationError extends Error {
  readonly seed: number
  constructor(seed: number, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    super(`run with seed ${seed} failed: ${reason}\nreplay it alone with simulate({ seed: ${seed}, runs: 1, … })`, { cause })
    this.name = 'SimulationError'
    this.seed = seed
  }
}

/** Runs the scenario `runs` times. Rejects with the first failing run's `SimulationError`. */
export async function simulate<const B extends BucketDefinitions = BucketDefinitions>(
  options: SimulateOptions<B>,
  scenario: (world: World<B>) => Promise<void>,
): Promise<SimulationReport> {
  const { seed = 1, runs = 100 } = options
  const traces: string[] = []
  for (let run = 0; run < runs; run++) traces.push(await runOnce(seed + run, options, scenario))
  return { runs, traces }
}

async function runOnce<B extends BucketDefinitions>(
  seed: number,
  options: SimulateOptions<B>,
  scenario: (world: World<B>) => Promise<void>,
): Promise<string> {
  const random = seededRandom(seed)
  const clock = createSimulationClock(random)
  const backend = options.backend === undefined ? undefined : faultyBackend(options.backend(), { clock, random }, options.faults)
  const calm = (): void => backend?.calm()
  let current: Store<B> | undefined
  const open = async (): Promise<Store<B>> => {
    const persistence = backend === undefined ? undefined : { backend }
    current = await Store.start<B>({ ...options.store, persistence, clock, random })
    return current
  }
  const life = async (): Promise<void> => {
    const store = await open()
    const sleep = (ms: number): Promise<void> => new Promise(resolve => clock.after(ms, resolve))
    const restart = async (): Promise<Store<B>> => {
      await current?.stop()
      return open()
    }
    await scenario({ seed, clock, random, store, sleep, calm, restart })
    calm()
    await current?.stop()
  }
  try {
    await clock.drive(life())
  } catch (error) {
    throw new SimulationError(seed, error)
  }
  return clock.trace
}
