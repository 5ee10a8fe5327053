/**
 * Query: a read as data, and the builder that spells one.
 *
 * 1 A query is immutable; each builder method returns a new one.
 * 2 Without `orderBy` rows come in bucket order; ties of an `orderBy` in insertion order, running the way of its last field.
 * 3 Counts are checked where they are given: a negative or fractional one is an error, never "none" or "all".
 */

import { METADATA_NAMES, nameProblem } from './copy-value.js'
import { QueryError, shown } from './errors.js'
import type { Value } from './value.js'

/** What a field is compared with; several operators on one field must all hold. */
export interface Comparison {
  readonly $eq?: Value | undefined
  readonly $gt?: Value
  readonly $gte?: Value
  readonly $lt?: Value
  readonly $lte?: Value
  /** Equal to any; `undefined` among them stands for missing. */
  readonly $in?: readonly (Value | undefined)[]
}

/** Fields with the value or comparison each must satisfy; `{f: undefined}` is "missing". Empty: everything. */
export type Filter<R = { readonly [field: string]: unknown }> = {
  readonly [N in keyof R]?: Comparison | R[N] | null | undefined
} & {
  readonly $and?: readonly Filter<R>[]
  readonly $or?: readonly Filter<R>[]
}

export interface Ordering {
  readonly field: string
  readonly isDescending: boolean
}

export interface QuerySpec {
  readonly where: Filter | undefined
  readonly orderBy: readonly Ordering[]
  readonly offset: number
  /** Infinity: no limit. */
  readonly limit: number
}

const ALL: QuerySpec = { where: undefined, orderBy: [], offset: 0, limit: Number.POSITIVE_INFINITY }

/** A query over one bucket, named by the literal type `N`. */
export class Query<N extends string = string> {
  readonly bucket: N
  readonly spec: QuerySpec

  constructor(bucket: N, spec: QuerySpec = ALL) {
    this.bucket = bucket
    this.spec = spec
  }

  /** Rows must satisfy this too. */
  where(filter: Filter): Query<N> {
    const { where, orderBy, offset, limit } = this.spec
    return this.#with(where === undefined ? filter : { $and: [where, filter] }, orderBy, offset, limit)
  }

  /** Orders by a field; called again, by a further field. */
  orderBy(field: string, direction: 'asc' | 'desc' = 'asc'): Query<N> {
    if (typeof field !== 'string') throw new QueryError('orderBy', `takes a field name, not ${typeof field}`)
    const problem = METADATA_NAMES.has(field) ? undefined : nameProblem(field)
    if (problem !== undefined) throw new QueryError('orderBy', problem)
    if (direction !== 'asc' && direction !== 'desc')
      throw new QueryError('orderBy', `the direction is "asc" or "desc", not ${shown(direction)}`)
    const { where, orderBy, offset, limit } = this.spec
    return this.#with(where, [...orderBy, { field, isDescending: direction === 'desc' }], offset, limit)
  }

  /** At most so many rows. */
  limit(rows: number): Query<N> {
    const { where, orderBy, offset } = this.spec
    return this.#with(where, orderBy, offset, checkCount('limit', rows))
  }

  /** Leaves out so many rows first. */
  offset(rows: number): Query<N> {
    const { where, orderBy, limit } = this.spec
    return this.#with(where, orderBy, checkCount('offset', rows), limit)
  }

  /** Spelt out: spreading a spec costs more than reading ten rows by an index. */
  #with(where: Filter | undefined, orderBy: readonly Ordering[], offset: number, limit: number): Query<N> {
    return new Query(this.bucket, { where, orderBy, offset, limit })
  }
}

/** Starts a query: `from('users').where({role: 'admin'}).orderBy('age', 'desc').limit(10)`. */
export function from<N extends string>(bucket: N): Query<N> {
  return new Query(bucket)
}

/** A whole number of rows, 0 or more; `QueryError` otherwise. */
export function checkCount(path: string, rows: number): number {
  if (Number.isInteger(rows) && rows >= 0) return rows
  throw new QueryError(path, `must be a whole number, 0 or more, not ${shown(rows)}`)
}

/** A spec for a plain filter. */
export function filterSpec(where: Filter | undefined, limit: number = Number.POSITIVE_INFINITY): QuerySpec {
  return { where, orderBy: ALL.orderBy, offset: 0, limit }
}
