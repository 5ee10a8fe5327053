/**
 * Store rig: a store under virtual time whose faults are kept, stopped when its test ends.
 *
 * It also knows two buckets that most tests use, and how to tell what became of a promise.
 */

import { onTestFinished } from 'vitest'
import { partsOf, Store, type StoreParts } from './store.js'
import type { BucketDefinitions, StoreOptions } from './store-options.js'
import { createVirtualClock, type VirtualClock } from './virtual-clock.js'

export const USERS = {
  key: 'id',
  schema: {
    id: { type: 'string', required: true },
    name: { type: 'string' },
    age: { type: 'number', min: 0 },
    email: { type: 'string', unique: true },
  },
  indexes: ['age'],
} as const

export const NOTES = { key: 'id', schema: { id: { type: 'number', generated: 'autoincrement' }, text: { type: 'string' } } } as const

/** A fault that had no caller, with where it came from. */
export interface Fault {
  readonly error: unknown
  readonly source: string
}

export interface Rig<B extends BucketDefinitions> {
  readonly store: Store<B>
  readonly clock: VirtualClock
  readonly faults: Fault[]
  readonly parts: StoreParts
}

export async function rig<const B extends BucketDefinitions>(
  options: Omit<StoreOptions<B>, 'clock'> & { readonly clock?: VirtualClock } = {},
): Promise<Rig<B>> {
  const clock = options.clock ?? createVirtualClock()
  const faults: Fault[] = []
  const store = await Store.start<B>({
    name: 'rig',
    random: () => 0.5,
    onError: (error, { source }) => faults.push({ error, source }),
    ...options,
    clock,
  })
  onTestFinished(() => {
    // A test that broke the backend leaves a store that cannot stop well; that is what it tested.
    store.stop().catch(() => undefined)
  })
  return { store, clock, faults, parts: partsOf(store as unknown as Store) }
}

/** `resolved`, `pending` or the error's code, now that microtasks and a macrotask have passed. */
export async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  const pending = new Promise(resolve => setImmediate(() => setImmediate(() => resolve('pending'))))
  return Promise.race([promise.then(() => 'resolved', codeOf), pending])
}

/** The stable code of an error, or the error. */
export function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : error
}

/** One macrotask on: what was queued by now has run. */
export function macrotask(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
