/**
 * repertory: a supervised in-memory store for Node.
 *
 * `Store.start` opens one, handles read and write it, `from` builds queries. Backends are in `@repertory/persistence`,
 * tests find `crash` and the virtual clock in `repertory/testing`.
 */

export {
  AbortedError,
  ActorCrashedError,
  type Backend,
  BucketAlreadyExistsError,
  type BucketDefinition,
  BucketNotDefinedError,
  ConflictError,
  CorruptError,
  DeadlineError,
  DuplicateKeyError,
  type Executed,
  FencedError,
  type FieldSchema,
  type FieldSchemas,
  type Filter,
  from,
  type IndexDefinition,
  type InputOf,
  type Issue,
  type IssueCode,
  type Key,
  type KeyOf,
  LockedError,
  type Metadata,
  OptionError,
  OverloadedError,
  type PatchOf,
  Query,
  QueryAlreadyDefinedError,
  QueryError,
  QueryNotDefinedError,
  RecordNotFoundError,
  type RecordOf,
  StoppedError,
  StoreError,
  type StoreRecord,
  UnavailableError,
  UniqueConstraintError,
  ValidationError,
  type Value,
} from '@repertory/core'
export { BucketHandle } from './bucket-handle.js'
export { BucketReads } from './bucket-reads.js'
export type { WriteOptions } from './call-options.js'
export type { Cancel, Clock, Random } from './clock.js'
export type { DeadLetter } from './dead-letters.js'
export type { DeletedEvent, EventHandler, InsertedEvent, RecordEvent, UpdatedEvent } from './events.js'
export type { FaultContext, Logger, OnError } from './fault-log.js'
export type { QueryContext, QueryFunction, SubscribeOptions, Unsubscribe } from './function-query.js'
export type { ActorHealth, BackendHealth, StoreHealth, StoreStats } from './health.js'
export type { CallOptions } from './mailbox.js'
export type { FlushOptions } from './persistence.js'
export type { ActorState, BackendStatusChange, BucketStatusChange, StatusChange } from './status-bus.js'
export { type DropOptions, Store } from './store.js'
export type { BucketDefinitions, MailboxLimits, PersistenceOptions, StoreOptions } from './store-options.js'
export type { RestartPolicy } from './supervised-child.js'
