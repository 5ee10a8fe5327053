/**
 * Status bus: tells whoever watches when an actor or a backend changes its state.
 *
 * 1 Rare news only: a commit never passes here. For commits there are events, for figures at a moment `health()`.
 * 2 A watcher is called once per move, in the order of the moves, in the microtask after it: never inside a turn or a save.
 * 3 What a watcher throws goes to the fault log and reaches neither the store nor the other watchers.
 */

import mitt, { type Emitter } from 'mitt'
import type { Clock } from './clock.js'
import type { FaultLog } from './fault-log.js'
import type { SaverStatus } from './saver.js'
import { callUser } from './user-code.js'

export type ActorState = 'loading' | 'serving' | 'restarting' | 'waiting' | 'open' | 'probing' | 'failed' | 'stopped'

export interface BucketStatusChange {
  readonly kind: 'bucket'
  readonly name: string
  readonly state: ActorState
  readonly lastError: unknown
}

export interface BackendStatusChange extends SaverStatus {
  readonly kind: 'backend'
  readonly name: string
}

export type StatusChange = BucketStatusChange | BackendStatusChange

type News = { readonly change: StatusChange }

/** The package's types describe its CommonJS face, where the function is the module itself. */
const createEmitter = mitt as unknown as () => Emitter<News>

export class StatusBus {
  readonly #emitter = createEmitter()
  readonly #clock: Clock
  readonly #faults: FaultLog
  #watchers = 0

  constructor(clock: Clock, faults: FaultLog) {
    this.#clock = clock
    this.#faults = faults
  }

  /** Calls back at each move. Returns the end of it: acts at once, idempotent. */
  watch(callback: (change: StatusChange) => unknown): () => void {
    let isActive = true
    const tell = (change: StatusChange): void => {
      if (!isActive) return
      callUser(
        () => callback(change),
        error => this.#faults.report(error, 'status watcher'),
      )
    }
    this.#emitter.on('change', tell)
    this.#watchers++
    return () => {
      if (!isActive) return
      isActive = false
      this.#watchers--
      this.#emitter.off('change', tell)
    }
  }

  moved(change: StatusChange): void {
    if (this.#watchers > 0) this.#clock.soon(() => this.#emitter.emit('change', change))
  }
}
