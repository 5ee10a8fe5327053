/**
 * Supervised child: what becomes of one child, one_for_one, when it crashes (SPEC 9.1).
 *
 *   running     -- crashed, calm -------> restarting   restart()          [#judge decides calm and many]
 *               -- crashed -------------> waiting      timer: back-off    [#armRetry]
 *               -- crashed, many -------> open         timer: back-off    [#armRetry]
 *   restarting  -- restarted -----------> running                         [#restart]
 *               -- crashed (, many) ----> waiting (open)
 *   waiting     -- due -----------------> restarting
 *   open        -- due -----------------> probing      restart(), timer: a window
 *   probing     -- clean ---------------> running      all is forgotten   [#forget]
 *               -- crashed -------------> open         (calm, before the timer said so: restarting)
 *   any         -- stop ----------------> stopped
 *
 * 1 Calm = the child served for a whole window since its last restart, or was never restarted. A calm child is restarted
 *   at once, inside the call of `crashed`, and its back-off starts over. Any further crash waits: 100 ms, doubling to 30 s.
 * 2 More than `restartsMax` crashes within the window open the circuit. One attempt per back-off: the probe serves; it
 *   closes the circuit after a clean window, or re-opens it with a doubled back-off.
 * 3 One `restart` per attempt. A `restart` that throws is one more crash, of that attempt.
 * 4 At most one timer is armed, and at most `restartsMax + 1` crash times are kept, however often the child crashes.
 * 5 A crash reported while nothing runs (waiting, open, stopped) is the late word of a dead incarnation: it is ignored.
 * 6 Nothing leaves `crashed` or `stop`; what `restart` and `onState` throw is told to `onError`.
 *
 * It keeps no messages and answers no calls: the owner reads `state`. Served are `running` and `probing`.
 */

import { setup } from 'xstate'
import { backoffMs, type Cancel, type Clock, type Random } from './clock.js'
import { finiteTable } from './finite-table.js'
import { type Lifecycle, named, runLifecycle, type TransitionTable, tableOf } from './lifecycle.js'

export interface RestartPolicy {
  /** Crashes within the window that are still answered by restarts. Default 3. */
  readonly restartsMax: number
  /** Default 5000. */
  readonly restartsWindowMs: number
  /** The first back-off. Default 100. */
  readonly backoffMinMs: number
  /** Where doubling ends. Default 30,000. */
  readonly backoffMaxMs: number
}

export const DEFAULT_RESTART_POLICY: RestartPolicy = { restartsMax: 3, restartsWindowMs: 5000, backoffMinMs: 100, backoffMaxMs: 30_000 }

export type ChildState = 'running' | 'restarting' | 'waiting' | 'open' | 'probing' | 'stopped'

/** `calm` and `many` are judged by the host, which knows the times; see invariants 1 and 2. */
export type ChildEvent =
  | { readonly type: 'crashed'; readonly calm: boolean; readonly many: boolean }
  | { readonly type: 'restarted' | 'due' | 'clean' | 'stop' }

export type ChildEffect = 'tell' | 'restart' | 'armRetry' | 'armClean' | 'disarm' | 'forget'

export interface SupervisedChildOptions {
  /** The actor's name, as `health()` shows it. */
  readonly id: string
  readonly policy?: Partial<RestartPolicy>
  readonly clock: Clock
  readonly random: Random
  /** Makes a new incarnation and returns, or resolves, when it may serve. A throw or a rejection is one more crash. */
  readonly restart: () => void | PromiseLike<void>
  /** After every move; the child's getters already show the new state. */
  readonly onState?: (state: ChildState) => void
  /** Told what `restart` and `onState` threw. */
  readonly onError: (error: unknown) => void
}

export interface SupervisedChild {
  readonly id: string
  readonly state: ChildState
  /** Attempts made so far, those that failed included. */
  readonly restarts: number
  readonly lastError: unknown
  /** When the next attempt is due, wall ms; undefined when none is. */
  readonly retryAtMs: number | undefined
  /** The running incarnation died of `error`. */
  crashed(error: unknown): void
  /** No further attempt. Idempotent. */
  stop(): void
}

/** The table; drawn in the header. */
export const childTable: TransitionTable<object, ChildEvent, ChildState, Record<ChildEffect, unknown>> = finiteTable(
  tableOf(
    setup({
      types: {} as { context: object; events: ChildEvent },
      actions: { tell: named, restart: named, armRetry: named, armClean: named, disarm: named, forget: named },
      guards: {
        isMany: ({ event }) => event.type === 'crashed' && event.many,
        isCalm: ({ event }) => event.type === 'crashed' && event.calm,
      },
    }).createMachine({
      id: 'supervised-child',
      context: {},
      initial: 'running',
      on: { stop: '.stopped' },
      states: {
        running: {
          on: { crashed: [{ guard: 'isMany', target: 'open' }, { guard: 'isCalm', target: 'restarting' }, { target: 'waiting' }] },
        },
        restarting: {
          entry: ['tell', 'restart'],
          on: { restarted: { target: 'running', actions: 'tell' }, crashed: [{ guard: 'isMany', target: 'open' }, { target: 'waiting' }] },
        },
        waiting: { entry: ['armRetry', 'tell'], exit: 'disarm', on: { due: 'restarting' } },
        open: { entry: ['armRetry', 'tell'], exit: 'disarm', on: { due: 'probing' } },
        probing: {
          entry: 'restart',
          exit: 'disarm',
          on: {
            restarted: { actions: ['armClean', 'tell'] },
            crashed: [{ guard: 'isMany', target: 'open' }, { guard: 'isCalm', target: 'restarting' }, { target: 'open' }],
            clean: { target: 'running', actions: ['forget', 'tell'] },
          },
        },
        stopped: { entry: 'tell', on: { stop: {} } },
      },
    }),
  ),
  kindOf,
)

/** All that the guards look at. */
function kindOf(event: ChildEvent): string {
  if (event.type !== 'crashed') return event.type
  if (event.many) return 'crashed, many'
  return event.calm ? 'crashed, calm' : 'crashed'
}

export function superviseChild(options: SupervisedChildOptions): SupervisedChild {
  return new HostedChild(options)
}

class HostedChild implements SupervisedChild {
  readonly id: string
  readonly #options: SupervisedChildOptions
  readonly #policy: RestartPolicy
  readonly #life: Lifecycle<object, ChildEvent, ChildState>
  /** Whether the incarnation may still crash: it does so once. */
  #alive = true
  /** Nothing to hold against it: it never crashed, or a clean window closed its circuit. */
  #clean = true
  /** When the last restart succeeded; undefined from the crash to the restart. */
  #servesSinceMs: number | undefined
  #crashTimesMs: number[] = []
  #backoffLevel = 0
  #timer: Cancel | undefined
  #restarts = 0
  #lastError: unknown
  #retryAtMs: number | undefined

  constructor(options: SupervisedChildOptions) {
    this.id = options.id
    this.#options = options
    this.#policy = { ...DEFAULT_RESTART_POLICY, ...options.policy }
    this.#life = runLifecycle({
      table: childTable,
      effects: {
        tell: () => options.onState?.(this.#life.state),
        restart: () => this.#restart(),
        armRetry: () => this.#armRetry(),
        armClean: () => this.#arm(this.#policy.restartsWindowMs, 'clean'),
        disarm: () => this.#disarm(),
        forget: () => this.#forget(),
      },
      onError: options.onError,
    })
  }

  get state(): ChildState {
    return this.#life.state
  }

  get restarts(): number {
    return this.#restarts
  }

  get lastError(): unknown {
    return this.#lastError
  }

  get retryAtMs(): number | undefined {
    return this.#retryAtMs
  }

  crashed(error: unknown): void {
    if (!this.#alive) return
    this.#alive = false
    this.#lastError = error
    this.#life.send(this.#judge(this.#options.clock.now()))
  }

  stop(): void {
    this.#alive = false
    this.#life.send({ type: 'stop' })
  }

  /** Distances are taken without sign: after a jump of the wall clock old crashes are forgotten, not kept for ever. */
  #judge(nowMs: number): ChildEvent {
    const { restartsMax, restartsWindowMs } = this.#policy
    const isRecent = (atMs: number): boolean => Math.abs(nowMs - atMs) < restartsWindowMs
    const calm = this.#clean || (this.#servesSinceMs !== undefined && !isRecent(this.#servesSinceMs))
    if (calm) this.#forget()
    this.#clean = false
    this.#servesSinceMs = undefined
    this.#crashTimesMs = [...this.#crashTimesMs.filter(isRecent), nowMs].slice(-(restartsMax + 1))
    return { type: 'crashed', calm, many: this.#crashTimesMs.length > restartsMax }
  }

  #restart(): void {
    const attempt = ++this.#restarts
    this.#alive = true
    let restarting: void | PromiseLike<void>
    try {
      restarting = this.#options.restart()
    } catch (error) {
      this.crashed(error)
      throw error
    }
    if (restarting === undefined) this.#restarted(attempt)
    else
      restarting.then(
        () => this.#restarted(attempt),
        error => this.#restartFailed(attempt, error),
      )
  }

  /** What is heard of an attempt after a later one began, or after the child crashed or stopped, is of no account. */
  #restarted(attempt: number): void {
    if (!this.#alive || attempt !== this.#restarts) return
    this.#servesSinceMs = this.#options.clock.now()
    this.#life.send({ type: 'restarted' })
  }

  #restartFailed(attempt: number, error: unknown): void {
    if (!this.#alive || attempt !== this.#restarts) return
    this.crashed(error)
    this.#options.onError(error)
  }

  #forget(): void {
    this.#crashTimesMs = []
    this.#backoffLevel = 0
    this.#clean = true
  }

  #armRetry(): void {
    const { backoffMinMs: minMs, backoffMaxMs: maxMs } = this.#policy
    const delayMs = backoffMs(this.#backoffLevel++, { minMs, maxMs }, this.#options.random)
    this.#retryAtMs = this.#options.clock.now() + delayMs
    this.#arm(delayMs, 'due')
  }

  #arm(delayMs: number, type: 'due' | 'clean'): void {
    this.#timer = this.#options.clock.after(delayMs, () => this.#life.send({ type }))
  }

  #disarm(): void {
    this.#timer?.()
    this.#timer = undefined
    this.#retryAtMs = undefined
  }
}
