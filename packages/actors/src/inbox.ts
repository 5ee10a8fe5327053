/**
 * Inbox: the messages of one actor and their accounting, whether they waited in a mailbox or ran in their caller's turn.
 *
 * 1 sent = handled + refused + expired + aborted + crashed + not yet answered.
 * 2 Made with the actor's first message, and its mailbox with the first that has to wait: an actor nobody wrote to costs neither.
 */

import type { CallOptions, MailboxCounts, MailboxOptions, Message, Outcome } from './mailbox.js'
import { Mailbox } from './mailbox.js'

export interface InboxView {
  readonly depth: number
  readonly ageMs: number
  readonly counts: Readonly<MailboxCounts>
}

export class Inbox {
  /** Of the messages that never waited. */
  sentNow = 0
  handledNow = 0
  #refusedNow = 0
  #expiredNow = 0
  #crashedNow = 0
  #mailbox: Mailbox | undefined

  get depth(): number {
    return this.#mailbox === undefined ? 0 : this.#mailbox.depth
  }

  view(): InboxView {
    const queued = this.#mailbox?.counts
    const counts = {
      sent: this.sentNow + (queued?.sent ?? 0),
      handled: this.handledNow + (queued?.handled ?? 0),
      refused: this.#refusedNow + (queued?.refused ?? 0),
      expired: this.#expiredNow + (queued?.expired ?? 0),
      aborted: queued?.aborted ?? 0,
      crashed: this.#crashedNow + (queued?.crashed ?? 0),
    }
    return { depth: this.depth, ageMs: this.#mailbox?.ageMs ?? 0, counts }
  }

  /** How a message ended that never waited. */
  countNow(outcome: Outcome): void {
    if (outcome === 'handled') this.handledNow++
    else if (outcome === 'crashed') this.#crashedNow++
    else if (outcome === 'expired') this.#expiredNow++
    else this.#refusedNow++
  }

  /** A message refused before it had a place. */
  refuse(): void {
    this.sentNow++
    this.#refusedNow++
  }

  ask(message: unknown, options: CallOptions | undefined, settings: () => MailboxOptions): Promise<unknown> {
    this.#mailbox ??= new Mailbox(settings())
    return this.#mailbox.send('ask', () => () => message, options)
  }

  cast(message: unknown, settings: () => MailboxOptions): void {
    this.#mailbox ??= new Mailbox(settings())
    this.#mailbox.post('cast', () => () => message)
  }

  next(): Message | undefined {
    return this.#mailbox?.next()
  }

  answer(message: Message, outcome: Outcome, value: unknown): void {
    this.#mailbox?.answer(message, outcome, value)
  }

  /** Answers all that wait. */
  refuseAll(error: () => Error): void {
    this.#mailbox?.close(error)
  }
}
