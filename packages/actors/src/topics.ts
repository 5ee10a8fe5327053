/**
 * Topics: patterns over event names, and who listens to which.
 *
 *      bucket.<name>.inserted | updated | deleted
 *
 * 1 `*` alone is everything, `*` in the middle one segment, a trailing `*` any rest. Everything else is itself.
 * 2 The listeners of a topic are found once and kept until somebody comes or goes, so a commit costs one look-up a change.
 * 3 A listener hears the commits after its `on`, in order, and none after its unsubscribe, even those already queued.
 */

import { OptionError } from '@repertory/core'

export interface Listener<H> {
  readonly matches: (segments: readonly string[]) => boolean
  readonly pattern: string
  readonly handler: H
  /** Commits up to here came before it listened. */
  readonly since: number
  isActive: boolean
}

/** Topics remembered: buckets may come and go under new names for ever. */
const TOPICS_MAX = 10_000

export class Topics<H> {
  readonly #listeners = new Set<Listener<H>>()
  #byTopic = new Map<string, readonly Listener<H>[]>()

  get isEmpty(): boolean {
    return this.#listeners.size === 0
  }

  add(pattern: string, handler: H, since: number): Listener<H> {
    const listener: Listener<H> = { matches: compilePattern(pattern), pattern, handler, since, isActive: true }
    this.#listeners.add(listener)
    this.#byTopic = new Map()
    return listener
  }

  remove(listener: Listener<H>): void {
    listener.isActive = false
    this.#listeners.delete(listener)
    this.#byTopic = new Map()
  }

  /** In the order in which they came. */
  listenersOf(topic: string): readonly Listener<H>[] {
    let found = this.#byTopic.get(topic)
    if (found === undefined) {
      const segments = topic.split('.')
      found = [...this.#listeners].filter(listener => listener.matches(segments))
      if (this.#byTopic.size >= TOPICS_MAX) this.#byTopic = new Map()
      this.#byTopic.set(topic, found)
    }
    return found
  }
}

/** Throws `OptionError` for what is no pattern. */
export function compilePattern(pattern: string): (segments: readonly string[]) => boolean {
  if (typeof pattern !== 'string' || pattern === '' || pattern.split('.').includes('')) {
    throw new OptionError(
      'pattern',
      `${JSON.stringify(pattern)} is not a topic pattern; write "bucket.orders.inserted", "bucket.*.deleted", "bucket.orders.*" or "*"`,
    )
  }
  const wanted = pattern.split('.')
  const isOpen = wanted[wanted.length - 1] === '*'
  return segments => {
    if (isOpen ? segments.length < wanted.length : segments.length !== wanted.length) return false
    return wanted.every((part, at) => part === '*' || part === segments[at])
  }
}
