/**
 * Saver: the debounced saves of one backend (SPEC 10.8). The host of `saver-machine.ts`, where the states are drawn.
 *
 * 1 Never two saves at once, whatever flush, stop, lost or the timers ask for. A save that never settles blocks this
 *   backend and nothing else; `lost` ends the wait.
 * 2 Nothing counts as saved before the backend said so: `savedSeq` is the `to` of the newest cut that succeeded.
 *   What is touched after a cut was taken belongs to the next one.
 * 3 A save begins after `debounceMs` without a touch, at most `maxWaitMs` after the first unsaved one, or when a flush asks.
 * 4 A failed save is tried again with a fresh cut, for ever: after 2 s, doubling to 60 s, ± 10 %. Attempts a flush asked
 *   for do not lengthen the back-off. `FencedError` and `lost` are final.
 * 5 `touched` is on the path of every commit: once something is unsaved it is three comparisons and two stores.
 * 6 At most one timer is armed. No callback's throw leaves the saver; each is told to `onError`.
 *
 * It keeps no records and no dirty marks: the owner does, and clears them in `saved`, never earlier.
 */

import { type Cut, type Seq, UnavailableError } from '@repertory/core'
import { backoffMs, type Cancel, type Clock, type Random } from './clock.js'
import { type Lifecycle, runLifecycle } from './lifecycle.js'
import { type SaverEvent, type SaverState, saverTable } from './saver-machine.js'

const DEBOUNCE_MS = 100
const MAX_WAIT_MS = 1000

/** A backend that is away: often enough to be soon after its return, seldom enough not to hold it down. */
const RETRY_BOUNDS = { minMs: 2000, maxMs: 60_000 } as const

export interface SaverOptions {
  /** The backend's, for messages. */
  readonly name: string
  readonly clock: Clock
  readonly random: Random
  /** Default 100. */
  readonly debounceMs?: number
  /** Default 1000. */
  readonly maxWaitMs?: number
  /** What the backend held when it was opened. Default 0. */
  readonly savedSeq?: Seq
  /** The newest version of every dirty key, with `to` the current seq; undefined only when nothing is dirty: it counts as saved. */
  readonly takeCut: () => Cut | undefined
  readonly save: (cut: Cut) => Promise<void>
  /** The backend holds the cut: dirty marks up to `cut.to` may go. */
  readonly saved: (cut: Cut) => void
  /** After every move, synchronously, also inside `touched`: note it, do not work. */
  readonly onStatus: (status: SaverStatus) => void
  /** Told of every failed attempt, of being lost, and of what a callback threw. */
  readonly onError: (error: unknown) => void
}

export interface SaverStatus {
  readonly state: SaverState
  readonly savedSeq: Seq
  readonly touchedSeq: Seq
  /** Since the first unsaved touch; 0 when all is saved. */
  readonly lagMs: number
  /** Failed in a row. */
  readonly attempts: number
  /** Wall ms of the first of them; absent, as `lastError`, when the last attempt succeeded. */
  readonly failingSince?: number
  readonly lastError?: unknown
}

export interface Saver {
  readonly status: SaverStatus
  /** Commit `seq` left something to save. `atMs` is the commit's time: pass it, reading the clock costs ten times the rest. */
  touched(seq: Seq, atMs?: number): void
  /** Resolves when all touched before the call is saved. Rejects with the failure of an attempt begun after the call, at once when lost. */
  flush(): Promise<void>
  /** The backend is fenced or gone for good. */
  lost(error: unknown): void
  /** Saves what is unsaved, then stops. Rejects with the failure when that fails, and stops all the same. Later calls return the same promise. */
  stop(): Promise<void>
}

export function createSaver(options: SaverOptions): Saver {
  return new HostedSaver(options)
}

interface Waiter {
  readonly target: Seq
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
  /** An attempt began since it waits: its failure is the waiter's. */
  tried: boolean
}

class HostedSaver implements Saver {
  readonly #options: Required<SaverOptions>
  readonly #life: Lifecycle<object, SaverEvent, SaverState>
  #touchedSeq: Seq
  #savedSeq: Seq
  /** What the newest cut covers: `savedSeq`, or beyond it while that cut is being saved. */
  #cutSeq: Seq
  #touchedAtMs = 0
  /** First touch beyond `cutSeq`. */
  #unsavedSinceMs: number | undefined
  /** First touch inside the cut under way. */
  #cutSinceMs: number | undefined
  /** On its way to `saved`; not kept, it holds records. */
  #savedCut: Cut | undefined
  /** Only the attempt of this number is listened to. */
  #attempt = 0
  /** A flush waited when that attempt began. */
  #asked = false
  #failures: { readonly sinceMs: number; readonly count: number; readonly error: unknown } | undefined
  #backoffLevel = 0
  #waiters: Waiter[] = []
  #timer: Cancel | undefined
  /** Lost or stopped: what everybody who still wants something saved is told. */
  #end: { readonly error: unknown } | undefined
  #stopping: Promise<void> | undefined

  constructor(options: SaverOptions) {
    this.#options = { debounceMs: DEBOUNCE_MS, maxWaitMs: MAX_WAIT_MS, savedSeq: 0, ...options }
    this.#touchedSeq = this.#savedSeq = this.#cutSeq = this.#options.savedSeq
    this.#life = runLifecycle({
      table: saverTable,
      effects: {
        tell: () => options.onStatus(this.status),
        report: () => options.onError(this.#failures?.error),
        armQuiet: () => this.#armQuiet(0),
        armRetry: () => this.#armRetry(),
        disarm: () => this.#timer?.(),
        beginSave: () => this.#beginSave(),
        markSaved: () => this.#markSaved(),
        abandon: () => this.#abandon(),
      },
      onError: options.onError,
    })
  }

  get status(): SaverStatus {
    const sinceMs = this.#cutSinceMs ?? this.#unsavedSinceMs
    return {
      state: this.#life.state,
      savedSeq: this.#savedSeq,
      touchedSeq: this.#touchedSeq,
      lagMs: sinceMs === undefined ? 0 : Math.max(0, this.#options.clock.now() - sinceMs),
      attempts: this.#failures?.count ?? 0,
      ...(this.#failures === undefined ? {} : { failingSince: this.#failures.sinceMs, lastError: this.#failures.error }),
    }
  }

  touched(seq: Seq, atMs: number = this.#options.clock.now()): void {
    if (seq <= this.#touchedSeq) return
    this.#touchedSeq = seq
    this.#touchedAtMs = atMs
    if (this.#unsavedSinceMs !== undefined || seq <= this.#cutSeq) return
    this.#unsavedSinceMs = atMs
    this.#life.send({ type: 'touched' })
  }

  flush(): Promise<void> {
    if (!this.#hasUnsaved() && this.#life.state !== 'lost') return Promise.resolve()
    if (this.#stopping !== undefined && this.#end === undefined) return this.#stopping
    return this.#saveThrough(this.#touchedSeq)
  }

  lost(error: unknown): void {
    if (this.#end !== undefined) return
    this.#end = { error }
    this.#noteFailure(error)
    this.#life.send({ type: 'lost' })
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    try {
      while (this.#hasUnsaved()) await this.#saveThrough(this.#touchedSeq)
    } finally {
      this.#end ??= {
        error: new UnavailableError(`The saver of backend "${this.#options.name}" is stopped; start the store again to save there`),
      }
      this.#life.send({ type: 'stop' })
    }
  }

  #hasUnsaved(): boolean {
    return this.#touchedSeq > this.#savedSeq
  }

  /** Every waiter is answered: by a success that covers it, the failure of an attempt it saw begin, or `abandon`. */
  #saveThrough(target: Seq): Promise<void> {
    if (this.#end !== undefined) return Promise.reject(this.#end.error)
    return new Promise((resolve, reject) => {
      this.#waiters.push({ target, resolve, reject, tried: false })
      this.#life.send({ type: 'force' })
    })
  }

  /** Even a save due at once waits for a timer: the first look is at the touch itself, perhaps inside a turn. */
  #armQuiet(waitedMs: number): void {
    // Whole milliseconds: what rounding leaves of a fraction is too short for a clock to move by.
    const delayMs = Math.ceil(Math.max(0, this.#quietLeftMs(waitedMs)))
    this.#timer = this.#options.clock.after(delayMs, () => this.#lookForQuiet(waitedMs + delayMs))
  }

  #lookForQuiet(waitedMs: number): void {
    if (this.#quietLeftMs(waitedMs) > 0) this.#armQuiet(waitedMs)
    else this.#life.send({ type: 'due' })
  }

  /** `waitedMs` is what timers measured: it bounds the wait should the wall clock jump back. */
  #quietLeftMs(waitedMs: number): number {
    const nowMs = this.#options.clock.now()
    const quietMs = Math.max(0, nowMs - this.#touchedAtMs)
    const unsavedMs = Math.max(waitedMs, nowMs - (this.#unsavedSinceMs ?? nowMs))
    return Math.min(this.#options.debounceMs - quietMs, this.#options.maxWaitMs - unsavedMs)
  }

  #armRetry(): void {
    const delayMs = backoffMs(this.#backoffLevel - 1, RETRY_BOUNDS, this.#options.random)
    this.#timer = this.#options.clock.after(delayMs, () => this.#life.send({ type: 'due' }))
  }

  /** Settles in a later microtask in every case, also when `takeCut` throws: no loop of ours can be synchronous. */
  #beginSave(): void {
    const attempt = ++this.#attempt
    this.#asked = this.#waiters.length > 0
    for (const waiter of this.#waiters) waiter.tried = true
    let cut: Cut | undefined
    new Promise<void>(resolve => {
      cut = this.#options.takeCut()
      this.#noteCut(cut === undefined ? this.#touchedSeq : cut.to)
      resolve(cut === undefined ? undefined : this.#options.save(cut))
    }).then(
      () => this.#succeeded(attempt, cut),
      error => this.#failed(attempt, error),
    )
  }

  #markSaved(): void {
    const cut = this.#savedCut
    this.#savedCut = undefined
    if (cut !== undefined) this.#options.saved(cut)
  }

  #noteCut(to: Seq): void {
    if (to < this.#touchedSeq)
      throw new Error(`The cut for "${this.#options.name}" ends at ${to}, but ${this.#touchedSeq} was touched before it`)
    this.#cutSeq = to
    this.#cutSinceMs = this.#unsavedSinceMs
    this.#unsavedSinceMs = undefined
  }

  #succeeded(attempt: number, cut: Cut | undefined): void {
    if (attempt !== this.#attempt) return
    this.#savedSeq = this.#cutSeq
    this.#cutSinceMs = undefined
    this.#failures = undefined
    this.#backoffLevel = 0
    this.#savedCut = cut
    for (const waiter of this.#takeWaiters(waiter => waiter.target <= this.#savedSeq)) waiter.resolve()
    this.#life.send({ type: 'saved', more: this.#hasUnsaved(), forced: this.#isForced() })
  }

  #failed(attempt: number, error: unknown): void {
    if (attempt !== this.#attempt) return
    this.#cutSeq = this.#savedSeq
    this.#unsavedSinceMs = this.#cutSinceMs ?? this.#unsavedSinceMs
    this.#cutSinceMs = undefined
    if (isFenced(error)) {
      this.lost(error)
      return
    }
    this.#noteFailure(error)
    if (!this.#asked || this.#backoffLevel === 0) this.#backoffLevel++
    for (const waiter of this.#takeWaiters(waiter => waiter.tried)) waiter.reject(error)
    this.#life.send({ type: 'failed', forced: this.#isForced() })
  }

  #abandon(): void {
    this.#attempt++
    for (const waiter of this.#takeWaiters(() => true)) waiter.reject(this.#end?.error)
  }

  /** Whether somebody waits who saw no attempt begin. */
  #isForced(): boolean {
    return this.#waiters.some(waiter => !waiter.tried)
  }

  #takeWaiters(isTaken: (waiter: Waiter) => boolean): Waiter[] {
    const taken = this.#waiters.filter(isTaken)
    this.#waiters = this.#waiters.filter(waiter => !isTaken(waiter))
    return taken
  }

  #noteFailure(error: unknown): void {
    const { sinceMs, count } = this.#failures ?? { sinceMs: this.#options.clock.now(), count: 0 }
    this.#failures = { sinceMs, count: count + 1, error }
  }
}

/** By code: a backend may bring a copy of the error classes of its own. */
function isFenced(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'FENCED'
}
