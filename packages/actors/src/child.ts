/**
 * Child: what a supervisor knows of the actors and supervisors under it, and they of it.
 *
 *   supervisor -- begin, end, kill, finish, rest --> child
 *              <-- exited, governor, remove ------- (as its keeper)
 *
 * 1 `begin` and `end` return nothing when they were done at once, else a promise. `begin` fails when `init` does, and then
 *   nothing runs. `end` never fails, takes no longer than the child's `shutdownMs`, and may be called again meanwhile.
 * 2 A child tells its keeper of the exits the keeper did not ask for, each once, when the incarnation has ended altogether.
 * 3 Nothing here knows which strategy is at work.
 */

import { OptionError } from '@repertory/core'
import type { ActorState, Exit } from './behaviour.js'
import type { Phase } from './phase.js'
import { checkAmount } from './store-options.js'
import type { SupervisedChild } from './supervised-child.js'
import type { SystemParts } from './system-parts.js'

/** `permanent`: always restarted. `transient`: after a crash or a kill. `temporary`: never. */
export type RestartType = 'permanent' | 'transient' | 'temporary'

export interface Child {
  readonly name: string
  readonly path: string
  /** By order of birth under its supervisor. */
  readonly ordinal: number
  readonly restart: RestartType
  readonly phase: Phase
  begin(): void | Promise<void>
  /** Ends the incarnation in an orderly way; `isFinal`: and then `finish`. */
  end(isFinal: boolean): void | Promise<void>
  /** Ends the incarnation at once: whatever `end` waits for is given up. */
  kill(): void
  /** No further incarnation is to come: whoever waits, and whoever will ask, is refused. */
  finish(): void
  /** The circuit is open: whoever waits is refused. */
  rest(): void
  health(): Iterable<RuntimeHealth>
}

/** One row of `system.health()`. */
export interface RuntimeHealth {
  readonly path: string
  readonly kind: 'actor' | 'supervisor'
  readonly state: ActorState
  readonly restarts: number
  readonly lastError: unknown
  /** Messages that wait; of actors. */
  readonly depth: number
  readonly ageMs: number
}

export interface Keeper {
  readonly path: string
  readonly parts: SystemParts
  /** The incarnation of a child ended by itself. */
  exited(child: Child, exit: Exit): void
  /** Who decides about restarts of the child at present; nobody while nothing under it ever crashed. */
  governor(child: Child): SupervisedChild | undefined
  /** Ends a child for good and frees its name. */
  remove(child: Child): Promise<void>
}

/** Where a child is made. */
export interface Place {
  readonly name: string
  readonly ordinal: number
  readonly keeper: Keeper
}

declare const handleOf: unique symbol

/** What `actor(…)` and `supervisor(…)` return: a child not made yet. `Handle` is what its users get. */
export interface ChildSpec<Handle> {
  readonly [handleOf]?: Handle
}

type Create<Handle> = (place: Place) => Child & Handle

/** Specs are opaque to users: how a child is made is known here alone. */
const creators = new WeakMap<object, Create<unknown>>()

export function childSpec<Handle>(create: Create<Handle>): ChildSpec<Handle> {
  const spec: ChildSpec<Handle> = Object.freeze({})
  creators.set(spec, create)
  return spec
}

/** Throws `OptionError` for anything that `childSpec` did not make. */
export function createChild<Handle>(spec: ChildSpec<Handle>, place: Place): Child & Handle {
  const create = creators.get(spec)
  if (create === undefined)
    throw new OptionError('children', `"${place.name}" is no child yet: make one of it with actor(…) or supervisor(…)`)
  return create(place) as Child & Handle
}

/** The state its users see. */
export function stateOf(phase: Phase, governor: SupervisedChild | undefined): ActorState {
  if (phase === 'serving') return governor?.state === 'probing' ? 'probing' : 'serving'
  if (phase === 'down') return governor?.state === 'open' ? 'open' : 'waiting'
  return phase === 'leaving' ? 'stopping' : phase
}

/** Whether a child comes back after it ended by itself. */
export function isRestarted(restart: RestartType, exit: Exit): boolean {
  return restart === 'permanent' || (restart === 'transient' && (exit.kind === 'crash' || exit.kind === 'killed'))
}

/** Throws `OptionError`. */
export function checkChildOptions(owner: string, options: { readonly restart?: unknown; readonly shutdownMs?: unknown }): void {
  const { restart = 'permanent' } = options
  if (restart !== 'permanent' && restart !== 'transient' && restart !== 'temporary')
    throw new OptionError('restart', `${owner}: restart is "permanent", "transient" or "temporary", not ${String(restart)}`)
  checkAmount('shutdownMs', options.shutdownMs)
}
