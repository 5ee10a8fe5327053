/**
 * Call options: what a caller may add to one call.
 *
 * Every writing verb takes them last; reads take `signal` and `timeoutMs`. An unknown option is an error naming it.
 */

import { describe, OptionError } from '@repertory/core'
import type { CallOptions } from './mailbox.js'

export interface WriteOptions extends CallOptions {
  /** The `_version` the record must have; otherwise `ConflictError`. */
  readonly expect?: number | undefined
  /** Who causes the commit. */
  readonly by?: string | undefined
  readonly reason?: string | undefined
  readonly correlationId?: string | undefined
}

const READ: ReadonlySet<string> = new Set(['signal', 'timeoutMs'])
const WRITE: ReadonlySet<string> = new Set([...READ, 'expect', 'by', 'reason', 'correlationId'])

/** Throws `OptionError` for an option no read takes. */
export function checkReadOptions(verb: string, options: CallOptions): void {
  checkOptions(verb, options, READ)
}

/** Throws `OptionError` for an option no write takes, and for one of the wrong type. */
export function checkWriteOptions(verb: string, options: WriteOptions): void {
  checkOptions(verb, options, WRITE)
  for (const option of ['by', 'reason', 'correlationId'] as const) {
    const value = options[option]
    if (value !== undefined && typeof value !== 'string')
      throw new OptionError(option, `${verb}: ${option} is a string, not ${typeof value}`)
  }
  if (options.expect !== undefined && !Number.isInteger(options.expect)) {
    throw new OptionError('expect', `${verb}: expect is the _version the record must have, not ${String(options.expect)}`)
  }
}

function checkOptions(verb: string, options: CallOptions, known: ReadonlySet<string>): void {
  if (typeof options !== 'object' || options === null)
    throw new OptionError('options', `${verb}: options are an object, not ${String(options)}`)
  for (const [option, value] of Object.entries(options)) {
    if (value !== undefined && !known.has(option))
      throw new OptionError(option, `${verb} does not know the option "${option}"; it takes ${[...known].join(', ')}`)
  }
  const { timeoutMs, signal } = options
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs > 0)) {
    throw new OptionError('timeoutMs', `${verb}: timeoutMs is a number of ms above 0, not ${String(timeoutMs)}`)
  }
  if (signal !== undefined && typeof signal.addEventListener !== 'function')
    throw new OptionError('signal', `${verb}: signal is an AbortSignal`)
}

/** The caller's list as one of our own. Throws `OptionError` for what is no list. */
export function copyList<T>(verb: string, bucket: string, list: readonly T[]): T[] {
  if (Array.isArray(list)) return [...(list as readonly T[])]
  throw new OptionError('list', `${verb} on "${bucket}" takes a list, not ${describe(list)}`)
}
