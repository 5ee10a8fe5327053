/**
 * Restart each: one_for_one. Every child is restarted by itself, and its crashes are counted by themselves.
 *
 * 1 A child that never crashed costs nothing here: its governor (`supervised-child.ts`) is made with its first crash.
 * 2 What happens to one child delays no other.
 */

import { Breather } from './breather.js'
import type { Child } from './child.js'
import type { Restarter, RestarterOwner } from './restarter.js'
import type { SupervisedChild } from './supervised-child.js'

export class RestartEach implements Restarter {
  readonly isWhole = true
  readonly keepsFinished = false
  readonly #owner: RestarterOwner
  readonly #governors = new Map<Child, SupervisedChild>()
  #isStopped = false

  constructor(owner: RestarterOwner) {
    this.#owner = owner
  }

  async beginAll(): Promise<void> {
    const breather = new Breather(this.#owner.parts.clock)
    for (const child of this.#owner.inOrder()) {
      if (this.#isStopped) return
      if (child.phase !== 'down') continue
      const beginning = child.begin() ?? breather.step()
      if (beginning !== undefined) await beginning
    }
  }

  exited(child: Child, error: unknown): void {
    let governor = this.#governors.get(child)
    if (governor === undefined) {
      governor = this.#owner.govern(
        child.path,
        () => child.begin(),
        () => child.rest(),
      )
      this.#governors.set(child, governor)
    }
    governor.crashed(error)
  }

  governor(child: Child): SupervisedChild | undefined {
    return this.#governors.get(child)
  }

  forget(child: Child): void {
    this.#governors.get(child)?.stop()
    this.#governors.delete(child)
  }

  stop(): void {
    this.#isStopped = true
    for (const governor of this.#governors.values()) governor.stop()
    this.#governors.clear()
  }
}
