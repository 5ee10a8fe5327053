/**
 * Bucket reads: the reading half of a handle.
 *
 * 1 A handle is a name: it finds the actor at each call, so it survives restarts, and a redefinition of its bucket.
 * 2 Every call answers with a promise, runs in the order made with the writes of the same bucket, and never throws.
 * 3 Records are shared and frozen; lists are the caller's own.
 */

import { checkCount, type Filter, filterSpec, type Key, type QuerySpec, type StoreRecord } from '@repertory/core'
import type { BucketActor, Work } from './bucket-actor.js'
import { checkReadOptions, copyList } from './call-options.js'
import type { CallOptions } from './mailbox.js'

/** Finds the actor of a bucket; throws when there is none or the store is stopped. */
export type FindActor = (name: string) => BucketActor

const getOne: Work<Key, undefined, StoreRecord | undefined> = (actor, key) => actor.image.get(key)
const getEach: Work<readonly Key[], undefined, (StoreRecord | undefined)[]> = (actor, keys) => keys.map(key => actor.image.get(key))
const readRows: Work<QuerySpec, undefined, StoreRecord[]> = (actor, spec) => actor.reader.rows(spec)
const readFiltered: Work<Filter | undefined, number, StoreRecord[]> = (actor, where, limit) => actor.reader.rows(filterSpec(where, limit))
const findFirst: Work<Filter | undefined, undefined, StoreRecord | undefined> = (actor, where) => actor.reader.rows(filterSpec(where, 1))[0]
const readLast: Work<number, Filter | undefined, StoreRecord[]> = (actor, n, where) => actor.reader.last(n, where)
const countRows: Work<Filter | undefined, undefined, number> = (actor, where) => actor.reader.count(where)

export class BucketReads<R = StoreRecord, K extends Key = Key> {
  readonly name: string
  readonly #find: FindActor

  constructor(name: string, find: FindActor) {
    this.name = name
    this.#find = find
  }

  /** The record, or undefined. O(1). */
  get(key: K, options?: CallOptions): Promise<R | undefined> {
    return this.read('get', getOne, key, undefined, options) as Promise<R | undefined>
  }

  /** The records of several keys, in their order. */
  getMany(keys: readonly K[], options?: CallOptions): Promise<readonly (R | undefined)[]> {
    try {
      return this.read('getMany', getEach, copyList('getMany', this.name, keys), undefined, options) as Promise<(R | undefined)[]>
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Every record in bucket order. */
  all(options?: CallOptions): Promise<readonly R[]> {
    return this.read('all', readFiltered, undefined, Number.POSITIVE_INFINITY, options) as Promise<R[]>
  }

  /** The records that satisfy a filter, in bucket order. O(rows visited): an index is used where there is one. */
  where(filter: Filter<R>, options?: CallOptions): Promise<readonly R[]> {
    return this.read('where', readFiltered, filter as Filter, Number.POSITIVE_INFINITY, options) as Promise<R[]>
  }

  /** The first record that satisfies a filter, in bucket order. */
  findOne(filter: Filter<R>, options?: CallOptions): Promise<R | undefined> {
    return this.read('findOne', findFirst, filter as Filter, undefined, options) as Promise<R | undefined>
  }

  /** How many records satisfy a filter; all without one. O(1) where an index knows. */
  count(filter?: Filter<R>, options?: CallOptions): Promise<number> {
    return this.read('count', countRows, filter as Filter | undefined, undefined, options)
  }

  /** The first `n` records in bucket order. */
  first(n: number, options?: CallOptions): Promise<readonly R[]> {
    return this.read(
      'first',
      (actor, rows: number) => actor.reader.rows(filterSpec(undefined, checkCount('first', rows))),
      n,
      undefined,
      options,
    ) as Promise<R[]>
  }

  /** The last `n` records, in bucket order. */
  last(n: number, options?: CallOptions): Promise<readonly R[]> {
    return this.read(
      'last',
      (actor, rows: number, where) => readLast(actor, checkCount('last', rows), where, undefined),
      n,
      undefined,
      options,
    ) as Promise<R[]>
  }

  /** The rows of a built query over this bucket; `store.query` calls it. */
  rows(spec: QuerySpec, options?: CallOptions): Promise<readonly R[]> {
    return this.read('query', readRows, spec, undefined, options) as Promise<R[]>
  }

  protected read<A, B, X>(verb: string, work: Work<A, B, X>, a: A, b: B, options: CallOptions | undefined): Promise<X> {
    try {
      if (options !== undefined) checkReadOptions(verb, options)
      return this.actor().call(verb, work, a, b, options)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  protected actor(): BucketActor {
    return this.#find(this.name)
  }

  /** `console.log` shows which bucket it is, not what it holds. */
  get [Symbol.toStringTag](): string {
    return `bucket ${this.name}`
  }
}
