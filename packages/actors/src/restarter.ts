/**
 * Restarter: a strategy, as its supervisor knows it. `restart-each.ts` is one_for_one, `restart-group.ts` the other two.
 *
 * 1 It decides which children end and begin when one exits, and counts crashes through governors; it holds no children.
 * 2 After `stop` it does nothing any more.
 */

import type { Child } from './child.js'
import type { SupervisedChild } from './supervised-child.js'
import type { SystemParts } from './system-parts.js'

export interface Restarter {
  /** No child is down on account of another: one may be added. */
  readonly isWhole: boolean
  /** A child that is done stays, since a restart of its group brings it back. */
  readonly keepsFinished: boolean
  /** Begins, in order, the children that are down. Rejects with the first failure. */
  beginAll(): Promise<void>
  /** A child that is to be restarted ended by itself, for that reason. */
  exited(child: Child, error: unknown): void
  governor(child: Child): SupervisedChild | undefined
  /** The child is removed. */
  forget(child: Child): void
  stop(): void
}

export interface RestarterOwner {
  readonly path: string
  readonly parts: SystemParts
  /** The children by order of birth; those born meanwhile included. */
  inOrder(): Iterable<Child>
  /** Ends, in reverse order, the children born at or after `from`. Never rejects. */
  endFrom(from: number): Promise<void>
  /** A governor by the supervisor's policy; `rest` is called when its circuit opens, unless that escalates. */
  govern(id: string, restart: () => void | Promise<void>, rest: () => void): SupervisedChild
}
