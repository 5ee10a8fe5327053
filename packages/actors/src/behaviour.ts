/**
 * Behaviour: what a user writes to make an actor, and what the actor gives him.
 *
 *   init(context) --> state --> handle(state, message, context) … --> stop(state, exit)      one incarnation
 *
 * 1 One message at a time: while an asynchronous `handle` has not settled, the next one waits.
 * 2 The state belongs to the actor: `handle` may change it in place. It ends with its incarnation; the next begins with `init`.
 * 3 `stop` is called exactly once for each `init` that succeeded, whatever ended the incarnation.
 * 4 Expected failures, a `StoreError` or what `expected` marked, answer the caller. Anything else thrown crashes the actor.
 * 5 A context belongs to one incarnation. What late timers and promises of a dead one say through it is not heard.
 *
 * The loop that runs behaviours knows no bucket (`actor.ts`); when one is restarted is the supervisor's business.
 */

import { StoreError } from '@repertory/core'
import type { Cancel, Clock, Random } from './clock.js'
import type { CallOptions, MailboxCounts } from './mailbox.js'

export interface Behaviour<State, Message, Reply = void> {
  /** Makes the state of a new incarnation. A failure is a failed start. */
  init(context: Context<Message>): State | PromiseLike<State>
  /** Takes one message; what it returns answers an `ask`. */
  handle(state: State, message: Message, context: Context<Message>): Reply | PromiseLike<Reply>
  /** Gives back what the state holds. Waited for up to `shutdownMs`; what it throws goes to `onError`. */
  stop?(state: State, exit: Exit): unknown
}

/** How an incarnation ended. */
export interface Exit {
  /**
   * `normal`: it was done. `shutdown`: it was told to end. `crash`: an unexpected failure. `killed`: from outside, or past its
   * `shutdownMs`. `noproc`: a monitor was set on an actor that is stopped.
   */
  readonly kind: 'normal' | 'shutdown' | 'crash' | 'killed' | 'noproc'
  /** What was thrown, of a crash. */
  readonly error: unknown
}

/** What an incarnation may use of its actor and of the system. */
export interface Context<Message> {
  readonly self: Actor<Message, unknown>
  readonly clock: Clock
  readonly random: Random
  /** Aborted when the incarnation ends: for `fetch` and the like. */
  readonly signal: AbortSignal
  /** Casts `message` to this incarnation after `delayMs`; not to a later one. */
  after(delayMs: number, message: Message): Cancel
  /** Ends the actor when the message at hand is answered. Default `normal`. */
  exit(kind?: 'normal' | 'shutdown'): void
  /** Tells the system's `onError` of a failure that is no reason to crash. */
  report(error: unknown): void
  /** Crashes the actor: for failures outside of `handle`, in callbacks of timers and sockets. */
  crash(error: unknown): void
}

/** `waiting`: for its next restart. `open`: crashed too often, rests between attempts. `probing`: serves, on trial. */
export type ActorState = 'starting' | 'serving' | 'waiting' | 'open' | 'probing' | 'stopping' | 'stopped'

/** The handle of an actor: a name. It stays valid over restarts. */
export interface Actor<Message, Reply> {
  readonly name: string
  /** The names from the root to here: `app/sessions/alice`. */
  readonly path: string
  readonly state: ActorState
  /** Attempts to bring it back, failed ones included. */
  readonly restarts: number
  readonly mailbox: { readonly depth: number; readonly ageMs: number; readonly counts: Readonly<MailboxCounts> }
  /**
   * Sends a message and waits for its reply. Rejects with `DeadlineError` after `timeoutMs`, `ActorCrashedError` when the
   * message killed the actor, `UnavailableError` while it rests, `OverloadedError`, `AbortedError`, `StoppedError`.
   */
  ask(message: Message, options?: CallOptions): Promise<Reply>
  /** Sends a message and forgets it. Never fails: what could not be delivered is counted, and a dead letter if nobody was there. */
  cast(message: Message): void
  /** Calls `onExit` once for each incarnation that ends, outside of any turn. Returns how to end that. */
  monitor(onExit: (exit: Exit) => unknown): Cancel
  /** Ends it for good, within its `shutdownMs`. Its name is free afterwards. */
  stop(): Promise<void>
  /** Ends the incarnation at once, as an uncaught failure would: its supervisor decides what follows. */
  kill(): void
}

const marked = new WeakSet<object>()

/** Marks an error as expected: thrown by `handle` it answers the caller, and the actor lives. */
export function expected<E extends Error>(error: E): E {
  marked.add(error)
  return error
}

export function isExpected(error: unknown): boolean {
  return error instanceof StoreError || (typeof error === 'object' && error !== null && marked.has(error))
}

export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
