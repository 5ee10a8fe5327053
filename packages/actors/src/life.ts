/**
 * Life: the incarnations of one actor, one after the other. The phases are those of `phase.ts`.
 *
 *   start() --> init --> serving --> depart(exit) --> stop --> left --> owner.exited, or the promise of end()
 *
 * 1 One incarnation at a time. `running` is what occupies it: a turn on the stack, or an asynchronous `init` or `handle` that
 *   has not settled. What settles after its incarnation ended is not heard.
 * 2 `#depart` is the one way out of an incarnation that began, `#left` the one place where that is told: to whoever asked for
 *   the end, else to the owner.
 * 3 An end asked for while a turn is on the stack waits for the turn; an orderly one also for asynchronous work, up to
 *   `shutdownMs`. Then `kill` gives up whatever is waited for.
 * 4 `stop` is called once for each state that `init` made, in turn with nothing else but a `handle` that was given up.
 *
 * It holds no messages: `actor.ts` does.
 */

import { type Actor, type Behaviour, type Exit, isThenable } from './behaviour.js'
import type { Cancel } from './clock.js'
import { Incarnation, type LeaveListener } from './incarnation.js'
import { moved, type Phase } from './phase.js'
import type { SystemParts } from './system-parts.js'
import { callUser } from './user-code.js'

/** What occupies an incarnation. */
export interface Running {
  /** It ends before this has settled. */
  giveUp(exit: Exit): void
}

export interface LifeOwner<State, Message> extends Actor<Message, unknown> {
  readonly parts: SystemParts
  readonly behaviour: Pick<Behaviour<State, Message, unknown>, 'init' | 'stop'>
  readonly shutdownMs: number
  /** Messages may be handled, now and after each turn that left work behind. */
  wake(): void
  /** No incarnation is to come. */
  finished(): void
  /** An incarnation ended by itself, altogether. */
  exited(exit: Exit): void
}

/** An end that takes time. */
interface Leaving {
  readonly exit: Exit
  /** Somebody waits for it, so the owner need not be told. */
  isAsked: boolean
  isFinal: boolean
  readonly done: Promise<void>
  readonly resolve: () => void
  readonly disarm: Cancel
}

export const IN_TURN: Running = { giveUp: () => undefined }
const SHUTDOWN: Exit = Object.freeze({ kind: 'shutdown', error: undefined })
const KILLED: Exit = Object.freeze({ kind: 'killed', error: undefined })
const NOPROC: Exit = Object.freeze({ kind: 'noproc', error: undefined })

export class Life<State, Message> implements LeaveListener {
  phase: Phase = 'down'
  incarnation: Incarnation<State, Message> | undefined
  running: Running | undefined
  starts = 0
  lastError: unknown
  readonly #owner: LifeOwner<State, Message>
  #leaving: Leaving | undefined
  #monitors: Set<(exit: Exit) => unknown> | undefined

  constructor(owner: LifeOwner<State, Message>) {
    this.#owner = owner
  }

  /** A final end is under way. */
  get isEnding(): boolean {
    return this.#leaving?.isFinal === true
  }

  start(): void | Promise<void> {
    this.#move('start')
    this.starts++
    const incarnation = new Incarnation<State, Message>(this.#owner, this.#owner.parts, this)
    this.incarnation = incarnation
    let state: State | PromiseLike<State>
    try {
      state = this.#inTurn(() => this.#owner.behaviour.init(incarnation))
    } catch (error) {
      this.#startFailed(error)
      throw error
    }
    if (isThenable(state)) return this.#startLater(incarnation, state)
    if (!this.#serve(incarnation, state)) throw this.#endedEarly()
  }

  end(isFinal: boolean): void | Promise<void> {
    if (this.phase === 'down' || this.phase === 'stopped') {
      if (isFinal) this.finish()
      return
    }
    if (this.phase !== 'leaving') {
      this.#move('leave')
      if (this.running === undefined) {
        const stopping = this.#retire(SHUTDOWN)
        if (stopping === undefined) {
          this.#left(SHUTDOWN, true)
          if (isFinal) this.finish()
          return
        }
        this.#follow(SHUTDOWN, stopping)
      }
    }
    this.#leaving ??= this.#openLeaving(SHUTDOWN)
    this.#leaving.isAsked = true
    this.#leaving.isFinal ||= isFinal
    return this.#leaving.done
  }

  kill(): void {
    if (this.phase === 'down' || this.phase === 'stopped') return
    if (this.incarnation === undefined) {
      // Unless `stop` itself is on the stack, and it is who asks.
      if (this.running !== IN_TURN) this.#left(this.#leaving?.exit ?? KILLED)
    } else if (this.running === IN_TURN) this.incarnation.request = KILLED
    else this.depart(KILLED)
  }

  finish(): void {
    if (this.phase === 'stopped') return
    this.#move('finish')
    this.#monitors = undefined
    this.#owner.finished()
  }

  leave(incarnation: object, exit: Exit): void {
    if (this.incarnation !== incarnation) return
    const waitsForTurn = this.running === IN_TURN || (this.running !== undefined && exit.kind !== 'crash')
    if (!waitsForTurn) this.depart(exit)
    else if (this.incarnation.request === undefined || exit.kind === 'crash') this.incarnation.request = exit
  }

  /** Ends asked for during the turn are honoured; then whoever waited has his turn. */
  turnEnded(incarnation: Incarnation<State, Message>): void {
    if (this.incarnation !== incarnation) return
    if (incarnation.request !== undefined || this.phase === 'leaving') this.depart(incarnation.request ?? SHUTDOWN)
    else this.#owner.wake()
  }

  /** Ends the incarnation now. */
  depart(exit: Exit): void {
    if (this.phase !== 'leaving') this.#move('leave')
    const stopping = this.#retire(exit)
    if (exit.kind === 'killed') this.#left(exit)
    else this.#follow(exit, stopping)
  }

  monitor(onExit: (exit: Exit) => unknown): Cancel {
    if (this.phase === 'stopped') {
      this.#tell(onExit, NOPROC)
      return () => undefined
    }
    // A function of its own, so that a callback given twice is told twice.
    const monitor = (exit: Exit): unknown => onExit(exit)
    this.#monitors ??= new Set()
    this.#monitors.add(monitor)
    return () => void this.#monitors?.delete(monitor)
  }

  #startLater(incarnation: Incarnation<State, Message>, making: PromiseLike<State>): Promise<void> {
    return new Promise((resolve, reject) => {
      const running: Running = { giveUp: () => reject(this.#endedEarly()) }
      this.running = running
      making.then(
        state => {
          if (this.running !== running) {
            this.#callStop(state, KILLED)
            return
          }
          this.running = undefined
          if (this.#serve(incarnation, state)) resolve()
          else reject(this.#endedEarly())
        },
        error => {
          if (this.running !== running) return
          this.running = undefined
          this.#startFailed(error)
          reject(error)
        },
      )
      if (incarnation.request?.kind === 'crash') this.depart(incarnation.request)
    })
  }

  /** False when an end was asked for while `init` ran. */
  #serve(incarnation: Incarnation<State, Message>, state: State): boolean {
    incarnation.state = { of: state }
    if (this.phase === 'leaving') {
      this.depart(SHUTDOWN)
      return false
    }
    this.#move('serve')
    this.turnEnded(incarnation)
    return true
  }

  /** Whoever sent the message was answered; this is for whoever runs the system. */
  #report(error: unknown): void {
    this.lastError = error
    this.#owner.parts.faults.report(error, `actor ${this.#owner.path}`)
  }

  #startFailed(error: unknown): void {
    this.incarnation?.close()
    this.incarnation = undefined
    this.lastError = error
    if (this.phase === 'leaving') this.#left(SHUTDOWN)
    else this.#move('fail')
  }

  #endedEarly(): Error {
    return new Error(`"${this.#owner.path}" was ended while it started`)
  }

  /** Waits for an asynchronous `stop`, within the limit. */
  #follow(exit: Exit, stopping: PromiseLike<unknown> | undefined): void {
    if (stopping === undefined) {
      this.#left(exit)
      return
    }
    this.#leaving ??= this.#openLeaving(exit)
    const leaving = this.#leaving
    const left = (): void => {
      if (this.#leaving === leaving) this.#left(leaving.exit)
    }
    stopping.then(left, left)
  }

  /** Closes the incarnation and calls `stop`; the promise of that, if it takes time. */
  #retire(exit: Exit): PromiseLike<unknown> | undefined {
    const { incarnation, running } = this
    this.incarnation = undefined
    this.running = undefined
    if (exit.kind === 'crash') this.#report(exit.error)
    incarnation?.close()
    running?.giveUp(exit)
    for (const monitor of this.#monitors ?? []) this.#tell(monitor, exit)
    return incarnation?.state === undefined ? undefined : this.#callStop(incarnation.state.of, exit)
  }

  #callStop(state: State, exit: Exit): PromiseLike<unknown> | undefined {
    const { behaviour, parts, path } = this.#owner
    if (behaviour.stop === undefined) return undefined
    let stopping: unknown
    callUser(
      () => {
        stopping = this.#inTurn(() => behaviour.stop?.(state, exit))
        return stopping
      },
      error => parts.faults.report(error, `stop of ${path}`),
    )
    return isThenable(stopping) ? stopping : undefined
  }

  #left(exit: Exit, isAsked: boolean = this.#leaving?.isAsked === true): void {
    const leaving = this.#leaving
    this.#leaving = undefined
    leaving?.disarm()
    this.#move('left')
    if (!isAsked) this.#owner.exited(exit)
    else if (leaving?.isFinal === true) this.finish()
    leaving?.resolve()
  }

  #openLeaving(exit: Exit): Leaving {
    let resolve = (): void => undefined
    const done = new Promise<void>(settle => {
      resolve = settle
    })
    const disarm = this.#owner.parts.clock.after(this.#owner.shutdownMs, () => this.kill())
    return { exit, isAsked: false, isFinal: false, done, resolve, disarm }
  }

  /** User code on the stack: calls it makes wait for a turn of their own. */
  #inTurn<R>(run: () => R): R {
    const { gate } = this.#owner.parts
    const [wasInTurn, running] = [gate.isInTurn, this.running]
    gate.isInTurn = true
    this.running = IN_TURN
    try {
      return run()
    } finally {
      gate.isInTurn = wasInTurn
      this.running = running
    }
  }

  #tell(monitor: (exit: Exit) => unknown, exit: Exit): void {
    const { clock, faults } = this.#owner.parts
    const { path } = this.#owner
    clock.soon(() =>
      callUser(
        () => monitor(exit),
        error => faults.report(error, `monitor of ${path}`),
      ),
    )
  }

  #move(event: Parameters<typeof moved>[1]): void {
    this.phase = moved(this.phase, event)
  }
}
