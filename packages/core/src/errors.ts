/**
 * Errors: everything the store refuses, by code.
 *
 * 1 A `StoreError` is an expected failure (SPEC 9.3): it is answered to the caller and the actor lives.
 *   Anything else that leaves core is a broken invariant: the actor that ran it dies and is rebuilt.
 * 2 `code` is stable and machine-readable; the message says what was asked, what was found, what to do.
 * 3 This file imports nothing: errors stand at the bottom of the import order.
 */

/** Whether the refused call had an effect: `no` (safe to repeat), `yes`, or `unknown`. */
export type Executed = 'no' | 'yes' | 'unknown'

/** The base of every expected failure. */
export class StoreError extends Error {
  /** Stable, upper-case: `DUPLICATE_KEY`, `VALIDATION`, … */
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.name = new.target.name
  }
}

export class BucketAlreadyExistsError extends StoreError {
  readonly bucket: string
  constructor(bucket: string) {
    super('BUCKET_ALREADY_EXISTS', `Bucket "${bucket}" is already defined; use store.bucket("${bucket}") to reach it, or drop it first`)
    this.bucket = bucket
  }
}

export class BucketNotDefinedError extends StoreError {
  readonly bucket: string
  constructor(bucket: string) {
    super('BUCKET_NOT_DEFINED', `Bucket "${bucket}" is not defined; declare it in Store.start({buckets}) or call defineBucket first`)
    this.bucket = bucket
  }
}

export class DuplicateKeyError extends StoreError {
  readonly bucket: string
  readonly key: string | number
  constructor(bucket: string, key: string | number) {
    super('DUPLICATE_KEY', `Bucket "${bucket}" already holds a record with key ${shown(key)}; update it, or insert under another key`)
    this.bucket = bucket
    this.key = key
  }
}

export class RecordNotFoundError extends StoreError {
  readonly bucket: string
  readonly key: string | number
  constructor(bucket: string, key: string | number) {
    super('RECORD_NOT_FOUND', `Record ${shown(key)} not found in bucket "${bucket}"; insert it first`)
    this.bucket = bucket
    this.key = key
  }
}

export class UniqueConstraintError extends StoreError {
  readonly bucket: string
  /** The field; several joined by `,` when the constraint is over a compound. */
  readonly field: string
  readonly value: unknown
  constructor(bucket: string, field: string, value: unknown) {
    super('UNIQUE_CONSTRAINT', `Bucket "${bucket}" already holds a record whose unique ${field} is ${shown(value)}`)
    this.bucket = bucket
    this.field = field
    this.value = value
  }
}

export type IssueCode =
  | 'required'
  | 'type'
  | 'enum'
  | 'min'
  | 'max'
  | 'minLength'
  | 'maxLength'
  | 'pattern'
  | 'format'
  | 'key'
  | 'unknown'
  | 'value'
  | 'custom'

/** One thing wrong with a record; `field` is a dotted path from the record, `''` for the record itself. */
export interface Issue {
  readonly field: string
  readonly message: string
  readonly code: IssueCode
  /** The validator's own code, where it has one (zod). */
  readonly detail?: string
}

/** How many issues the message spells out; `issues` always has them all. */
const ISSUES_SPELT_MAX = 5

export class ValidationError extends StoreError {
  readonly issues: readonly Issue[]
  constructor(bucket: string, issues: readonly Issue[]) {
    const spelt = issues.slice(0, ISSUES_SPELT_MAX).map(issue => (issue.field === '' ? issue.message : `${issue.field}: ${issue.message}`))
    const rest = issues.length > ISSUES_SPELT_MAX ? ` (and ${issues.length - ISSUES_SPELT_MAX} more)` : ''
    super('VALIDATION', `Bucket "${bucket}" refuses the record: ${spelt.join('; ')}${rest}`)
    this.issues = issues
  }
}

export class ConflictError extends StoreError {
  readonly bucket: string
  readonly key: string | number
  readonly expected: number
  readonly actual: number
  constructor(bucket: string, key: string | number, expected: number, actual: number) {
    super(
      'CONFLICT',
      `Record ${shown(key)} of bucket "${bucket}" is at version ${actual}, not ${shown(expected)} as expected; read it again and repeat`,
    )
    this.bucket = bucket
    this.key = key
    this.expected = expected
    this.actual = actual
  }
}

export class QueryAlreadyDefinedError extends StoreError {
  readonly query: string
  constructor(query: string) {
    super('QUERY_ALREADY_DEFINED', `Query "${query}" is already defined; give this one a name of its own`)
    this.query = query
  }
}

export class QueryNotDefinedError extends StoreError {
  readonly query: string
  constructor(query: string) {
    super('QUERY_NOT_DEFINED', `Query "${query}" is not defined; call defineQuery first`)
    this.query = query
  }
}

export class QueryError extends StoreError {
  /** Where in the query: `where.age.$gt`, `limit`, … */
  readonly path: string
  constructor(path: string, message: string) {
    super('QUERY', `Query refused at ${path}: ${message}`)
    this.path = path
  }
}

export class OptionError extends StoreError {
  readonly option: string
  constructor(option: string, message: string, options?: ErrorOptions) {
    super('OPTION', message, options)
    this.option = option
  }
}

export class OverloadedError extends StoreError {
  /** A fair time to wait before trying again. */
  readonly retryAfterMs: number
  readonly executed: Executed = 'no'
  constructor(message: string, retryAfterMs: number) {
    super('OVERLOADED', message)
    this.retryAfterMs = retryAfterMs
  }
}

export class DeadlineError extends StoreError {
  readonly executed: Executed
  constructor(message: string, executed: Executed) {
    super('DEADLINE', message)
    this.executed = executed
  }
}

export class ActorCrashedError extends StoreError {
  readonly executed: Executed
  constructor(actor: string, executed: Executed, cause: unknown) {
    super('ACTOR_CRASHED', `Actor "${actor}" crashed on this message, which is not run again: ${describe(cause)}`, { cause })
    this.executed = executed
  }
}

export class LockedError extends StoreError {
  constructor(message: string, options?: ErrorOptions) {
    super('LOCKED', message, options)
  }
}

export class FencedError extends StoreError {
  constructor(message: string) {
    super('FENCED', message)
  }
}

export class CorruptError extends StoreError {
  readonly file: string | undefined
  /** Bytes from the start of `file`, where known. */
  readonly offset: number | undefined
  constructor(message: string, where: { file?: string; offset?: number; cause?: unknown } = {}) {
    super('CORRUPT', message, where.cause === undefined ? undefined : { cause: where.cause })
    this.file = where.file
    this.offset = where.offset
  }
}

export class UnavailableError extends StoreError {
  readonly executed: Executed = 'no'
  /** Commits that could not be made durable, when `stop()` says so. */
  readonly unflushed: number | undefined
  constructor(message: string, options?: ErrorOptions & { unflushed?: number }) {
    super('UNAVAILABLE', message, options)
    this.unflushed = options?.unflushed
  }
}

export class AbortedError extends StoreError {
  readonly executed: Executed = 'no'
  constructor(message: string, options?: ErrorOptions) {
    super('ABORTED', message, options)
  }
}

export class StoppedError extends StoreError {
  readonly executed: Executed = 'no'
  constructor(name: string, message: string = `Store "${name}" is stopped; start a new one`) {
    super('STOPPED', message)
  }
}

/** Characters of a value that a message shows. */
const SHOWN_MAX = 200

/** A value as messages show it. Never throws itself: anything may be given for a key or an option. */
export function shown(value: unknown): string {
  let text: string
  try {
    text = JSON.stringify(value) ?? String(value)
  } catch {
    text = typeof value === 'bigint' ? `${value}n` : `a value of type ${typeof value}`
  }
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text
}

/** A thrown value as one short line. Never throws itself: anything may be thrown, also what has no text. */
export function describe(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : String(error)
  } catch {
    return 'a thrown value that cannot be shown as text'
  }
}

/** Closes a union: the compiler refuses a forgotten member, the run stops on an impossible one. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${shown(value)}`)
}
