/**
 * Filter: what a caller wrote, as one tree of conditions, a signature and a list of constants.
 *
 * 1 Two filters that differ in constants only have one signature, so what is compiled for it is compiled once.
 * 2 The tree names constants by their place; it never holds one.
 * 3 An operator that does not exist is a `QueryError` naming its path, never "matches nothing".
 * 4 `{f: undefined}` means missing, `{f: null}` null, also in `$in`. A plain object without operators is compared by value.
 * 5 On a declared date field constants become instants.
 */

import { copyValue, isPlainObject, METADATA_NAMES, nameProblem } from './copy-value.js'
import { describe, type Issue, QueryError } from './errors.js'
import type { Filter } from './query.js'
import { instantOf, type Value } from './value.js'

export type CompareOperator = 'eq' | 'gt' | 'gte' | 'lt' | 'lte'

/** How a constant is compared: `identity` by `===`, `deep` structurally, `instant` as a date field's moment. */
export type ConstantKind = 'missing' | 'null' | 'boolean' | 'number' | 'string' | 'date' | 'deep' | 'instant'

export type Condition =
  | {
      readonly type: 'compare'
      readonly operator: CompareOperator
      readonly field: string
      readonly kind: ConstantKind
      readonly at: number
    }
  | { readonly type: 'in'; readonly field: string; readonly isDate: boolean; readonly at: number }
  | { readonly type: 'and' | 'or'; readonly parts: readonly Condition[] }

export type Constant = Value | undefined | readonly (Value | undefined)[]

export interface ParsedFilter {
  readonly signature: string
  /** All must hold. */
  readonly conjuncts: readonly Condition[]
  readonly constants: readonly Constant[]
}

/** Deeper nesting of `$and` and `$or` is refused: it comes from a program gone wrong. */
const FILTER_DEPTH_MAX = 64

/** Conditions of one filter, each of which becomes code; a list of values belongs into one `$in`. */
const CONDITIONS_MAX = 1000

/** Values of one list: beyond it the list is a query of its own. */
const LIST_MAX = 1_000_000

const OPERATORS: { readonly [operator: string]: CompareOperator } = { $eq: 'eq', $gt: 'gt', $gte: 'gte', $lt: 'lt', $lte: 'lte' }
const KNOWN = '$eq $gt $gte $lt $lte $in $and $or'

const EVERYTHING: ParsedFilter = { signature: '', conjuncts: [], constants: [] }

/** Parses a filter. `dates` are the declared date fields of the bucket. */
export function parseFilter(filter: Filter | undefined, dates: ReadonlySet<string>): ParsedFilter {
  if (filter === undefined) return EVERYTHING
  const parser = new FilterParser(dates)
  const conjuncts: Condition[] = []
  try {
    parser.parse(filter, 'where', conjuncts, 1)
  } catch (error) {
    throw isQueryError(error) ? error : new QueryError('where', `reading the filter threw: ${describe(error)}`)
  }
  return { signature: parser.signature, conjuncts, constants: parser.constants }
}

/** What a getter of the caller threw may be a proxy that throws when it is asked. */
function isQueryError(error: unknown): boolean {
  try {
    return error instanceof QueryError
  } catch {
    return false
  }
}

class FilterParser {
  signature = ''
  #conditions = 0
  readonly constants: Constant[] = []
  readonly #dates: ReadonlySet<string>

  constructor(dates: ReadonlySet<string>) {
    this.#dates = dates
  }

  parse(filter: unknown, path: string, into: Condition[], depth: number): void {
    if (!isPlainObject(filter))
      throw new QueryError(path, `a filter is a plain object such as {role: 'admin'}, not ${describeInput(filter)}`)
    if (depth > FILTER_DEPTH_MAX) throw new QueryError(path, `is nested deeper than ${FILTER_DEPTH_MAX} levels`)
    for (const name of Object.keys(filter)) {
      const wanted = filter[name]
      if (name.startsWith('$')) this.#combine(name, wanted, `${path}.${name}`, into, depth)
      else this.#field(name, wanted, path, into)
    }
  }

  #combine(operator: string, parts: unknown, path: string, into: Condition[], depth: number): void {
    if (operator !== '$and' && operator !== '$or')
      throw new QueryError(path, `unknown operator "${operator}"; this place knows $and and $or`)
    if (!Array.isArray(parts)) throw new QueryError(path, `takes a list of filters, not ${describeInput(parts)}`)
    if (operator === '$and') {
      for (const [at, part] of parts.entries()) this.parse(part, `${path}[${at}]`, into, depth + 1)
      return
    }
    this.signature += '|('
    const branches: Condition[] = []
    for (const [at, part] of parts.entries()) {
      const branch: Condition[] = []
      this.parse(part, `${path}[${at}]`, branch, depth + 1)
      this.signature += ','
      branches.push(branch.length === 1 ? branch[0]! : { type: 'and', parts: branch })
    }
    this.signature += ')'
    into.push({ type: 'or', parts: branches })
  }

  #field(name: string, wanted: unknown, path: string, into: Condition[]): void {
    if (/[.[\]]/.test(name)) throw new QueryError(`${path}.${name}`, 'is a path; filters name top-level fields')
    if (!METADATA_NAMES.has(name)) {
      const problem = nameProblem(name)
      if (problem !== undefined) throw new QueryError(`${path}.${name}`, problem)
    }
    if (++this.#conditions > CONDITIONS_MAX)
      throw new QueryError(path, `holds more than ${CONDITIONS_MAX} conditions; give the values of one field as a list to $in`)
    if (!isPlainObject(wanted) || !hasOperator(wanted)) {
      into.push(this.#compare('eq', name, wanted, `${path}.${name}`))
      return
    }
    for (const operator of Object.keys(wanted)) {
      const at = `${path}.${name}.${operator}`
      if (operator === '$in') into.push(this.#in(name, wanted.$in, at))
      else {
        const known = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined
        if (known === undefined) throw new QueryError(at, `unknown operator "${operator}"; known are ${KNOWN}`)
        into.push(this.#compare(known, name, wanted[operator], at))
      }
    }
  }

  #compare(operator: CompareOperator, field: string, raw: unknown, path: string): Condition {
    const isDate = this.#dates.has(field)
    const value = constantOf(raw, isDate, path)
    const kind = isDate && value !== undefined && value !== null ? 'instant' : kindOf(value)
    if (kind === 'missing' && operator !== 'eq')
      throw new QueryError(path, 'undefined cannot be compared by size; use {field: undefined} for missing')
    const at = this.constants.push(value) - 1
    this.signature += `${field.length}:${field}${operator}${kind};`
    return { type: 'compare', operator, field, kind, at }
  }

  #in(field: string, raw: unknown, path: string): Condition {
    if (!Array.isArray(raw)) throw new QueryError(path, `takes a list of values, not ${describeInput(raw)}`)
    const isDate = this.#dates.has(field)
    if (raw.length > LIST_MAX) throw new QueryError(path, `holds more than ${LIST_MAX} values`)
    const values = Array.from(raw, (value, at) => constantOf(value, isDate, `${path}[${at}]`))
    const at = this.constants.push(values) - 1
    this.signature += `${field.length}:${field}in;`
    return { type: 'in', field, isDate, at }
  }
}

function hasOperator(value: { readonly [name: string]: unknown }): boolean {
  for (const name of Object.keys(value)) if (name.startsWith('$')) return true
  return false
}

/** A constant as it is compared: copied in like a stored value, an instant for a date field (`null` there is null). */
function constantOf(raw: unknown, isDate: boolean, path: string): Value | undefined {
  if (isDate && raw !== undefined && raw !== null) {
    const ms = instantOf(raw)
    if (ms === undefined)
      throw new QueryError(path, `is compared with a date field, so it must be a Date, a number or an ISO date, not ${describeInput(raw)}`)
    return ms
  }
  if (typeof raw === 'string' || typeof raw === 'boolean' || Number.isFinite(raw)) return raw as Value
  const issues: Issue[] = []
  const value = copyValue(raw, path, issues)
  if (issues.length > 0) throw new QueryError(path, issues[0]!.message)
  return value
}

function kindOf(value: Value | undefined): ConstantKind {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (typeof value === 'object') return value instanceof Date ? 'date' : 'deep'
  return typeof value as 'boolean' | 'number' | 'string'
}

function describeInput(input: unknown): string {
  return input === null
    ? 'null'
    : Array.isArray(input)
      ? 'a list'
      : typeof input === 'object'
        ? 'an object'
        : `${typeof input} ${String(input)}`
}
