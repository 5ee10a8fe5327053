/**
 * Field schemas: the plain-object spelling of a schema, and the record type it implies.
 *
 * 1 A definition is data; `compileField` (field-checker.ts) turns each field into a checker once.
 * 2 The types below infer from the literal: what a read gives (`FieldsOutput`) and what an insert takes (`FieldsInput`).
 */

import type { Key, Metadata, Value } from './value.js'

export type FieldType = 'string' | 'number' | 'boolean' | 'object' | 'array' | 'date'

/** What fills a field that the caller left out. `timestamp` is the commit's time in epoch ms; `autoincrement` starts at 1. */
export type Generated = 'uuid' | 'uuidv7' | 'cuid' | 'nanoid' | 'autoincrement' | 'timestamp'

export type Format = 'email' | 'url' | 'iso-date' | 'uuid' | 'slug'

export interface FieldSchema {
  readonly type: FieldType
  /** Missing and `null` are refused. Default false. */
  readonly required?: boolean
  /** Taken when the field is missing: a value (copied), or a function called each time. */
  readonly default?: unknown
  /** Fills the field when the caller left it out; ignored in patches. */
  readonly generated?: Generated
  /** No two records share a value; missing and null are exempt. */
  readonly unique?: boolean
  readonly enum?: readonly unknown[]
  readonly format?: Format
  /** Inclusive, for numbers and dates. */
  readonly min?: number | string | Date
  readonly max?: number | string | Date
  /** Characters of a string, members of an array. */
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: RegExp | string
  /** The bucket this field's keys belong to. */
  readonly ref?: string
}

export interface FieldSchemas {
  readonly [field: string]: FieldSchema
}

interface TypeOf {
  string: string
  number: number
  boolean: boolean
  object: { readonly [field: string]: Value }
  array: readonly Value[]
  date: Date | number | string
}

type ValueOf<F extends FieldSchema> = F extends { readonly enum: readonly (infer E)[] }
  ? Extract<E, TypeOf[F['type']]> extends never
    ? TypeOf[F['type']]
    : Extract<E, TypeOf[F['type']]>
  : TypeOf[F['type']]

/** Fields that a stored record always has. */
type AlwaysPresent<S extends FieldSchemas> = {
  [N in keyof S]: S[N] extends { readonly required: true } | { readonly generated: Generated } ? N : never
}[keyof S]

/** Fields an insert must name. */
type MustBeGiven<S extends FieldSchemas> = {
  [N in keyof S]: S[N] extends { readonly required: true }
    ? S[N] extends { readonly default: unknown } | { readonly generated: Generated }
      ? never
      : N
    : never
}[keyof S]

type Simplify<T> = { [N in keyof T]: T[N] }

/** A record as reads return it. A field with a default is present unless a patch removed it. */
export type FieldsOutput<S extends FieldSchemas> = Simplify<
  { readonly [N in AlwaysPresent<S>]: ValueOf<S[N]> } & { readonly [N in Exclude<keyof S, AlwaysPresent<S>>]?: ValueOf<S[N]> | null }
> &
  Metadata

/** A record as inserts take it. Fields the schema does not declare are allowed and kept. */
export type FieldsInput<S extends FieldSchemas> = Simplify<
  { readonly [N in MustBeGiven<S>]: ValueOf<S[N]> } & {
    readonly [N in Exclude<keyof S, MustBeGiven<S>>]?: ValueOf<S[N]> | null | undefined
  }
>

/** The type of one field's values as a key. */
export type FieldKey<S extends FieldSchemas, K> = K extends keyof S ? Extract<ValueOf<S[K]>, Key> : Key
