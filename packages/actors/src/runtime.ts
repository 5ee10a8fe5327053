/**
 * repertory/runtime: supervised actors, as the store's own.
 *
 * `system` begins one, `actor` makes a child of a behaviour, `supervisor` of other children, `fromXState` a behaviour of any
 * XState logic.
 */

export { type ActorOptions, actor } from './actor.js'
export { type Actor, type ActorState, type Behaviour, type Context, type Exit, expected } from './behaviour.js'
export type { ChildSpec, RestartType, RuntimeHealth } from './child.js'
export type { Cancel, Clock, Random } from './clock.js'
export type { FaultContext, Logger, OnError } from './fault-log.js'
export type { CallOptions, MailboxCounts } from './mailbox.js'
export type { MailboxLimits } from './store-options.js'
export type { RestartPolicy } from './supervised-child.js'
export { type ChildSpecs, type Handles, type Strategy, type Supervisor, type SupervisorOptions, supervisor } from './supervisor.js'
export { type System, type SystemOptions, system } from './system.js'
export type { ActorLetter } from './system-parts.js'
export { fromXState, type XStateOptions } from './xstate-actor.js'
