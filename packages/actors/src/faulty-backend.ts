/**
 * Faulty backend: a wrapper that fails as real places do, by chance that a seed decides.
 *
 * 1 It keeps the port's contract: a rejected call changed nothing or may be repeated with the same arguments. So a save may
 *   fail before it wrote, or succeed and lose its answer.
 * 2 Calls take time, on the given clock.
 * 3 `calm()` ends all faults and delays for good, so that a test can ask what came of it.
 */

import { type Backend, type Cut, type OpenContext, type Opened, type StatePort, type StoredRecord, UnavailableError } from '@repertory/core'
import type { Clock, Random } from './clock.js'

export interface FaultRates {
  /** Chance that a call fails and changes nothing. Default 0.2. */
  readonly fails?: number
  /** Chance that a save is written and its answer lost. Default 0.1. */
  readonly losesAnswer?: number
  /** The longest a call takes, ms. Default 500. */
  readonly delayMsMax?: number
}

export interface FaultyBackend extends Backend {
  readonly state: StatePort
  calm(): void
}

/** Wraps a backend that keeps records. */
export function faultyBackend(
  backend: Backend,
  world: { readonly clock: Clock; readonly random: Random },
  rates: FaultRates = {},
): FaultyBackend {
  const { fails = 0.2, losesAnswer = 0.1, delayMsMax = 500 } = rates
  const { clock, random } = world
  const { state } = backend
  if (state === undefined) throw new Error(`${backend.name} has no state port to make faulty`)
  let isCalm = false
  const happens = (chance: number): boolean => !isCalm && random() < chance
  const wait = (): Promise<void> => (isCalm ? Promise.resolve() : new Promise(resolve => clock.after(random() * delayMsMax, resolve)))
  const failure = (call: string): UnavailableError => new UnavailableError(`${call} failed by chance`)
  const attempt = async <T>(call: string, run: () => Promise<T>, canLoseAnswer: boolean): Promise<T> => {
    await wait()
    if (happens(fails)) throw failure(call)
    const answer = await run()
    if (canLoseAnswer && happens(losesAnswer)) throw failure(`the answer of ${call}`)
    return answer
  }
  return {
    name: `faulty ${backend.name}`,
    facts: backend.facts,
    open: (context: OpenContext): Promise<Opened> => backend.open(context),
    close: () => backend.close(),
    state: {
      load: (bucket, options): AsyncIterable<readonly StoredRecord[]> => state.load(bucket, options),
      save: (cut: Cut) => attempt('save', () => state.save(cut), true),
      drop: bucket => attempt('drop', () => state.drop(bucket), true),
    },
    calm: () => {
      isCalm = true
    },
  }
}
