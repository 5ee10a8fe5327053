/**
 * Fault log: where failures go that have no caller to answer.
 *
 * 1 Each is told to `onError` when the user gave one; otherwise it is logged once per cause, so a handler that always
 *   throws does not fill the disk.
 * 2 Nothing leaves `report`: an `onError` that throws or rejects is logged, a logger that throws has nobody left to tell.
 */

import { describe } from '@repertory/core'
import { callUser } from './user-code.js'

/** What went wrong where: `handler bucket.orders.*`, `saver main`. */
export interface FaultContext {
  readonly source: string
}

export type OnError = (error: unknown, context: FaultContext) => unknown

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
    const onError = this.#onError
    if (onError === undefined) this.#logOnce(error, source)
    else
      callUser(
        () => onError(error, { source }),
        thrown => this.#logOnce(thrown, 'onError'),
      )
  }

  #logOnce(error: unknown, source: string): void {
    callUser(
      () => {
        const cause = `${source}: ${describe(error)}`
        if (this.#known.has(cause) || this.#known.size >= CAUSES_MAX) return
        this.#known.add(cause)
        return this.#logger.warn(`[repertory ${this.#name}] ${cause} (further ones of this kind are not logged)`, error)
      },
      () => undefined,
    )
  }
}
