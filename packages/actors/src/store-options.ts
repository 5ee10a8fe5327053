/**
 * Store options: what `Store.start` takes, checked once and completed with defaults.
 *
 * An unknown option is an error naming it; `undefined` counts as absent.
 */

import { type Backend, type BucketDefinition, OptionError, refuseUnknownOptions } from '@repertory/core'
import { type Clock, type Random, systemClock, systemRandom } from './clock.js'
import type { Logger, OnError } from './fault-log.js'
import type { RestartPolicy } from './supervised-child.js'

export type BucketDefinitions = { readonly [name: string]: BucketDefinition }

export interface PersistenceOptions {
  /** The only backend. */
  readonly backend?: Backend | undefined
  /** noex-store's word for `backend`. */
  readonly adapter?: Backend | undefined
  /** Several backends by name; each bucket names its own with `backend`, the first is the default. */
  readonly backends?: { readonly [name: string]: Backend } | undefined
  /** Quiet time before a save, ms. Default 100. */
  readonly debounceMs?: number | undefined
  /** The longest a change waits for its save, ms. Default 1000. */
  readonly maxWaitMs?: number | undefined
  /** Gets failures of saves. Default: the store's `onError`. */
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface MailboxLimits {
  /** Messages that wait for one bucket. Default 10,000. */
  readonly max?: number | undefined
  /** Whether a caller of a full mailbox waits for a place or is refused. Default `wait`. */
  readonly whenFull?: 'wait' | 'reject' | undefined
  /** Callers of the whole store that may wait for a place. Default 50,000. */
  readonly waitersMax?: number | undefined
}

export interface StoreOptions<B extends BucketDefinitions = BucketDefinitions> {
  /** Shown in messages and kept by backends. Default `store-<n>`. */
  readonly name?: string | undefined
  /** Buckets declared up front; `store.buckets.<name>` is their typed handle. */
  readonly buckets?: B | undefined
  readonly persistence?: PersistenceOptions | undefined
  readonly supervision?: Partial<RestartPolicy> | undefined
  readonly mailbox?: MailboxLimits | undefined
  /** How long a call may wait for its turn, ms. Default 5000. */
  readonly callTimeoutMs?: number | undefined
  /** How long `stop` may take, ms. Default 5000. */
  readonly shutdownMs?: number | undefined
  /** Records the whole store may hold; an insert beyond is refused with `OverloadedError`. Default: no bound. */
  readonly recordsMax?: number | undefined
  readonly clock?: Clock | undefined
  /** Given, all generated ids come from it too. */
  readonly random?: Random | undefined
  readonly logger?: Logger | undefined
  /** Gets failures that have no caller: handlers, callbacks, saves. Default: logged once per cause. */
  readonly onError?: OnError | undefined
}

export interface StoreSettings {
  readonly name: string
  readonly buckets: BucketDefinitions
  readonly persistence: PersistenceOptions | undefined
  readonly supervision: Partial<RestartPolicy>
  readonly mailbox: { readonly max: number; readonly whenFull: 'wait' | 'reject'; readonly waitersMax: number }
  readonly callTimeoutMs: number
  readonly shutdownMs: number
  readonly recordsMax: number
  readonly clock: Clock
  readonly random: Random
  /** The user's own chance, if any. */
  readonly seeded: Random | undefined
  readonly logger: Logger
  readonly onError: OnError | undefined
}

const OPTIONS: ReadonlySet<string> = new Set([
  'name',
  'buckets',
  'persistence',
  'supervision',
  'mailbox',
  'callTimeoutMs',
  'shutdownMs',
  'recordsMax',
  'clock',
  'random',
  'logger',
  'onError',
])
const PERSISTENCE: ReadonlySet<string> = new Set(['backend', 'adapter', 'backends', 'debounceMs', 'maxWaitMs', 'onError'])
const MAILBOX: ReadonlySet<string> = new Set(['max', 'whenFull', 'waitersMax'])
const SUPERVISION: ReadonlySet<string> = new Set(['restartsMax', 'restartsWindowMs', 'backoffMinMs', 'backoffMaxMs'])

const CALL_TIMEOUT_MS = 5000
const SHUTDOWN_MS = 5000
const MAILBOX_MAX = 10_000
const WAITERS_MAX = 50_000

let unnamed = 0

/** Checks and completes. Throws `OptionError`. */
export function settingsOf(options: StoreOptions): StoreSettings {
  checkOptions('Store.start', 'options', options, OPTIONS)
  const { mailbox = {}, supervision = {}, persistence } = options
  checkOptions('mailbox', 'mailbox', mailbox, MAILBOX)
  checkOptions('supervision', 'supervision', supervision, SUPERVISION)
  if (persistence !== undefined) checkOptions('persistence', 'persistence', persistence, PERSISTENCE)
  if (options.buckets !== undefined) checkObject('buckets', 'buckets', options.buckets)
  for (const [option, value] of Object.entries(supervision)) checkAmount(`supervision.${option}`, value)
  if (options.name !== undefined && (typeof options.name !== 'string' || options.name === ''))
    throw new OptionError('name', 'name is a non-empty string')
  return {
    name: options.name ?? `store-${++unnamed}`,
    buckets: options.buckets ?? {},
    persistence,
    supervision,
    mailbox: mailboxSettings(mailbox),
    callTimeoutMs: checkAmount('callTimeoutMs', options.callTimeoutMs) ?? CALL_TIMEOUT_MS,
    shutdownMs: checkAmount('shutdownMs', options.shutdownMs) ?? SHUTDOWN_MS,
    recordsMax: checkAmount('recordsMax', options.recordsMax) ?? Number.POSITIVE_INFINITY,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    seeded: options.random,
    logger: checkLogger(options.logger),
    onError: checkFunction('onError', options.onError),
  }
}

export function mailboxSettings(mailbox: MailboxLimits): StoreSettings['mailbox'] {
  return {
    max: checkAmount('mailbox.max', mailbox.max) ?? MAILBOX_MAX,
    whenFull: checkWhenFull(mailbox.whenFull) ?? 'wait',
    waitersMax: checkAmount('mailbox.waitersMax', mailbox.waitersMax) ?? WAITERS_MAX,
  }
}

/** An object of which every option is known. */
export function checkOptions(owner: string, option: string, options: object, known: ReadonlySet<string>): void {
  checkObject(owner, option, options)
  refuseUnknownOptions(owner, options, known)
}

export function checkWhenFull(whenFull: MailboxLimits['whenFull']): MailboxLimits['whenFull'] {
  if (whenFull === undefined || whenFull === 'wait' || whenFull === 'reject') return whenFull
  throw new OptionError('mailbox.whenFull', `mailbox.whenFull is "wait" or "reject", not ${JSON.stringify(whenFull)}`)
}

function checkObject(owner: string, option: string, value: unknown): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return
  throw new OptionError(option, `${owner} takes an object, not ${Array.isArray(value) ? 'a list' : String(value)}`)
}

function checkFunction<F>(option: string, value: F): F {
  if (value === undefined || typeof value === 'function') return value
  throw new OptionError(option, `${option} is a function, not ${String(value)}`)
}

function checkLogger(logger: Logger | undefined): Logger {
  if (typeof logger?.warn === 'function') return logger
  if (logger === undefined) return console
  throw new OptionError('logger', 'logger has a method warn(message, error), as console has')
}

/** A number, 0 or more, or absent. */
export function checkAmount(option: string, value: unknown): number | undefined {
  if (value === undefined || (typeof value === 'number' && value >= 0)) return value
  throw new OptionError(option, `${option} is a number, 0 or more, not ${String(value)}`)
}
