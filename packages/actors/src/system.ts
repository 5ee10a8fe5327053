/**
 * System: actors under one root supervisor, with one clock, one budget of the event loop, one list of dead letters.
 *
 * 1 The root is one_for_one and never escalates: whatever happens in its actors, the process lives.
 * 2 `stop` ends everything in reverse order within `shutdownMs`, brutally past it, and always resolves.
 *
 * It knows no store. `RootedSystem` takes its parts from outside, so a store can lend its own.
 */

import { refuseUnknownOptions } from '@repertory/core'
import type { ChildSpec, Keeper, RuntimeHealth } from './child.js'
import { type Clock, type Random, systemClock, systemRandom } from './clock.js'
import { DeadLetters } from './dead-letters.js'
import { FaultLog, type Logger, type OnError } from './fault-log.js'
import { Waiters } from './mailbox.js'
import { checkAmount, type MailboxLimits, mailboxSettings } from './store-options.js'
import type { RestartPolicy } from './supervised-child.js'
import { SupervisorCell } from './supervisor.js'
import type { ActorLetter, SystemParts } from './system-parts.js'
import { TurnGate } from './turn-gate.js'

export interface SystemOptions {
  /** The root of all paths. Default `system-<n>`. */
  readonly name?: string | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
  readonly mailbox?: MailboxLimits | undefined
  /** What supervisors that say nothing go by. */
  readonly supervision?: Partial<RestartPolicy> | undefined
  /** How long an `ask` may take, ms. Default 5000. */
  readonly callTimeoutMs?: number | undefined
  /** How long `stop` may take, ms. Default 5000. */
  readonly shutdownMs?: number | undefined
  readonly logger?: Logger | undefined
  /** Gets every crash, and failures of monitors and of `stop`. Default: logged once per cause. */
  readonly onError?: OnError | undefined
}

export interface System extends AsyncDisposable {
  readonly name: string
  /** The newest messages that nobody handled, oldest first. */
  readonly deadLetters: readonly ActorLetter[]
  /** Begins a child of the root. Rejects, adding nothing, when its beginning fails or the name is taken. */
  start<Handle>(name: string, spec: ChildSpec<Handle>): Promise<Handle>
  find(name: string): unknown
  /** Every supervisor and actor, parents first. O(actors). */
  health(): RuntimeHealth[]
  /** Ends everything. Further calls return the same promise. */
  stop(): Promise<void>
}

const CALL_TIMEOUT_MS = 5000
const SHUTDOWN_MS = 5000
const OPTIONS: ReadonlySet<string> = new Set([
  ...['name', 'clock', 'random', 'mailbox', 'supervision', 'callTimeoutMs', 'shutdownMs', 'logger', 'onError'],
])

let unnamed = 0

/** Begins a system. It needs no stopping for the process to end. */
export function system(options: SystemOptions = {}): System {
  refuseUnknownOptions('system', options, OPTIONS)
  const { clock = systemClock, random = systemRandom, supervision: policy = {} } = options
  const name = options.name ?? `system-${++unnamed}`
  const { waitersMax, ...mailbox } = mailboxSettings(options.mailbox ?? {})
  const parts: SystemParts = {
    clock,
    random,
    policy,
    mailbox,
    gate: new TurnGate(clock),
    waiters: new Waiters(waitersMax),
    callTimeoutMs: checkAmount('callTimeoutMs', options.callTimeoutMs) ?? CALL_TIMEOUT_MS,
    deadLetters: new DeadLetters(),
    faults: new FaultLog(name, options.onError, options.logger ?? console),
  }
  return new RootedSystem(name, parts, checkAmount('shutdownMs', options.shutdownMs) ?? SHUTDOWN_MS)
}

/** A system over parts that somebody else may share: a store lends its own. */
export class RootedSystem implements System, Keeper {
  readonly name: string
  readonly path = ''
  readonly parts: SystemParts
  readonly #root: SupervisorCell<Record<never, never>>
  #stopping: Promise<void> | undefined

  constructor(name: string, parts: SystemParts, shutdownMs: number) {
    this.name = name
    this.parts = parts
    this.#root = new SupervisorCell({ shutdownMs }, { name, ordinal: 0, keeper: this })
    void this.#root.begin()
  }

  get deadLetters(): readonly ActorLetter[] {
    return this.parts.deadLetters.list()
  }

  start<Handle>(name: string, spec: ChildSpec<Handle>): Promise<Handle> {
    return this.#root.start(name, spec)
  }

  find(name: string): unknown {
    return this.#root.find(name)
  }

  health(): RuntimeHealth[] {
    return [...this.#root.health()]
  }

  stop(): Promise<void> {
    this.#stopping ??= this.remove()
    return this.#stopping
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** The root never escalates, so nothing is told here. */
  exited(): void {
    throw new Error(`the root of "${this.name}" ended by itself`)
  }

  governor(): undefined {
    return undefined
  }

  async remove(): Promise<void> {
    await this.#root.end(true)
  }
}
