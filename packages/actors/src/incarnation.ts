/**
 * Incarnation: one life of an actor, from `init` to `stop`; what its behaviour sees of it is a `Context`.
 *
 * 1 It is made anew for each start, so whatever still holds an old one (timers, promises) is told apart by identity.
 * 2 When it closes, its timers are disarmed and its signal is aborted; nothing it says afterwards is heard.
 *
 * It decides nothing: `actor.ts` does.
 */

import type { Actor, Context, Exit } from './behaviour.js'
import type { Cancel, Clock, Random } from './clock.js'
import type { SystemParts } from './system-parts.js'

/** Who is told when an incarnation wants to end. */
export interface LeaveListener {
  leave(incarnation: object, exit: Exit): void
}

const NORMAL: Exit = Object.freeze({ kind: 'normal', error: undefined })
const SHUTDOWN: Exit = Object.freeze({ kind: 'shutdown', error: undefined })

export class Incarnation<State, Message> implements Context<Message> {
  readonly self: Actor<Message, unknown>
  /** Undefined until `init` succeeded. */
  state: { readonly of: State } | undefined
  /** What it asked for while a turn was on the stack: honoured when the turn is over. */
  request: Exit | undefined
  readonly #parts: SystemParts
  readonly #listener: LeaveListener
  #isClosed = false
  #timers: Set<Cancel> | undefined
  #abort: AbortController | undefined

  constructor(self: Actor<Message, unknown>, parts: SystemParts, listener: LeaveListener) {
    this.self = self
    this.#parts = parts
    this.#listener = listener
  }

  get clock(): Clock {
    return this.#parts.clock
  }

  get random(): Random {
    return this.#parts.random
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController()
      if (this.#isClosed) this.#abort.abort()
    }
    return this.#abort.signal
  }

  after(delayMs: number, message: Message): Cancel {
    if (this.#isClosed) return () => undefined
    this.#timers ??= new Set()
    const timers = this.#timers
    const disarm = this.clock.after(delayMs, () => {
      timers.delete(cancel)
      this.self.cast(message)
    })
    const cancel = (): void => {
      timers.delete(cancel)
      disarm()
    }
    timers.add(cancel)
    return cancel
  }

  exit(kind: 'normal' | 'shutdown' = 'normal'): void {
    this.#listener.leave(this, kind === 'shutdown' ? SHUTDOWN : NORMAL)
  }

  report(error: unknown): void {
    this.#parts.faults.report(error, `actor ${this.self.path}`)
  }

  crash(error: unknown): void {
    this.#listener.leave(this, { kind: 'crash', error })
  }

  close(): void {
    this.#isClosed = true
    for (const cancel of this.#timers ?? []) cancel()
    this.#timers = undefined
    this.#abort?.abort()
  }
}
