/**
 * System parts: what all actors of one system share.
 *
 * 1 One gate, so one budget of the event loop; one bound of waiters; one list of dead letters. A store can lend its own, then
 *   users' actors and buckets take turns in one loop.
 * 2 Time and chance come from here, never from elsewhere.
 */

import type { Clock, Random } from './clock.js'
import type { DeadLetters } from './dead-letters.js'
import type { FaultLog } from './fault-log.js'
import type { Waiters } from './mailbox.js'
import type { RestartPolicy } from './supervised-child.js'
import type { TurnGate } from './turn-gate.js'

export interface SystemParts {
  readonly clock: Clock
  readonly random: Random
  readonly gate: TurnGate
  readonly mailbox: { readonly max: number; readonly whenFull: 'wait' | 'reject' }
  readonly waiters: Waiters
  readonly callTimeoutMs: number
  /** What supervisors that say nothing go by. */
  readonly policy: Partial<RestartPolicy>
  readonly deadLetters: DeadLetters<ActorLetter>
  readonly faults: FaultLog
}

/** A message that nobody handled: it killed its actor, or was cast to one that is stopped. It is never run again. */
export interface ActorLetter {
  /** The path of the actor. */
  readonly actor: string
  readonly reason: 'crashed' | 'nobody'
  readonly message: unknown
  /** Milliseconds since the epoch. */
  readonly at: number
  /** What the message made the actor throw. */
  readonly error: unknown
}
