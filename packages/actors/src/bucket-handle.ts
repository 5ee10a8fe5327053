/**
 * Bucket handle: what users call. The verbs that write, on top of the reads.
 *
 * 1 Every verb is one commit or none; refused means untouched.
 * 2 Records returned are frozen and shared; input is copied.
 * 3 A call never throws: every failure rejects.
 */

import type { BucketDefinition, InputOf, Key, KeyOf, PatchOf, RecordOf, StoreRecord } from '@repertory/core'
import type { Work } from './bucket-actor.js'
import { BucketReads } from './bucket-reads.js'
import { checkWriteOptions, copyList, type WriteOptions } from './call-options.js'

const insertOne: Work<unknown, undefined, StoreRecord> = (actor, data, _none, options) =>
  actor.line.commit([{ type: 'insert', image: actor.image, data }], options)!.changes[0]!.after!

const insertEach: Work<readonly unknown[], undefined, readonly StoreRecord[]> = (actor, list, _none, options) => {
  const { image } = actor
  const commit = actor.line.commit(
    list.map(data => ({ type: 'insert', image, data })),
    options,
  )
  return commit === undefined ? [] : commit.changes.map(change => change.after!)
}

const updateOne: Work<Key, unknown, StoreRecord> = (actor, key, patch, options: WriteOptions | undefined) =>
  actor.line.commit([{ type: 'update', image: actor.image, key, patch, expect: options?.expect }], options)!.changes[0]!.after!

const deleteOne: Work<Key, undefined, void> = (actor, key, _none, options: WriteOptions | undefined) => {
  actor.line.commit([{ type: 'delete', image: actor.image, key, expect: options?.expect }], options)
}

const clearAll: Work<undefined, undefined, void> = (actor, _a, _b, options) => {
  actor.line.clear(actor.image, 'cleared', options)
}

export class BucketHandle<D extends BucketDefinition = BucketDefinition> extends BucketReads<RecordOf<D>, KeyOf<D>> {
  /** Stores a new record and returns it. Rejects with ValidationError, DuplicateKeyError, UniqueConstraintError. */
  insert(data: InputOf<D>, options?: WriteOptions): Promise<RecordOf<D>> {
    return this.#write('insert', insertOne, data, undefined, options) as Promise<RecordOf<D>>
  }

  /** Stores several records in one commit, all or none. */
  insertMany(list: readonly InputOf<D>[], options?: WriteOptions): Promise<readonly RecordOf<D>[]> {
    try {
      return this.#write('insertMany', insertEach, copyList('insertMany', this.name, list), undefined, options) as Promise<RecordOf<D>[]>
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Merges a patch into a record, shallowly; `undefined` removes a field. Rejects with RecordNotFoundError, ConflictError, ValidationError, UniqueConstraintError. */
  update(key: KeyOf<D>, patch: PatchOf<D>, options?: WriteOptions): Promise<RecordOf<D>> {
    return this.#write('update', updateOne, key as Key, patch, options) as Promise<RecordOf<D>>
  }

  /** Removes a record. An absent key is no error, no change and no event. */
  delete(key: KeyOf<D>, options?: WriteOptions): Promise<void> {
    return this.#write('delete', deleteOne, key as Key, undefined, options)
  }

  /** Removes every record in one commit; autoincrement goes on. */
  clear(options?: WriteOptions): Promise<void> {
    return this.#write('clear', clearAll, undefined, undefined, options)
  }

  #write<A, B, R>(verb: string, work: Work<A, B, R>, a: A, b: B, options: WriteOptions | undefined): Promise<R> {
    try {
      if (options !== undefined) checkWriteOptions(verb, options)
      return this.actor().call(verb, work, a, b, options)
    } catch (error) {
      return Promise.reject(error)
    }
  }
}
