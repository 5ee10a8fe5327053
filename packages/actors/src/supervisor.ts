/**
 * Supervisor: a child that keeps children. It begins them in order, restarts them by its strategy, ends them in reverse.
 *
 * 1 A failure of a declared child in the first beginning fails the supervisor: those begun are ended, and nothing runs. Later
 *   failures are crashes, answered by restarts.
 * 2 Crashes are counted where the damage is shared: one_for_one by child, otherwise by group. Past `restartsMax` in
 *   `restartsWindowMs` the circuit opens (`supervised-child.ts`); or, if it is to escalate, the supervisor ends its children
 *   and crashes itself, and its own keeper decides. The root of a system never escalates.
 * 3 A restarted supervisor begins the children it had, in the order of their birth, those started later included. Temporary
 *   ones never return.
 * 4 Starting or stopping one of n children costs O(1), a restart O(children that restart) and, in a group, O(n).
 * 5 What takes long (many children) lets the event loop live: `breather.ts`.
 *
 * It handles no messages and never runs user code itself.
 */

import { OptionError, refuseUnknownOptions, StoppedError, UnavailableError } from '@repertory/core'
import type { ActorState, Exit } from './behaviour.js'
import { Breather } from './breather.js'
import {
  type Child,
  type ChildSpec,
  checkChildOptions,
  childSpec,
  createChild,
  isRestarted,
  type Keeper,
  type Place,
  type RestartType,
  type RuntimeHealth,
  stateOf,
} from './child.js'
import { moved, type Phase } from './phase.js'
import { RestartEach } from './restart-each.js'
import { RestartGroup } from './restart-group.js'
import type { Restarter, RestarterOwner } from './restarter.js'
import { checkAmount } from './store-options.js'
import { DEFAULT_RESTART_POLICY, type RestartPolicy, type SupervisedChild, superviseChild } from './supervised-child.js'
import type { SystemParts } from './system-parts.js'

export type Strategy = 'one_for_one' | 'rest_for_one' | 'one_for_all'

export type ChildSpecs = { readonly [name: string]: ChildSpec<unknown> }

export type Handles<Specs extends ChildSpecs> = {
  readonly [Name in keyof Specs]: Specs[Name] extends ChildSpec<infer Handle> ? Handle : never
}

export interface SupervisorOptions<Specs extends ChildSpecs> extends Partial<RestartPolicy> {
  /** Default `one_for_one`. */
  readonly strategy?: Strategy | undefined
  /** Begun in this order. */
  readonly children?: Specs | undefined
  /** What its own supervisor does when it crashes. Default `permanent`. */
  readonly restart?: RestartType | undefined
  /** How long ending all of it may take, ms. Default: as long as its children may. */
  readonly shutdownMs?: number | undefined
  /** Past the intensity: `open` the circuit and probe, or `escalate` to its own supervisor. Default `open`. */
  readonly pastIntensity?: 'open' | 'escalate' | undefined
}

/** The handle of a supervisor. It stays valid over restarts. */
export interface Supervisor<Specs extends ChildSpecs> {
  readonly name: string
  readonly path: string
  readonly state: ActorState
  readonly restarts: number
  /** The handles of the declared children. */
  readonly children: Handles<Specs>
  /** Children now, down ones included. */
  readonly size: number
  /** Adds a child behind the others and begins it. Rejects, adding nothing, when its beginning fails or the name is taken. */
  start<Handle>(name: string, spec: ChildSpec<Handle>): Promise<Handle>
  /** The child of that name, if there is one. */
  find(name: string): unknown
  /** Ends it and all under it for good, in reverse order. */
  stop(): Promise<void>
}

const OPTIONS: ReadonlySet<string> = new Set([
  ...['strategy', 'children', 'restart', 'shutdownMs', 'pastIntensity'],
  ...Object.keys(DEFAULT_RESTART_POLICY),
])
const NAME = /^[A-Za-z][A-Za-z0-9_:-]{0,127}$/

/** A child that supervises `children`. */
export function supervisor<const Specs extends ChildSpecs = Record<never, never>>(
  options: SupervisorOptions<Specs> = {},
): ChildSpec<Supervisor<Specs>> {
  refuseUnknownOptions('supervisor', options, OPTIONS)
  checkChildOptions('supervisor', options)
  const { strategy = 'one_for_one', pastIntensity = 'open' } = options
  if (!['one_for_one', 'rest_for_one', 'one_for_all'].includes(strategy))
    throw new OptionError('strategy', `strategy is "one_for_one", "rest_for_one" or "one_for_all", not ${String(strategy)}`)
  if (pastIntensity !== 'open' && pastIntensity !== 'escalate')
    throw new OptionError('pastIntensity', `pastIntensity is "open" or "escalate", not ${String(pastIntensity)}`)
  for (const [option, value] of Object.entries(options)) if (option in DEFAULT_RESTART_POLICY) checkAmount(option, value)
  for (const name of Object.keys(options.children ?? {})) checkName(name)
  return childSpec(place => new SupervisorCell(options, place))
}

export class SupervisorCell<Specs extends ChildSpecs> implements Supervisor<Specs>, Child, Keeper, RestarterOwner {
  readonly name: string
  readonly ordinal: number
  readonly path: string
  readonly parts: SystemParts
  readonly children: Handles<Specs>
  readonly #options: SupervisorOptions<Specs>
  readonly #keeper: Keeper
  readonly #policy: Partial<RestartPolicy>
  readonly #children = new Map<string, Child>()
  #phase: Phase = 'down'
  #restarter: Restarter | undefined
  #born = 0
  #starts = 0
  #lastError: unknown
  #ending: Promise<void> | undefined
  #isEndAsked = false
  #isFinal = false
  /** Of a child whose circuit opened while the supervisor began. */
  #escalation: { readonly error: unknown } | undefined

  constructor(options: SupervisorOptions<Specs>, place: Place) {
    this.name = place.name
    this.ordinal = place.ordinal
    this.#keeper = place.keeper
    this.path = place.keeper.path === '' ? place.name : `${place.keeper.path}/${place.name}`
    this.parts = place.keeper.parts
    this.#options = options
    const given = Object.entries(options).filter(([option, value]) => option in DEFAULT_RESTART_POLICY && value !== undefined)
    this.#policy = { ...this.parts.policy, ...Object.fromEntries(given) }
    const handles = Object.entries(options.children ?? {}).map(([name, spec]) => [name, this.#add(name, spec)])
    this.children = Object.freeze(Object.fromEntries(handles)) as Handles<Specs>
  }

  get state(): ActorState {
    return stateOf(this.#phase, this.#keeper.governor(this))
  }

  get restarts(): number {
    return Math.max(0, this.#starts - 1)
  }

  get size(): number {
    return this.#children.size
  }

  async start<Handle>(name: string, spec: ChildSpec<Handle>): Promise<Handle> {
    checkName(name)
    const refusal = this.#refusal()
    if (refusal !== undefined) throw refusal
    const child = this.#add(name, spec)
    try {
      const beginning = child.begin()
      if (beginning !== undefined) await beginning
    } catch (error) {
      await this.remove(child)
      throw error
    }
    return child
  }

  find(name: string): unknown {
    return this.#children.get(name)
  }

  stop(): Promise<void> {
    return this.#keeper.remove(this)
  }

  // As a child

  get phase(): Phase {
    return this.#phase
  }

  get restart(): RestartType {
    return this.#options.restart ?? 'permanent'
  }

  begin(): void | Promise<void> {
    this.#move('start')
    this.#starts++
    this.#isEndAsked = false
    this.#escalation = undefined
    const { strategy = 'one_for_one' } = this.#options
    this.#restarter = strategy === 'one_for_one' ? new RestartEach(this) : new RestartGroup(this, strategy === 'one_for_all')
    if (this.#children.size > 0) return this.#beginAll(this.#restarter)
    this.#move('serve')
  }

  end(isFinal: boolean): void | Promise<void> {
    if (this.#phase === 'down' || this.#phase === 'stopped') {
      if (isFinal) this.finish()
      return
    }
    this.#isEndAsked = true
    this.#isFinal ||= isFinal
    this.#ending ??= this.#end()
    return this.#ending
  }

  kill(): void {
    if (this.#phase === 'down' || this.#phase === 'stopped') return
    this.#ending ??= this.#end()
    for (const child of [...this.#children.values()].reverse()) child.kill()
  }

  finish(): void {
    if (this.#phase === 'stopped') return
    this.#move('finish')
    for (const child of this.#children.values()) child.finish()
    this.#children.clear()
  }

  rest(): void {
    for (const child of this.#children.values()) child.rest()
  }

  *health(): Generator<RuntimeHealth> {
    const { path, state, restarts } = this
    yield { path, kind: 'supervisor', state, restarts, lastError: this.#lastError, depth: 0, ageMs: 0 }
    for (const child of this.#children.values()) yield* child.health()
  }

  // As a keeper

  exited(child: Child, exit: Exit): void {
    if (isRestarted(child.restart, exit)) {
      const error = exit.kind === 'crash' ? exit.error : new Error(`"${child.path}" ended (${exit.kind}), and is to be restarted`)
      if (this.#phase === 'serving' || this.#phase === 'starting') this.#restarter?.exited(child, error)
      return
    }
    child.finish()
    if (child.restart === 'temporary' || this.#restarter?.keepsFinished !== true) this.#forget(child)
  }

  governor(child: Child): SupervisedChild | undefined {
    return this.#phase === 'serving' || this.#phase === 'starting' ? this.#restarter?.governor(child) : this.#keeper.governor(this)
  }

  async remove(child: Child): Promise<void> {
    this.#restarter?.forget(child)
    const ending = child.end(true)
    if (ending !== undefined) await ending
    this.#forget(child)
  }

  // For its restarter

  inOrder(): Iterable<Child> {
    return this.#children.values()
  }

  async endFrom(from: number): Promise<void> {
    const breather = new Breather(this.parts.clock)
    const born = [...this.#children.values()]
    for (let child = born.pop(); child !== undefined && child.ordinal >= from; child = born.pop()) {
      const isFinal = this.#isFinal || child.restart === 'temporary'
      const ending = child.end(isFinal) ?? breather.step()
      if (ending !== undefined) await ending
      if (isFinal) this.#forget(child)
    }
  }

  govern(id: string, restart: () => void | Promise<void>, rest: () => void): SupervisedChild {
    const { parts } = this
    const { pastIntensity } = this.#options
    const governor = superviseChild({
      id,
      policy: this.#policy,
      clock: parts.clock,
      random: parts.random,
      restart,
      onState: state => {
        if (state !== 'open') return
        if (pastIntensity === 'escalate') this.#escalate(governor.lastError)
        else rest()
      },
      onError: error => parts.faults.report(error, `restart of ${id}`),
    })
    return governor
  }

  async #beginAll(restarter: Restarter): Promise<void> {
    try {
      await restarter.beginAll()
      if (this.#escalation !== undefined) throw this.#escalation.error
      if (this.#phase === 'leaving') throw new Error(`"${this.path}" was ended while it began`)
    } catch (error) {
      restarter.stop()
      this.#lastError = error
      // Otherwise whoever asked for the end sees to it.
      if (this.#phase === 'starting') await this.endFrom(0)
      if (this.#phase === 'starting') this.#move('fail')
      throw error
    }
    this.#move('serve')
  }

  async #end(): Promise<void> {
    this.#move('leave')
    this.#restarter?.stop()
    const { shutdownMs = Number.POSITIVE_INFINITY } = this.#options
    const disarm = shutdownMs === Number.POSITIVE_INFINITY ? undefined : this.parts.clock.after(shutdownMs, () => this.kill())
    await this.endFrom(0)
    disarm?.()
    this.#ending = undefined
    this.#move('left')
    if (this.#isFinal) this.finish()
  }

  #escalate(error: unknown): void {
    const cause = new Error(`"${this.path}" crashed: restarts past its intensity did not help`, { cause: error })
    this.#lastError = cause
    this.#restarter?.stop()
    if (this.#phase === 'starting') this.#escalation = { error: cause }
    if (this.#phase !== 'serving') return
    this.#ending = this.#end()
    void this.#ending.then(() => {
      if (!this.#isEndAsked) this.#keeper.exited(this, { kind: 'crash', error: cause })
    })
  }

  #add<Handle>(name: string, spec: ChildSpec<Handle>): Child & Handle {
    if (this.#children.has(name))
      throw new OptionError('name', `"${this.path}" has a child named "${name}" already; stop that first, or take another name`)
    const child = createChild(spec, { name, ordinal: this.#born++, keeper: this })
    this.#children.set(name, child)
    return child
  }

  #forget(child: Child): void {
    if (this.#children.get(child.name) !== child) return
    this.#restarter?.forget(child)
    this.#children.delete(child.name)
  }

  #refusal(): Error | undefined {
    if (this.#phase === 'stopped' || this.#isFinal)
      return new StoppedError(this.path, `Supervisor "${this.path}" is stopped; start a new one`)
    if (this.#phase === 'serving' && this.#restarter?.isWhole === true) return undefined
    return new UnavailableError(`Supervisor "${this.path}" restarts its children; it takes new ones when they are back`)
  }

  #move(event: Parameters<typeof moved>[1]): void {
    this.#phase = moved(this.#phase, event)
  }
}

function checkName(name: string): void {
  if (!NAME.test(name))
    throw new OptionError('name', `a child's name is a letter and up to 127 of A-Z a-z 0-9 _ : -, not ${JSON.stringify(name)}`)
}
