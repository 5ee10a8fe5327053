/**
 * Bucket registry: the actors of a store by name, from definition to drop.
 *
 * 1 A name is taken the moment `define` is called, so `find` works at once and calls wait until the bucket is ready.
 * 2 A failed definition frees its name; whoever waited gets its error.
 * 3 A dropped name is unknown as soon as the drop had its turn, in order with the calls before it. Defining it again waits
 *   until the backend has forgotten it. Keeping what a backend holds means saving it first: calls wait meanwhile, and when
 *   that fails the bucket goes on as if nothing had been asked.
 */

import {
  BucketAlreadyExistsError,
  type BucketDefinition,
  BucketNotDefinedError,
  checkDefinition,
  compileSchema,
  type Database,
  OptionError,
  orderOf,
  StoppedError,
  shapeOf,
} from '@repertory/core'
import { BucketActor, type Work } from './bucket-actor.js'
import type { CommitLine } from './commit-line.js'
import type { DeadLetters } from './dead-letters.js'
import type { FaultLog } from './fault-log.js'
import type { Waiters } from './mailbox.js'
import type { Persistence } from './persistence.js'
import type { StatusBus } from './status-bus.js'
import { checkAmount, checkOptions, checkWhenFull, type StoreSettings } from './store-options.js'
import type { TurnGate } from './turn-gate.js'

export interface RegistryOptions {
  readonly settings: StoreSettings
  readonly database: Database
  readonly gate: TurnGate
  readonly line: CommitLine
  readonly deadLetters: DeadLetters
  readonly faults: FaultLog
  readonly status: StatusBus
  readonly persistence: Persistence | undefined
  /** Callers that wait for a place, of all buckets and of the users' actors. */
  readonly waiters: Waiters
}

const MAILBOX: ReadonlySet<string> = new Set(['max', 'whenFull'])

/** What is called behind a drop waits, and is told that there is no such bucket. */
const pauseActor: Work<undefined, undefined, void> = actor => actor.pause()

export class BucketRegistry {
  readonly #options: RegistryOptions
  readonly #actors = new Map<string, BucketActor>()
  readonly #dropping = new Map<string, Promise<void>>()
  #isStopped = false

  constructor(options: RegistryOptions) {
    this.#options = options
  }

  /** The actor of a bucket. Throws BucketNotDefinedError, StoppedError. */
  readonly find = (name: string): BucketActor => {
    if (this.#isStopped) throw new StoppedError(this.#options.settings.name)
    return this.findServing(name)
  }

  /** The same for the store's own readers, which finish what they began while the store stops. */
  readonly findServing = (name: string): BucketActor => {
    const actor = this.#actors.get(name)
    if (actor === undefined) throw new BucketNotDefinedError(name)
    return actor
  }

  actors(): Iterable<BucketActor> {
    return this.#actors.values()
  }

  /** Defines a bucket and loads what its backend holds. Resolves when it serves. */
  async define(name: string, definition: BucketDefinition): Promise<void> {
    const { settings, database, persistence } = this.#options
    if (this.#isStopped) throw new StoppedError(settings.name)
    checkDefinition(name, definition)
    if (this.#actors.has(name)) throw new BucketAlreadyExistsError(name)
    const link = persistence?.linkFor(name, definition)
    if (definition.backend !== undefined && persistence === undefined) {
      throw new OptionError('backend', `Bucket "${name}" names the backend "${definition.backend}", but the store does not persist`)
    }
    const mailbox = this.#mailboxOf(name, definition)
    const schema = compileSchema(name, definition)
    const image = database.define({
      shape: shapeOf(name, definition, schema),
      schema,
      order: orderOf(definition),
      isPersistent: link !== undefined,
    })
    const { gate, line, deadLetters, faults, status } = this.#options
    const { clock, random, supervision: policy } = settings
    const actor = new BucketActor({
      store: settings.name,
      image,
      line,
      database,
      gate,
      clock,
      random,
      mailbox,
      policy,
      deadLetters,
      faults,
      status,
    })
    this.#actors.set(name, actor)
    try {
      await this.#dropping.get(name)?.catch(() => undefined)
      if (persistence !== undefined && link !== undefined) await persistence.attach(image, link)
      if (this.#isStopped) throw new StoppedError(settings.name)
      actor.serve()
    } catch (error) {
      if (this.#actors.get(name) === actor) {
        this.#actors.delete(name)
        database.forget(name)
      }
      // A store that stops closes its backends under whoever is loading: that is no failure of the backend.
      const failure = this.#isStopped ? new StoppedError(settings.name) : error
      actor.fail(failure)
      throw failure
    }
  }

  /** Empties a bucket in a commit that consumers see, then forgets it. */
  async drop(name: string, erase: boolean): Promise<void> {
    const actor = this.find(name)
    await actor.call('drop', pauseActor, undefined, undefined, undefined)
    this.#assertCurrent(name, actor)
    if (!erase) {
      try {
        await this.#options.persistence?.flush({ bucket: name })
        this.#assertCurrent(name, actor)
      } catch (error) {
        actor.serve()
        throw error
      }
    }
    const { line, database, persistence, faults } = this.#options
    this.#actors.delete(name)
    actor.stop(() => new BucketNotDefinedError(name))
    const detached = persistence?.detach(name, erase) ?? Promise.resolve()
    this.#dropping.set(name, detached)
    try {
      line.clear(actor.image, 'dropped', undefined)
    } catch (error) {
      faults.report(error, `bucket ${name}`)
      database.repair()
    }
    database.forget(name)
    try {
      await detached
    } finally {
      this.#dropping.delete(name)
    }
  }

  /** No call is taken any more; resolves when those already made are answered. */
  async drain(): Promise<void> {
    this.#isStopped = true
    await Promise.all([...this.#actors.values()].map(actor => actor.drained()))
  }

  /** Whoever still waits is told that the store is stopped. */
  stop(): void {
    for (const actor of this.#actors.values()) actor.stop(() => new StoppedError(this.#options.settings.name))
  }

  /** Nobody dropped the bucket, or stopped the store, while we waited. */
  #assertCurrent(name: string, actor: BucketActor): void {
    if (this.find(name) !== actor) throw new BucketNotDefinedError(name)
  }

  #mailboxOf(name: string, definition: BucketDefinition): ConstructorParameters<typeof BucketActor>[0]['mailbox'] {
    const { settings } = this.#options
    const { mailbox = {} } = definition
    checkOptions(`Bucket "${name}" mailbox`, 'mailbox', mailbox, MAILBOX)
    return {
      max: checkAmount('mailbox.max', mailbox.max) ?? settings.mailbox.max,
      whenFull: checkWhenFull(mailbox.whenFull) ?? settings.mailbox.whenFull,
      waiters: this.#options.waiters,
      callTimeoutMs: settings.callTimeoutMs,
    }
  }
}
