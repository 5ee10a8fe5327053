/**
 * Interruption: Ctrl-C and its like, turned into an orderly end.
 *
 *   running ──SIGINT, SIGTERM, SIGHUP, reader gone──▶ asked ── the step under way ends, the store saves and closes ──▶ exit
 *                                                       └────── a second signal ──▶ exit at once
 *
 * 1 Nothing is cut off: the program looks at `signal` between two steps and throws its reason there.
 * 2 The exit code is 128 + the signal's number, as shells expect.
 * 3 Ending at once loses no saved record: the file is as after any crash.
 */

import { constants } from 'node:os'

type SignalName = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGPIPE'

/** Why the program ends early, thrown by whoever looks. */
export class Interrupted extends Error {
  readonly by: SignalName
  readonly exitCode: number

  constructor(by: SignalName) {
    super(`ended by ${by}`)
    this.by = by
    this.exitCode = 128 + constants.signals[by]
  }
}

export class Interruption {
  readonly #controller = new AbortController()
  /** Called when an end is asked for first. */
  onAsked: (by: SignalName) => void = () => undefined

  /** Listens to the signals of this process from here on. */
  constructor() {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => this.ask(name))
  }

  get isAsked(): boolean {
    return this.#controller.signal.aborted
  }

  /** Asks for an orderly end; asked a second time by a signal, ends at once. */
  ask(by: SignalName): void {
    const reason = new Interrupted(by)
    if (!this.isAsked) {
      this.#controller.abort(reason)
      this.onAsked(by)
    } else if (by !== 'SIGPIPE') process.exit(reason.exitCode)
  }

  /** Throws `Interrupted` when an end was asked for. */
  throwIfAsked(): void {
    this.#controller.signal.throwIfAborted()
  }
}
