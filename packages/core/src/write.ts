/**
 * Write: one thing a caller wants done to one bucket, as data.
 *
 * A list of writes is one commit, or none of it. Writes see the writes before them in the list.
 */

import type { BucketImage } from './bucket-image.js'
import type { Key } from './value.js'

export interface InsertWrite {
  readonly type: 'insert'
  readonly image: BucketImage
  readonly data: unknown
}

export interface UpdateWrite {
  readonly type: 'update'
  readonly image: BucketImage
  readonly key: Key
  readonly patch: unknown
  /** The `_version` the record must have. */
  readonly expect: number | undefined
}

export interface DeleteWrite {
  readonly type: 'delete'
  readonly image: BucketImage
  readonly key: Key
  readonly expect: number | undefined
}

export type Write = InsertWrite | UpdateWrite | DeleteWrite
