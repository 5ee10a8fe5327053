/**
 * @repertory/core: the pure heart of Repertory.
 *
 * Values, records, indexes, queries and commits. Nothing here does I/O, tells the time, draws a random number or waits;
 * what it needs of those it takes as arguments. Users install `repertory`; backends are written against this package.
 */

export type {
  Backend,
  BackendFacts,
  BucketCut,
  BucketShape,
  Cut,
  FieldShape,
  IndexShape,
  NextNumbers,
  OpenContext,
  Opened,
  StatePort,
  StoredBucket,
  StoredRecord,
} from './backend.js'
export { BucketImage, type ImageOptions } from './bucket-image.js'
export { withoutCodegen } from './codegen.js'
export { type Attribution, bucketsOf, type Cause, type Change, type Clearing, type Commit, changesOf, NOBODY } from './commit.js'
export { compileSchema } from './compile-schema.js'
export { Database, type Fault, RefusedRecords } from './database.js'
export {
  type BucketDefinition,
  checkDefinition,
  type IndexDefinition,
  type InputOf,
  type KeyOf,
  orderOf,
  type PatchOf,
  type RecordOf,
  refuseUnknownOptions,
  type Schema,
} from './definition.js'
export {
  AbortedError,
  ActorCrashedError,
  BucketAlreadyExistsError,
  BucketNotDefinedError,
  ConflictError,
  CorruptError,
  DeadlineError,
  DuplicateKeyError,
  describe,
  type Executed,
  FencedError,
  type Issue,
  type IssueCode,
  LockedError,
  OptionError,
  OverloadedError,
  QueryAlreadyDefinedError,
  QueryError,
  QueryNotDefinedError,
  RecordNotFoundError,
  StoppedError,
  StoreError,
  UnavailableError,
  UniqueConstraintError,
  unreachable,
  ValidationError,
} from './errors.js'
export type { Draw } from './field-checker.js'
export type { FieldSchema, FieldSchemas, FieldType, Format, Generated } from './field-schema.js'
export { addMark, recordMark, removeMark } from './fingerprint.js'
export { keyProblem } from './key.js'
export { type Comparison, checkCount, type Filter, filterSpec, from, type Ordering, Query, type QuerySpec } from './query.js'
export { Reader } from './reader.js'
export type { RecordSchema } from './record-schema.js'
export { shapeOf } from './shape.js'
export {
  canonicalText,
  compareValues,
  equalValues,
  instantOf,
  type Key,
  type Metadata,
  type Seq,
  StoredDate,
  type StoreRecord,
  storedDate,
  type Value,
} from './value.js'
export type { DeleteWrite, InsertWrite, UpdateWrite, Write } from './write.js'
