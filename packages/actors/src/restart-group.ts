/**
 * Restart group: one_for_all and rest_for_one. Children that end and begin together, with one count of crashes.
 *
 *   a child falls --> those from `from` on end, in reverse --> the governor: at once, after a pause, or rest and probe
 *                     those from `from` on begin, in order <-- #attempt
 *
 * 1 `from` is the first child that is down on account of a crash: the fallen one (rest_for_one), or the first of all
 *   (one_for_all). Infinity: none.
 * 2 One thing at a time: ending or beginning. A child that falls meanwhile lowers `from` and fails the attempt; the governor
 *   hears of it once.
 * 3 After a failed attempt nothing from `from` on runs. What stands before serves.
 * 4 A child that falls before `from` while the group pauses lowers `from`: it returns with the others, when the pause is over.
 */

import { Breather } from './breather.js'
import type { Child } from './child.js'
import type { Restarter, RestarterOwner } from './restarter.js'
import type { SupervisedChild } from './supervised-child.js'

const NONE = Number.POSITIVE_INFINITY

export class RestartGroup implements Restarter {
  readonly keepsFinished = true
  readonly #owner: RestarterOwner
  readonly #isAll: boolean
  #governor: SupervisedChild | undefined
  #from = NONE
  #isBusy = false
  /** Of the first child that fell during the attempt. */
  #failure: { readonly error: unknown } | undefined
  #isStopped = false

  constructor(owner: RestarterOwner, isAll: boolean) {
    this.#owner = owner
    this.#isAll = isAll
  }

  get isWhole(): boolean {
    return this.#from === NONE && !this.#isBusy
  }

  beginAll(): Promise<void> {
    this.#from = 0
    return this.#attempt()
  }

  exited(child: Child, error: unknown): void {
    this.#fell(child, error)
    if (!this.#isBusy) void this.#fall(error)
  }

  governor(child: Child): SupervisedChild | undefined {
    return child.ordinal >= this.#from || this.#governor?.state === 'probing' ? this.#governor : undefined
  }

  forget(): void {
    // The count is the group's: it outlives its members.
  }

  stop(): void {
    this.#isStopped = true
    this.#governor?.stop()
  }

  #fell(child: Child, error: unknown): void {
    this.#from = this.#isAll ? 0 : Math.min(this.#from, child.ordinal)
    this.#failure ??= { error }
  }

  async #fall(error: unknown): Promise<void> {
    this.#isBusy = true
    for (let ended = NONE; this.#from < ended && !this.#isStopped; ) {
      ended = this.#from
      await this.#owner.endFrom(ended)
    }
    this.#isBusy = false
    if (this.#isStopped) return
    this.#governor ??= this.#owner.govern(
      this.#owner.path,
      () => this.#attempt(),
      () => this.#rest(),
    )
    if (this.#governor.state === 'open') this.#rest()
    else this.#governor.crashed(error)
  }

  async #attempt(): Promise<void> {
    const breather = new Breather(this.#owner.parts.clock)
    const from = this.#from
    this.#from = NONE
    this.#failure = undefined
    this.#isBusy = true
    for (const child of this.#owner.inOrder()) {
      if (child.ordinal < from || (child.phase !== 'down' && child.phase !== 'stopped')) continue
      const beginning = this.#begin(child) ?? breather.step()
      if (beginning !== undefined) await beginning
      if (this.#failure !== undefined || this.#isStopped) break
    }
    const failure = this.#failure as { readonly error: unknown } | undefined
    for (let ended = NONE; this.#from < ended && !this.#isStopped; ) {
      ended = this.#from
      await this.#owner.endFrom(ended)
    }
    this.#isBusy = false
    if (failure !== undefined) throw failure.error
  }

  /** Fails by `#fell`. A child removed while it began is none of the group any more. */
  #begin(child: Child): void | Promise<void> {
    const failed = (error: unknown): void => {
      if (child.phase !== 'stopped') this.#fell(child, error)
    }
    try {
      return child.begin()?.catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  #rest(): void {
    for (const child of this.#owner.inOrder()) if (child.ordinal >= this.#from) child.rest()
  }
}
