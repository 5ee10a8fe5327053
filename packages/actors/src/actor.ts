/**
 * Actor: a mailbox, a behaviour, and the loop between them. It lives as long as its name; incarnations come and go (`life.ts`).
 *
 *   ask, cast -- serving, nothing waits, gate open --> handled in the caller's turn
 *             -- otherwise -------------------------> mailbox --> handled in a later macrotask (turn-gate.ts)
 *
 * 1 One message at a time, in the order sent. An asynchronous `handle` occupies the actor until it settles.
 * 2 Each ask is answered exactly once, each message counted once (`inbox.ts`).
 * 3 A message that crashes its actor is answered `ActorCrashedError`, goes to the dead letters, and is never run again. What
 *   it did outside is not known, so `executed` is `unknown`, as it is when the deadline passes while it runs.
 * 4 Messages that wait survive a restart. They are refused when the circuit opens, and when no incarnation is to come.
 *
 * It never restarts itself: its keeper does. 100,000 of them must fit: what few need is made when first needed.
 */

import { ActorCrashedError, DeadlineError, refuseUnknownOptions, StoppedError, UnavailableError } from '@repertory/core'
import { type Actor, type ActorState, type Behaviour, type Exit, isExpected, isThenable } from './behaviour.js'
import { checkReadOptions } from './call-options.js'
import {
  type Child,
  type ChildSpec,
  checkChildOptions,
  childSpec,
  type Keeper,
  type Place,
  type RestartType,
  type RuntimeHealth,
  stateOf,
} from './child.js'
import type { Cancel } from './clock.js'
import { Inbox, type InboxView } from './inbox.js'
import type { Incarnation } from './incarnation.js'
import { IN_TURN, Life, type LifeOwner, type Running } from './life.js'
import type { CallOptions, MailboxOptions, Outcome } from './mailbox.js'
import type { Phase } from './phase.js'
import { checkAmount } from './store-options.js'
import type { SystemParts } from './system-parts.js'
import type { Drainable } from './turn-gate.js'

export interface ActorOptions {
  /** Default `permanent`. */
  readonly restart?: RestartType | undefined
  /** How long an orderly end may take, ms. Default 5000. */
  readonly shutdownMs?: number | undefined
  /** Default: the system's. */
  readonly mailbox?: { readonly max?: number | undefined; readonly whenFull?: 'wait' | 'reject' | undefined } | undefined
  /** How long an `ask` without a `timeoutMs` of its own waits. Default: the system's. */
  readonly callTimeoutMs?: number | undefined
}

/** What all actors of one spec share. */
interface ActorSettings<State, Message, Reply> {
  readonly behaviour: Behaviour<State, Message, Reply>
  readonly restart: RestartType
  readonly shutdownMs: number
  readonly mailbox: NonNullable<ActorOptions['mailbox']>
  readonly callTimeoutMs: number | undefined
}

type Settle = (outcome: Outcome, value: unknown) => void

const SHUTDOWN_MS = 5000
const OPTIONS: ReadonlySet<string> = new Set(['restart', 'shutdownMs', 'mailbox', 'callTimeoutMs'])
const MAILBOX_OPTIONS: ReadonlySet<string> = new Set(['max', 'whenFull'])

/** A child that runs `behaviour`. Make it once and start it as often as you like. */
export function actor<State, Message, Reply>(
  behaviour: Behaviour<State, Message, Reply>,
  options: ActorOptions = {},
): ChildSpec<Actor<Message, Reply>> {
  refuseUnknownOptions('actor', options, OPTIONS)
  const { restart = 'permanent', mailbox = {} } = options
  checkChildOptions('actor', options)
  refuseUnknownOptions('mailbox', mailbox, MAILBOX_OPTIONS)
  checkAmount('mailbox.max', mailbox.max)
  const callTimeoutMs = checkAmount('callTimeoutMs', options.callTimeoutMs)
  const settings = { behaviour, restart, shutdownMs: options.shutdownMs ?? SHUTDOWN_MS, mailbox, callTimeoutMs }
  return childSpec(place => new ActorCell(settings, place))
}

class ActorCell<State, Message, Reply> implements LifeOwner<State, Message>, Actor<Message, Reply>, Child, Drainable {
  readonly name: string
  readonly ordinal: number
  readonly parts: SystemParts
  readonly #keeper: Keeper
  readonly #settings: ActorSettings<State, Message, Reply>
  readonly #life: Life<State, Message>
  #inbox: Inbox | undefined

  constructor(settings: ActorSettings<State, Message, Reply>, place: Place) {
    this.name = place.name
    this.ordinal = place.ordinal
    this.parts = place.keeper.parts
    this.#keeper = place.keeper
    this.#settings = settings
    this.#life = new Life<State, Message>(this)
  }

  // Messages

  ask(message: Message, options?: CallOptions): Promise<Reply> {
    if (options !== undefined) {
      try {
        checkReadOptions('ask', options)
      } catch (error) {
        return Promise.reject(error)
      }
    }
    this.#inbox ??= new Inbox()
    const inbox = this.#inbox
    const life = this.#life
    if (!isFree(life) || inbox.depth > 0 || options?.signal !== undefined || !this.parts.gate.admits())
      return this.#askLater(inbox, message, options)
    const incarnation = life.incarnation!
    let reply: Reply | PromiseLike<Reply>
    inbox.sentNow++
    try {
      reply = this.#handle(incarnation, message)
    } catch (error) {
      return Promise.reject(this.#failed(incarnation, message, error, outcome => inbox.countNow(outcome)))
    }
    if (isThenable(reply)) return this.#promiseOf(incarnation, message, reply, options?.timeoutMs ?? this.#callTimeoutMs)
    inbox.handledNow++
    if (incarnation.request !== undefined || life.phase === 'leaving') life.turnEnded(incarnation)
    return Promise.resolve(reply)
  }

  cast(message: Message): void {
    this.#inbox ??= new Inbox()
    const inbox = this.#inbox
    const life = this.#life
    if (!isFree(life) || inbox.depth > 0 || !this.parts.gate.admits()) {
      this.#castLater(inbox, message)
      return
    }
    inbox.sentNow++
    this.#take(life.incarnation!, message, Number.POSITIVE_INFINITY, outcome => inbox.countNow(outcome))
  }

  runNext(): boolean {
    const life = this.#life
    const inbox = this.#inbox
    if (!isFree(life)) return false
    const queued = inbox?.next()
    if (inbox === undefined || queued === undefined) return false
    const leftMs = queued.deadlineMs === Number.POSITIVE_INFINITY ? queued.deadlineMs : queued.deadlineMs - this.parts.clock.now()
    this.#take(life.incarnation!, queued.run() as Message, leftMs, (outcome, value) => inbox.answer(queued, outcome, value))
    return isFree(life) && inbox.depth > 0
  }

  wake(): void {
    if (this.#inbox !== undefined && this.#inbox.depth > 0) this.parts.gate.schedule(this)
  }

  #handle(incarnation: Incarnation<State, Message>, message: Message): Reply | PromiseLike<Reply> {
    const { gate } = this.parts
    const life = this.#life
    gate.isInTurn = true
    life.running = IN_TURN
    try {
      return this.#settings.behaviour.handle(incarnation.state!.of, message, incarnation)
    } finally {
      gate.isInTurn = false
      life.running = undefined
    }
  }

  /** Handles a message whose sender is not on the stack. */
  #take(incarnation: Incarnation<State, Message>, message: Message, leftMs: number, settle: Settle): void {
    try {
      const reply = this.#handle(incarnation, message)
      if (isThenable(reply)) {
        this.#occupy(incarnation, message, reply, leftMs, settle)
        return
      }
      settle('handled', reply)
    } catch (error) {
      this.#failed(incarnation, message, error, settle)
      return
    }
    if (incarnation.request !== undefined || this.#life.phase === 'leaving') this.#life.turnEnded(incarnation)
  }

  /** Tells the two kinds of failure apart; what the caller gets. */
  #failed(incarnation: Incarnation<State, Message>, message: Message, error: unknown, settle: Settle): unknown {
    if (isExpected(error)) {
      settle('refused', error)
      this.#life.turnEnded(incarnation)
      return error
    }
    const answer = new ActorCrashedError(this.path, 'unknown', error)
    this.#letter('crashed', message, error)
    settle('crashed', answer)
    if (this.#life.incarnation === incarnation) this.#life.depart({ kind: 'crash', error })
    return answer
  }

  #promiseOf(incarnation: Incarnation<State, Message>, message: Message, reply: PromiseLike<Reply>, leftMs: number): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#occupy(incarnation, message, reply, leftMs, (outcome, value) => {
        this.#inbox?.countNow(outcome)
        if (outcome === 'handled') resolve(value as Reply)
        else reject(value)
      })
    })
  }

  /** An asynchronous `handle` occupies the actor until it settles, or its incarnation ends. */
  #occupy(incarnation: Incarnation<State, Message>, message: Message, reply: PromiseLike<Reply>, leftMs: number, settle: Settle): void {
    const life = this.#life
    let isAnswered = false
    const answer: Settle = (outcome, value) => {
      if (isAnswered) return
      isAnswered = true
      disarm?.()
      settle(outcome, value)
    }
    const late = (): void => answer('expired', this.#lateError())
    const disarm: Cancel | undefined = leftMs === Number.POSITIVE_INFINITY ? undefined : this.parts.clock.after(leftMs, late)
    const running: Running = {
      giveUp: exit => answer('crashed', new ActorCrashedError(this.path, 'unknown', exit.error ?? exit.kind)),
    }
    life.running = running
    const settled = (run: () => void): void => {
      if (life.running !== running) return
      life.running = undefined
      run()
    }
    reply.then(
      value =>
        settled(() => {
          answer('handled', value)
          life.turnEnded(incarnation)
        }),
      error => settled(() => void this.#failed(incarnation, message, error, answer)),
    )
    const { request } = incarnation
    if (request?.kind === 'crash' || request?.kind === 'killed') life.depart(request)
  }

  #askLater(inbox: Inbox, message: Message, options: CallOptions | undefined): Promise<Reply> {
    const refusal = this.#refusal()
    if (refusal !== undefined) {
      inbox.refuse()
      return Promise.reject(refusal)
    }
    const answer = inbox.ask(message, options, this.#mailboxOptions)
    if (isFree(this.#life)) this.parts.gate.schedule(this)
    return answer as Promise<Reply>
  }

  #castLater(inbox: Inbox, message: Message): void {
    if (this.#isOver || this.state === 'open') {
      inbox.refuse()
      if (this.#isOver) this.#letter('nobody', message, undefined)
      return
    }
    inbox.cast(message, this.#mailboxOptions)
    if (isFree(this.#life)) this.parts.gate.schedule(this)
  }

  /** A getter, so that an actor without a mailbox holds no function. */
  get #mailboxOptions(): () => MailboxOptions {
    return () => ({
      owner: this.path,
      clock: this.parts.clock,
      max: this.#settings.mailbox.max ?? this.parts.mailbox.max,
      whenFull: this.#settings.mailbox.whenFull ?? this.parts.mailbox.whenFull,
      waiters: this.parts.waiters,
      callTimeoutMs: this.#callTimeoutMs,
    })
  }

  #refusal(): Error | undefined {
    if (this.#isOver) return this.#stoppedError()
    return this.state === 'open' ? this.#unavailable() : undefined
  }

  get #isOver(): boolean {
    return this.#life.phase === 'stopped' || this.#life.isEnding
  }

  get #callTimeoutMs(): number {
    return this.#settings.callTimeoutMs ?? this.parts.callTimeoutMs
  }

  #stoppedError(): StoppedError {
    return new StoppedError(this.path, `Actor "${this.path}" is stopped; start a new one`)
  }

  #unavailable(): UnavailableError {
    const governor = this.#keeper.governor(this)
    const inMs = Math.max(0, Math.round((governor?.retryAtMs ?? 0) - this.parts.clock.now()))
    const cause = governor?.lastError
    return new UnavailableError(`Actor "${this.path}" crashed too often and rests; it tries again in ${inMs} ms`, { cause })
  }

  #lateError(): DeadlineError {
    return new DeadlineError(`"${this.path}" still runs the message at its deadline; whether it takes effect is unknown`, 'unknown')
  }

  #letter(reason: 'crashed' | 'nobody', message: Message, error: unknown): void {
    this.parts.deadLetters.add({ actor: this.path, reason, message, at: this.parts.clock.now(), error })
  }

  // What others see

  get path(): string {
    return `${this.#keeper.path}/${this.name}`
  }

  get state(): ActorState {
    return stateOf(this.#life.phase, this.#keeper.governor(this))
  }

  get restarts(): number {
    return Math.max(0, this.#life.starts - 1)
  }

  get mailbox(): InboxView {
    return (this.#inbox ?? new Inbox()).view()
  }

  monitor(onExit: (exit: Exit) => unknown): Cancel {
    return this.#life.monitor(onExit)
  }

  stop(): Promise<void> {
    return this.#keeper.remove(this)
  }

  // As a child

  get behaviour(): Behaviour<State, Message, Reply> {
    return this.#settings.behaviour
  }

  get restart(): RestartType {
    return this.#settings.restart
  }

  get shutdownMs(): number {
    return this.#settings.shutdownMs
  }

  get phase(): Phase {
    return this.#life.phase
  }

  begin(): void | Promise<void> {
    return this.#life.start()
  }

  end(isFinal: boolean): void | Promise<void> {
    return this.#life.end(isFinal)
  }

  kill(): void {
    this.#life.kill()
  }

  finish(): void {
    this.#life.finish()
  }

  finished(): void {
    this.#inbox?.refuseAll(() => this.#stoppedError())
  }

  exited(exit: Exit): void {
    this.#keeper.exited(this, exit)
  }

  rest(): void {
    this.#inbox?.refuseAll(() => this.#unavailable())
  }

  *health(): Generator<RuntimeHealth> {
    const { depth, ageMs } = this.mailbox
    const { path, state, restarts } = this
    yield { path, kind: 'actor', state, restarts, lastError: this.#life.lastError, depth, ageMs }
  }
}

/** Whether a message could be handled now. */
function isFree(life: { readonly phase: Phase; readonly running: Running | undefined }): boolean {
  return life.phase === 'serving' && life.running === undefined
}
