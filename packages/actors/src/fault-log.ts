/**
 * Fault log: where failures go that have no caller to answer.
 *
 * 1 Each is told to `onError` when the user gave one; otherwise it is logged once per cause, so a handler that always
 *   throws does not fill the disk.
 * 2 Nothing leaves `report`: an `onError` that throws is logged, and that is the end of it.
 */

import { describe } from '@repertory/core'

/** What went wrong where: `handler bucket.orders.*`, `saver main`. */
export interface FaultContext {
  readonly source: string
}

export type OnError = (error: unknown, context: FaultContext) => void

/** The part of `console` that the store uses. */
export interface Logger {
  warn(message: string, error?: unknown): void
}

/** Causes remembered, so that "once" is bounded too. */
const CAUSES_MAX = 1000

export class FaultLog {
  readonly #name: string
  readonly #onError: OnError | undefined
  readonly #logger: Logger
  readonly #known = new Set<string>()

  constructor(name: string, onError: OnError | undefined, logger: Logger) {
    this.#name = name
    this.#onError = onError
    this.#logger = logger
  }

  report(error: unknown, source: string): void {
    if (this.#onError === undefined) {
      this.#logOnce(error, source)
      return
    }
    try {
      this.#onError(error, { source })
    } catch (thrown) {
      this.#logOnce(thrown, 'onError')
    }
  }

  #logOnce(error: unknown, source: string): void {
    const cause = `${source}: ${describe(error)}`
    if (this.#known.has(cause) || this.#known.size >= CAUSES_MAX) return
    this.#known.add(cause)
    this.#logger.warn(`[repertory ${this.#name}] ${cause} (further ones of this kind are not logged)`, error)
  }
}
