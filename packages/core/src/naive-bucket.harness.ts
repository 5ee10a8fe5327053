/**
 * Naive bucket: what a schema makes of input, written plainly from the specification, for one record at a time.
 *
 * 1 `naiveInsert` and `naivePatch` give the record, or `undefined` for "refused"; they know no fast path and no issues.
 * 2 They serve the value types that tests generate: JSON data, dates, `undefined`. Hostile values are not for them.
 * 3 Fields that draw random identifiers are left out, for the caller to take from the record it compares with.
 */

import type { z } from 'zod'
import type { FieldSchema, FieldSchemas } from './field-schema.js'
import { naiveCompare, naiveType } from './naive-order.harness.js'
import type { Key } from './value.js'

export interface NaiveSchema {
  readonly key: string
  readonly unknown: 'pass' | 'strip' | 'reject'
  readonly fields: FieldSchemas
  /** When present, `fields` is empty and this decides. */
  readonly zod?: z.ZodObject
  /** Fields whose values together occur once. */
  readonly uniques: readonly (readonly string[])[]
}

export type Fields = { readonly [name: string]: unknown }

const METADATA = ['_version', '_createdAt', '_updatedAt', '_expiresAt']
const ISO = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/

function dropUndefined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

function hasType(type: FieldSchema['type'], value: unknown): boolean {
  if (type !== 'date') return naiveType(value) === type
  if (typeof value === 'string') return ISO.test(value) && !Number.isNaN(Date.parse(value)) && isRealDay(value.slice(0, 10))
  return typeof value === 'number' || (value instanceof Date && !Number.isNaN(value.getTime()))
}

/** The thirtieth of February is parsed, as the second of March. */
function isRealDay(day: string): boolean {
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)
}

function isAccepted(schema: FieldSchema, value: unknown): boolean {
  if (value === null) return schema.required !== true
  if (!hasType(schema.type, value)) return false
  const { min, max, minLength, maxLength } = schema
  const size = typeof value === 'string' || Array.isArray(value) ? value.length : 0
  return (
    (schema.enum === undefined || schema.enum.includes(value)) &&
    (min === undefined || (value as number) >= (min as number)) &&
    (max === undefined || (value as number) <= (max as number)) &&
    (minLength === undefined || size >= minLength) &&
    (maxLength === undefined || size <= maxLength)
  )
}

/** Undeclared fields by the bucket's rule; `undefined`: refused. */
function undeclared(schema: NaiveSchema, input: Fields): Fields | undefined {
  const names = Object.keys(input).filter(
    name => !METADATA.includes(name) && !Object.hasOwn(schema.fields, name) && input[name] !== undefined,
  )
  if (schema.unknown === 'strip' || names.length === 0) return {}
  if (schema.unknown === 'reject' || names.some(name => name.startsWith('_'))) return undefined
  return Object.fromEntries(names.map(name => [name, input[name]]))
}

function expiry(input: Fields, before: number | undefined): { readonly isRefused: boolean; readonly at: number | undefined } {
  const given = input._expiresAt
  if (given === undefined) return { isRefused: false, at: before }
  return { isRefused: given !== null && typeof given !== 'number', at: typeof given === 'number' ? given : undefined }
}

function own(input: Fields, name: string): unknown {
  return Object.hasOwn(input, name) ? input[name] : undefined
}

/** The record an insert makes; `next` is the autoincrement number. */
export function naiveInsert(schema: NaiveSchema, input: Fields, now: number, next: number): Fields | undefined {
  const { isRefused, at } = expiry(input, undefined)
  const fields = schema.zod === undefined ? insertFields(schema, input, now, next) : parseWhole(schema.zod, input)
  if (fields === undefined || isRefused) return undefined
  return dropUndefined({ ...fields, _version: 1, _createdAt: now, _updatedAt: now, _expiresAt: at })
}

function parseWhole(zod: z.ZodObject, input: Fields): Fields | undefined {
  const parsed = zod.safeParse(Object.fromEntries(Object.entries(input).filter(([name]) => !METADATA.includes(name))))
  return parsed.success ? dropUndefined(parsed.data) : undefined
}

function insertFields(schema: NaiveSchema, input: Fields, now: number, next: number): Fields | undefined {
  const fields: { [name: string]: unknown } = {}
  for (const [name, field] of Object.entries(schema.fields)) {
    let value = own(input, name)
    if (value === undefined && field.generated === 'autoincrement') value = next
    else if (value === undefined && field.generated === 'timestamp') value = now
    else if (value === undefined && field.generated !== undefined) continue
    if (value === undefined) value = typeof field.default === 'function' ? field.default() : field.default
    if (value === undefined ? field.required === true : !isAccepted(field, value)) return undefined
    if (value !== undefined) fields[name] = value
  }
  const others = undeclared(schema, input)
  return others === undefined ? undefined : { ...fields, ...others }
}

/** The record an update makes of another. */
export function naivePatch(schema: NaiveSchema, before: Fields, patch: Fields, now: number): Fields | undefined {
  const { isRefused, at } = expiry(patch, before._expiresAt as number | undefined)
  const changes = schema.zod === undefined ? patchFields(schema, patch) : patchZod(schema.zod, before, patch)
  if (changes === undefined || isRefused) return undefined
  const after = dropUndefined({ ...before, ...changes })
  if (after[schema.key] !== before[schema.key]) return undefined
  return dropUndefined({ ...after, _version: (before._version as number) + 1, _updatedAt: now, _expiresAt: at })
}

function patchFields(schema: NaiveSchema, patch: Fields): Fields | undefined {
  const changes: { [name: string]: unknown } = {}
  for (const [name, field] of Object.entries(schema.fields)) {
    if (!Object.hasOwn(patch, name) || field.generated !== undefined) continue
    const value = patch[name]
    if (value === undefined ? field.required === true : !isAccepted(field, value)) return undefined
    changes[name] = value
  }
  const others = undeclared(schema, patch)
  if (others === undefined) return undefined
  const removed = Object.keys(patch).filter(
    name => patch[name] === undefined && !METADATA.includes(name) && !Object.hasOwn(schema.fields, name),
  )
  return { ...Object.fromEntries(removed.map(name => [name, undefined])), ...changes, ...others }
}

/** For zod objects whose fields do not transform: the merged record parses, or the patch is refused. */
function patchZod(zod: z.ZodObject, before: Fields, patch: Fields): Fields | undefined {
  const changes = Object.fromEntries(Object.entries(patch).filter(([name]) => !METADATA.includes(name)))
  const merged = parseWhole(zod, dropUndefined({ ...before, ...changes }))
  const isKnown = Object.keys(changes).every(name => Object.hasOwn(zod.shape, name))
  if (merged === undefined || !isKnown) return undefined
  return Object.fromEntries(Object.keys(changes).map(name => [name, merged[name]]))
}

/** Whether two records of the outcome share what must be unique; null and missing are exempt. */
export function sharesUnique(schema: NaiveSchema, records: readonly Fields[]): boolean {
  return schema.uniques.some(fields => {
    const values = records
      .map(record => fields.map(field => own(record, field)))
      .filter(parts => !parts.some(part => part === undefined || part === null))
    return values.some((parts, at) => values.slice(0, at).some(earlier => naiveCompare(earlier, parts) === 0))
  })
}

/** Whether a value can be a key. */
export function isNaiveKey(value: unknown): value is Key {
  return typeof value === 'number' || (typeof value === 'string' && value.length > 0)
}
