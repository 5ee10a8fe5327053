/**
 * Field checkers: each declared field as two small closures, made once per bucket.
 *
 * 1 `accept(raw, issues)` takes a value that is present (not `undefined`) and gives the stored value, or adds issues.
 * 2 A type failure suppresses the other checks of that field; otherwise every failed check is its own issue.
 * 3 `null` counts as missing for `required`; a field that is not required may be null.
 * 4 A date keeps the form it was given in (Date, number or ISO text); it is compared by instant.
 * 5 `fill(context)` gives the value of a field the caller left out: default or generated. Code of the caller runs here.
 */

import { z } from 'zod'
import { copyValue, isPlainObject } from './copy-value.js'
import { type Issue, type IssueCode, OptionError, shown } from './errors.js'
import type { FieldSchema, FieldType, Format, Generated } from './field-schema.js'
import { equalValues, instantOf, type Value } from './value.js'

/** Draws a random identifier; given by the actor, since core knows no randomness. */
export type Draw = (kind: 'uuid' | 'uuidv7' | 'cuid' | 'nanoid', now: number) => string

/** What filling a field may use. */
export interface FillContext {
  /** The commit's time, ms since the epoch. */
  now: number
  readonly draw: Draw
  /** The number the bucket hands out next; taken by the commit, so a refused insert takes none. */
  autoincrement: number
}

/** Which typeof a value must have to need no further check at all; `''` when `accept` is always asked. */
export type FastType = 'string' | 'number' | 'boolean' | ''

export interface FieldChecker {
  readonly name: string
  readonly fast: FastType
  /** Patches do not touch the field. */
  readonly isGenerated: boolean
  readonly isRequired: boolean
  readonly takesAutoincrement: boolean
  readonly accept: (raw: unknown, issues: Issue[]) => Value | undefined
  readonly fill: ((context: FillContext) => Value | undefined) | undefined
}

/** A default that is a function threw. */
export class FillFailure extends Error {
  readonly #field: string

  /** By its private field: `instanceof` would ask what was thrown, which may be a proxy that throws. */
  static is(error: unknown): error is FillFailure {
    return typeof error === 'object' && error !== null && #field in error
  }

  get field(): string {
    return this.#field
  }

  constructor(field: string, cause: unknown) {
    super('a default threw', { cause })
    this.#field = field
  }
}

type Check = (value: Value, issues: Issue[]) => void

const PROPERTIES: ReadonlySet<string> = new Set(
  'type required default generated unique enum format min max minLength maxLength pattern ref'.split(' '),
)

const GENERATED: ReadonlySet<Generated> = new Set<Generated>(['uuid', 'uuidv7', 'cuid', 'nanoid', 'autoincrement', 'timestamp'])

const URL_SCHEMA = z.url()
const UUID = z.core.regexes.uuid()

/** Zod's own patterns where a pattern is all there is; its parse costs three times as much. */
const FORMATS: { readonly [format in Format]: (text: string) => boolean } = {
  email: text => z.core.regexes.email.test(text),
  url: text => URL_SCHEMA.safeParse(text).success,
  uuid: text => UUID.test(text),
  'iso-date': text => instantOf(text) !== undefined,
  slug: text => /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(text),
}

/** Compiles one field. Throws `OptionError` when the definition makes no sense. */
export function compileField(bucket: string, name: string, schema: FieldSchema): FieldChecker {
  refuseBadField(bucket, name, schema)
  const checks = constraintsOf(name, schema)
  const isRequired = schema.required === true
  const accept = (raw: unknown, issues: Issue[]): Value | undefined => {
    const known = issues.length
    const value = raw === null ? null : copyTyped(schema.type, raw, name, issues)
    if (issues.length > known) return undefined
    if (value === null || value === undefined) {
      if (isRequired) issues.push({ field: name, code: 'required', message: 'is required, and null counts as missing' })
      return value
    }
    for (const check of checks) check(value, issues)
    return value
  }
  const isScalar = schema.type === 'string' || schema.type === 'number' || schema.type === 'boolean'
  return {
    name,
    fast: isScalar && checks.length === 0 ? (schema.type as FastType) : '',
    isGenerated: schema.generated !== undefined,
    isRequired,
    takesAutoincrement: schema.generated === 'autoincrement',
    accept,
    fill: fillOf(name, schema, accept),
  }
}

function refuseBadField(bucket: string, name: string, schema: FieldSchema): void {
  const refuse = (problem: string): never => {
    throw new OptionError(`schema.${name}`, `Bucket "${bucket}", field "${name}": ${problem}`)
  }
  if (!isPlainObject(schema)) refuse('a field schema is an object such as {type: "string"}')
  for (const property of Object.keys(schema)) if (!PROPERTIES.has(property)) refuse(`unknown property "${property}"`)
  if (!['string', 'number', 'boolean', 'object', 'array', 'date'].includes(schema.type)) refuse(`unknown type ${shown(schema.type)}`)
  if (schema.generated !== undefined) {
    if (!GENERATED.has(schema.generated)) refuse(`unknown generator ${shown(schema.generated)}`)
    const types = schema.generated === 'autoincrement' ? ['number'] : schema.generated === 'timestamp' ? ['number', 'date'] : ['string']
    if (!types.includes(schema.type)) refuse(`generated "${schema.generated}" needs type ${types.join(' or ')}`)
  }
  if (schema.format !== undefined && !Object.hasOwn(FORMATS, schema.format)) refuse(`unknown format ${shown(schema.format)}`)
  const only = (properties: readonly (keyof FieldSchema)[], types: readonly string[]): void => {
    for (const property of properties) {
      if (schema[property] !== undefined && !types.includes(schema.type)) refuse(`${property} needs type ${types.join(' or ')}`)
    }
  }
  const expect = (property: keyof FieldSchema, isGood: (value: unknown) => boolean, wanted: string): void => {
    const value = schema[property]
    if (value !== undefined && !isGood(value)) refuse(`${property} is ${wanted}, not ${shown(value)}`)
  }
  for (const property of ['required', 'unique'] as const) expect(property, value => typeof value === 'boolean', 'true or false')
  for (const property of ['minLength', 'maxLength'] as const) expect(property, isCount, 'a whole number, 0 or more')
  expect('enum', Array.isArray, 'a list of values')
  expect('ref', value => typeof value === 'string', 'the name of a bucket')
  expect('pattern', isPattern, 'a regular expression')
  only(['min', 'max'], ['number', 'date'])
  only(['minLength', 'maxLength'], ['string', 'array'])
  only(['format', 'pattern'], ['string'])
  for (const bound of ['min', 'max'] as const) {
    if (schema[bound] !== undefined && instantOf(schema[bound]) === undefined) refuse(`${bound} is not a number or a date`)
  }
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0
}

function isPattern(value: unknown): boolean {
  if (value instanceof RegExp) return true
  if (typeof value !== 'string') return false
  try {
    return new RegExp(value) instanceof RegExp
  } catch {
    return false
  }
}

const TYPES: { readonly [type in FieldType]: { readonly wanted: string; readonly has: (value: Value) => boolean } } = {
  string: { wanted: 'a string', has: value => typeof value === 'string' },
  number: { wanted: 'a finite number', has: value => typeof value === 'number' },
  boolean: { wanted: 'true or false', has: value => typeof value === 'boolean' },
  date: { wanted: 'a valid Date, a finite number or a real ISO date', has: value => instantOf(value) !== undefined },
  array: { wanted: 'an array', has: value => Array.isArray(value) },
  object: { wanted: 'a plain object', has: isPlainObject },
}

/**
 * The copy and the type check of SPEC 2.3. The type is that of what is stored, so an object whose `toJSON` gives a string is
 * a string; null and undefined have none. What cannot be stored at all is of the wrong type where another one is wanted.
 */
function copyTyped(type: FieldType, raw: unknown, name: string, issues: Issue[]): Value | undefined {
  const { wanted, has } = TYPES[type]
  const known = issues.length
  const value = copyValue(raw, name, issues)
  if (issues.length > known) {
    const isTypeRight = typeof raw === (type === 'array' ? 'object' : type) && typeof raw !== 'number'
    if (isTypeRight) return undefined
    issues.length = known
    const found = typeof raw === 'object' ? 'an object that cannot be stored' : typeof raw === 'number' ? String(raw) : `a ${typeof raw}`
    issues.push({ field: name, code: 'type', message: `must be ${wanted}, not ${found}` })
    return undefined
  }
  if (value === undefined || value === null || has(value)) return value
  issues.push({ field: name, code: 'type', message: `must be ${wanted}, not ${kindOf(value)}` })
  return undefined
}

function kindOf(value: Value): string {
  if (value instanceof Date) return 'a Date'
  return Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function constraintsOf(name: string, schema: FieldSchema): Check[] {
  const checks: Check[] = []
  const add = (code: IssueCode, message: string, holds: (value: Value) => boolean): void => {
    checks.push((value, issues) => {
      if (!holds(value)) issues.push({ field: name, code, message })
    })
  }
  const { min, max, minLength, maxLength, format } = schema
  if (schema.enum !== undefined) {
    const members = schema.enum.map(member => copyValue(member, `${name}.enum`, []))
    const scalars = new Set<unknown>(members.filter(member => typeof member !== 'object'))
    const others = members.filter(member => typeof member === 'object')
    const instants = schema.type === 'date' ? members.map(instantOf) : []
    const isMember = (value: Value): boolean => scalars.has(value) || others.some(other => equalValues(other, value))
    const holds = instants.length === 0 ? isMember : (value: Value): boolean => isMember(value) || instants.includes(instantOf(value))
    add('enum', `must be one of ${shown(schema.enum)}`, holds)
  }
  if (min !== undefined) {
    const least = instantOf(min) as number
    add('min', `must be at least ${textOf(min)}`, value => (instantOf(value) as number) >= least)
  }
  if (max !== undefined) {
    const most = instantOf(max) as number
    add('max', `must be at most ${textOf(max)}`, value => (instantOf(value) as number) <= most)
  }
  if (minLength !== undefined)
    add('minLength', `must have at least ${minLength} characters or members`, value => lengthOf(value) >= minLength)
  if (maxLength !== undefined)
    add('maxLength', `must have at most ${maxLength} characters or members`, value => lengthOf(value) <= maxLength)
  if (schema.pattern !== undefined) {
    const pattern = new RegExp(schema.pattern)
    add('pattern', `must match ${pattern}`, value => {
      pattern.lastIndex = 0
      return pattern.test(value as string)
    })
  }
  if (format !== undefined) add('format', `must be a valid ${format}`, value => FORMATS[format](value as string))
  return checks
}

function textOf(bound: number | string | Date): string {
  return bound instanceof Date ? bound.toISOString() : String(bound)
}

function lengthOf(value: Value): number {
  return typeof value === 'string' || Array.isArray(value) ? value.length : 0
}

function fillOf(name: string, schema: FieldSchema, accept: FieldChecker['accept']): FieldChecker['fill'] {
  const { generated } = schema
  if (generated === 'autoincrement') return context => context.autoincrement
  if (generated === 'timestamp') return context => context.now
  if (generated !== undefined) return context => context.draw(generated, context.now)
  if (schema.default === undefined) return undefined
  if (typeof schema.default === 'function') {
    const make = schema.default as () => unknown
    return () => {
      try {
        return make() as Value | undefined
      } catch (error) {
        throw new FillFailure(name, error)
      }
    }
  }
  const issues: Issue[] = []
  const value = accept(schema.default, issues)
  if (issues.length > 0) throw new OptionError('default', `the default ${shown(schema.default)} ${issues[0]?.message}`)
  return () => value
}
