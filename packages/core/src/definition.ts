/**
 * Definition: what a user says about a bucket, and the types that follow from it.
 *
 * 1 `schema` is a zod object or a plain object of field schemas; the handle is typed by either just the same.
 * 2 Every option is known by name; an unknown one is an error that names it (`OptionError`), `undefined` counts as absent.
 * 3 The key and every index field exist in the schema.
 */

import type { input as ZodInput, output as ZodOutput, ZodType } from 'zod'
import { OptionError, shown } from './errors.js'
import type { FieldKey, FieldSchemas, FieldsInput, FieldsOutput } from './field-schema.js'
import type { Key, Metadata, StoreRecord } from './value.js'

/** One index: a field name, or fields with their kind. Hash unless `sorted`. */
export type IndexDefinition = string | { readonly fields: readonly string[]; readonly sorted?: boolean; readonly unique?: boolean }

export type Schema = ZodType | FieldSchemas

export interface BucketDefinition<S extends Schema = Schema, K extends string = string> {
  /** The field that holds the primary key. */
  readonly key: K
  readonly schema: S
  /** `auto`: a hash index on every declared scalar. */
  readonly indexes?: 'auto' | readonly IndexDefinition[]
  /** What happens to fields that a field schema does not declare. Default `pass`; zod decides for itself. */
  readonly unknown?: 'pass' | 'strip' | 'reject'
  /** The order of reads that name none. Default `insertion`. */
  readonly order?: 'insertion' | 'key'
  /** noex-store's word for `order`: `set` is insertion, `ordered_set` is key. */
  readonly etsType?: 'set' | 'ordered_set'
  /** Whether backends hold this bucket. Default: true when the store persists. */
  readonly persistent?: boolean
  /** The backend that holds it, by name, when there are several. */
  readonly backend?: string
  /** Overrides the store's mailbox. */
  readonly mailbox?: { readonly max?: number; readonly whenFull?: 'wait' | 'reject' }
}

/** What a read of the bucket returns; of a bucket whose schema the compiler does not know, any record. */
export type RecordOf<D extends BucketDefinition> = D['schema'] extends ZodType
  ? Readonly<ZodOutput<D['schema']>> & Metadata
  : D['schema'] extends FieldSchemas
    ? FieldsOutput<D['schema']>
    : StoreRecord

/** What an insert takes; of a bucket whose schema the compiler does not know, any fields. */
export type InputOf<D extends BucketDefinition> = D['schema'] extends ZodType
  ? ZodInput<D['schema']>
  : D['schema'] extends FieldSchemas
    ? FieldsInput<D['schema']>
    : { readonly [field: string]: unknown }

/** The type of the bucket's keys. */
export type KeyOf<D extends BucketDefinition> = D['schema'] extends ZodType
  ? D['key'] extends keyof ZodOutput<D['schema']>
    ? Extract<ZodOutput<D['schema']>[D['key']], Key>
    : Key
  : D['schema'] extends FieldSchemas
    ? FieldKey<D['schema'], D['key']>
    : Key

/** What `update` takes: any fields, `undefined` removes one. */
export type PatchOf<D extends BucketDefinition> = { readonly [N in keyof InputOf<D>]?: InputOf<D>[N] | null | undefined }

/** A letter, then letters, digits, `_`, `:` or `-`; 128 at most. Names that begin with `$` belong to the store. */
const BUCKET_NAME = /^[A-Za-z][A-Za-z0-9_:-]{0,127}$/

const OPTIONS: ReadonlySet<string> = new Set([
  'key',
  'schema',
  'indexes',
  'unknown',
  'order',
  'etsType',
  'persistent',
  'backend',
  'mailbox',
])

/** Refuses what is wrong with a definition before anything is built from it. */
export function checkDefinition(name: string, definition: BucketDefinition): void {
  if (typeof name !== 'string' || !BUCKET_NAME.test(name)) {
    throw new OptionError('name', `Bucket name ${shown(name)} must match ${BUCKET_NAME.source}`)
  }
  if (typeof definition !== 'object' || definition === null)
    throw new OptionError('definition', `Bucket "${name}" needs a definition {key, schema}`)
  refuseUnknownOptions(`Bucket "${name}"`, definition, OPTIONS)
  if (typeof definition.key !== 'string') throw new OptionError('key', `Bucket "${name}" needs the name of its key field as "key"`)
  if (typeof definition.schema !== 'object' || definition.schema === null)
    throw new OptionError('schema', `Bucket "${name}" needs a schema`)
  checkChoice(name, 'unknown', definition.unknown, ['pass', 'strip', 'reject'])
  checkChoice(name, 'order', definition.order, ['insertion', 'key'])
  checkChoice(name, 'etsType', definition.etsType, ['set', 'ordered_set'])
  if (definition.persistent !== undefined && typeof definition.persistent !== 'boolean') {
    throw new OptionError('persistent', `Bucket "${name}": persistent is true or false, not ${shown(definition.persistent)}`)
  }
}

/** The order of reads that name none. */
export function orderOf(definition: BucketDefinition): 'insertion' | 'key' {
  return definition.order ?? (definition.etsType === 'ordered_set' ? 'key' : 'insertion')
}

/** Throws `OptionError` for the first own option that is not in `known`; `undefined` counts as absent. */
export function refuseUnknownOptions(owner: string, options: object, known: ReadonlySet<string>): void {
  for (const [option, value] of Object.entries(options)) {
    if (value !== undefined && !known.has(option)) {
      throw new OptionError(option, `${owner} does not know the option "${option}"; it takes ${[...known].join(', ')}`)
    }
  }
}

function checkChoice(name: string, option: string, value: unknown, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value as string)) return
  throw new OptionError(option, `Bucket "${name}": ${option} is one of ${choices.join(', ')}, not ${shown(value)}`)
}
