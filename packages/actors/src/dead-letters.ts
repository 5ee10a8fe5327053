/**
 * Dead letters: messages that killed their actor. They were answered once and are never run again.
 *
 * Bounded: the newest thousand are kept, the rest is counted.
 */

export interface DeadLetter {
  readonly bucket: string
  readonly verb: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly error: unknown
}

const KEPT_MAX = 1000

export class DeadLetters<Letter extends object = DeadLetter> {
  readonly #kept: Readonly<Letter>[] = []
  #total = 0

  /** All that ever were. */
  get total(): number {
    return this.#total
  }

  add(letter: Letter): void {
    this.#total++
    this.#kept.push(Object.freeze(letter))
    if (this.#kept.length > KEPT_MAX) this.#kept.shift()
  }

  /** The newest, oldest first. */
  list(): readonly Readonly<Letter>[] {
    return [...this.#kept]
  }
}
