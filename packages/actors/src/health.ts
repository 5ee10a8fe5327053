/**
 * Health: what `store.health()` and `store.getStats()` answer. Plain data, made when asked for.
 */

import type { Seq } from '@repertory/core'
import type { BucketActor } from './bucket-actor.js'
import type { MailboxCounts } from './mailbox.js'
import type { Persistence } from './persistence.js'
import type { SaverState } from './saver-machine.js'
import type { ActorState } from './status-bus.js'

export interface ActorHealth {
  readonly state: ActorState
  readonly restarts: number
  readonly mailbox: { readonly depth: number; readonly ageMs: number; readonly counts: Readonly<MailboxCounts> }
  readonly lastError: unknown
}

export interface BackendHealth {
  readonly backend: string
  readonly state: SaverState
  readonly savedSeq: Seq
  /** Commits it does not hold yet. */
  readonly lagCommits: number
  readonly lagMs: number
  /** Milliseconds since the epoch; absent while saves succeed. */
  readonly failingSince: number | undefined
  readonly lastError: unknown
}

export interface StoreHealth {
  /** `degraded`: an actor does not serve, or a backend fails. */
  readonly store: 'recovering' | 'ready' | 'degraded' | 'stopped'
  readonly actors: { readonly [bucket: string]: ActorHealth }
  readonly backends: { readonly [name: string]: BackendHealth }
}

export interface StoreStats {
  readonly name: string
  readonly buckets: { readonly count: number; readonly names: readonly string[] }
  readonly records: { readonly total: number; readonly perBucket: { readonly [bucket: string]: number } }
  /** Unique fields count as indexes. */
  readonly indexes: { readonly total: number; readonly perBucket: { readonly [bucket: string]: number } }
  readonly queries: { readonly defined: number; readonly activeSubscriptions: number }
  readonly persistence: { readonly enabled: boolean }
  /** Expiry comes with the engine; until then no timer runs. */
  readonly ttl: { readonly enabled: boolean; readonly checkIntervalMs: number }
}

interface HealthSources {
  readonly phase: 'recovering' | 'serving' | 'stopped'
  readonly actors: Iterable<BucketActor>
  readonly backends: Persistence['status']
}

export function healthOf({ phase, actors, backends }: HealthSources): StoreHealth {
  const ofActors: { [bucket: string]: ActorHealth } = {}
  const ofBackends: { [name: string]: BackendHealth } = {}
  let isWhole = true
  for (const { name, state, restarts, mailbox, lastError } of actors) {
    ofActors[name] = { state, restarts, mailbox, lastError }
    isWhole &&= state === 'serving' || state === 'loading'
  }
  for (const { name, backend, saver, lagCommits } of backends) {
    const { state, savedSeq, lagMs, failingSince, lastError } = saver
    ofBackends[name] = { backend: backend.name, state, savedSeq, lagCommits, lagMs, failingSince, lastError }
    isWhole &&= failingSince === undefined && state !== 'lost'
  }
  const store = phase !== 'serving' ? phase : isWhole ? 'ready' : 'degraded'
  return { store, actors: ofActors, backends: ofBackends }
}

interface StatsSources {
  readonly name: string
  readonly actors: Iterable<BucketActor>
  readonly queries: StoreStats['queries']
  readonly isPersistent: boolean
}

export function statsOf({ name, actors, queries, isPersistent }: StatsSources): StoreStats {
  const shown = [...actors].filter(actor => !actor.name.startsWith('$'))
  const records = shown.map(actor => [actor.name, actor.image.count] as const)
  const indexes = shown.map(actor => [actor.name, actor.image.shape.indexes.length] as const)
  const sum = (pairs: readonly (readonly [string, number])[]): number => pairs.reduce((total, [, amount]) => total + amount, 0)
  return {
    name,
    buckets: { count: shown.length, names: shown.map(actor => actor.name) },
    records: { total: sum(records), perBucket: Object.fromEntries(records) },
    indexes: { total: sum(indexes), perBucket: Object.fromEntries(indexes) },
    queries,
    persistence: { enabled: isPersistent },
    ttl: { enabled: false, checkIntervalMs: 0 },
  }
}
