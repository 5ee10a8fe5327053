/**
 * Zod schemas: zod's own parse in front of the record maker.
 *
 * 1 What parsing returns is what is stored, copied in (zod's output may alias its input).
 * 2 A patch parses only the patched fields; then the object-level checks run on the merged record. Stored output is never
 *   parsed again.
 * 3 An unknown patched field follows the object's own rule: strip, strict or catchall.
 * 4 Other top-level shapes than an object take inserts; patches are refused by name.
 * 5 Asynchronous schemas are refused with a sentence, when zod meets them.
 */

import { z } from 'zod'
import type { FieldShape } from './backend.js'
import { copyValue, METADATA_NAMES, nameProblem } from './copy-value.js'
import { describe, type Issue, type IssueCode } from './errors.js'
import type { FastType, FieldChecker } from './field-checker.js'
import { fieldOf, isInherited } from './field-read.js'
import type { RecordSchema } from './record-schema.js'
import { schemaText, textHash } from './schema-text.js'

type Fields = { readonly [name: string]: z.core.$ZodType }

export function zodSchema(bucket: string, schema: z.ZodType): RecordSchema {
  const object = schema instanceof z.ZodObject ? schema : undefined
  const fields: Fields = object === undefined ? {} : (object.shape as Fields)
  const names = Object.keys(fields)
  const needsOwn = names.some(isInherited)
  let checkable: readonly string[] | undefined
  const shapes = names.map((name): FieldShape => ({ name, type: scalarType(fields[name] as z.core.$ZodType) }))
  return {
    fields: shapes.map(copier),
    shapes,
    uniqueFields: [],
    unknown: 'pass',
    fingerprint: textHash(`zod ${schemaText(schema)}`),
    parse: (input, issues) => parseWith(schema, ownData(input, needsOwn), '', issues) as object | undefined,
    parsePatch: object === undefined ? refusePatch(bucket) : patchParser(object, fields),
    checkStored: (record, issues) => {
      checkable ??= names.filter(name => !transforms(fields[name] as z.core.$ZodType))
      for (const name of checkable) parseWith(fields[name] as z.core.$ZodType, fieldOf(record, name), name, issues)
    },
  }
}

function copier(shape: FieldShape): FieldChecker {
  const { name, type } = shape
  const fast: FastType = type === 'date' || type === 'other' ? '' : type
  return {
    name,
    fast,
    isGenerated: false,
    isRequired: false,
    takesAutoincrement: false,
    accept: (raw, issues) => copyValue(raw, name, issues),
    fill: undefined,
  }
}

/**
 * What zod may see of an input: the metadata names are ignored (SPEC 3.1), so a strict object must not meet them, and where
 * a field has a name that every object inherits (`needsOwn`), nothing is inherited.
 */
function ownData(input: unknown, needsOwn: boolean): unknown {
  if (typeof input !== 'object' || input === null) return input
  const hasMetadata = '_version' in input || '_createdAt' in input || '_updatedAt' in input || '_expiresAt' in input
  if (!hasMetadata && !needsOwn) return input
  const fields = input as { readonly [name: string]: unknown }
  const names = Object.keys(fields).filter(name => !METADATA_NAMES.has(name))
  const data = Object.fromEntries(names.map(name => [name, fields[name]]))
  return needsOwn ? Object.assign(Object.create(null), data) : data
}

function patchParser(object: z.ZodObject, fields: Fields): NonNullable<RecordSchema['parsePatch']> {
  const { catchall, checks } = object._zod.def
  const whole = checks === undefined || checks.length === 0 ? undefined : z.any().check(...(checks as z.core.$ZodCheck<unknown>[]))
  return (current, patch, issues) => {
    const parsed: { [name: string]: unknown } = {}
    for (const [name, raw] of Object.entries(patch)) {
      if (METADATA_NAMES.has(name)) {
        parsed[name] = raw
        continue
      }
      const field = Object.hasOwn(fields, name) ? fields[name] : catchall
      if (field === undefined) continue
      const problem = nameProblem(name)
      if (problem !== undefined) {
        issues.push({ field: name, code: 'unknown', message: problem })
        continue
      }
      if (field === catchall && field instanceof z.ZodNever) {
        issues.push({ field: name, code: 'unknown', message: 'is not a field of the schema', detail: 'unrecognized_keys' })
        continue
      }
      parsed[name] = raw === current[name] && raw !== undefined ? raw : parseWith(field, raw, name, issues)
    }
    if (issues.length === 0 && whole !== undefined) parseWith(whole, fieldsOf({ ...current, ...parsed }), '', issues)
    return issues.length === 0 ? parsed : undefined
  }
}

function fieldsOf(record: { readonly [name: string]: unknown }): object {
  return Object.fromEntries(Object.entries(record).filter(([name, value]) => !METADATA_NAMES.has(name) && value !== undefined))
}

function refusePatch(bucket: string): NonNullable<RecordSchema['parsePatch']> {
  return (_current, _patch, issues) => {
    issues.push({
      field: '',
      code: 'custom',
      message: `update needs a top-level z.object; the schema of "${bucket}" takes insert and delete only`,
    })
    return undefined
  }
}

/** Parses, and turns zod's issues into ours. A throw is code of the caller: an issue too. */
function parseWith(schema: z.core.$ZodType, input: unknown, path: string, issues: Issue[]): unknown {
  try {
    const result = z.safeParse(schema, input)
    if (result.success) return result.data
    for (const issue of result.error.issues) issues.push(...translate(issue, input, path))
  } catch (error) {
    const isAsync = error instanceof z.core.$ZodAsyncError
    const message = isAsync
      ? 'the schema is asynchronous; a commit is synchronous, so check before the call'
      : `the schema threw: ${describe(error)}`
    issues.push({ field: path, code: 'custom', message })
  }
  return undefined
}

/** One issue of ours for each of zod's; one for each field where zod tells of several unknown ones at once. */
function translate(issue: z.core.$ZodIssue, input: unknown, path: string): Issue[] {
  const field = issue.path.reduce<string>((outer, part) => joined(outer, part), path)
  const told = { code: codeOf(issue, input), message: issue.message, detail: issue.code }
  if (issue.code !== 'unrecognized_keys') return [{ field, ...told }]
  return issue.keys.map(key => ({ ...told, field: joined(field, key), message: 'is not a field of the schema' }))
}

/** Paths as the rest of the store spells them: `a.b`, `list[0]`. */
function joined(outer: string, part: PropertyKey): string {
  if (typeof part === 'number') return `${outer}[${part}]`
  return outer === '' ? String(part) : `${outer}.${String(part)}`
}

function codeOf(issue: z.core.$ZodIssue, input: unknown): IssueCode {
  switch (issue.code) {
    case 'invalid_type': {
      const found = issue.path.reduce<unknown>((value, name) => (value as { [name: PropertyKey]: unknown } | undefined)?.[name], input)
      return found === undefined || found === null ? 'required' : 'type'
    }
    case 'invalid_value':
      return 'enum'
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array' ? 'minLength' : 'min'
    case 'too_big':
      return issue.origin === 'string' || issue.origin === 'array' ? 'maxLength' : 'max'
    case 'invalid_format':
      return issue.format === 'regex' ? 'pattern' : 'format'
    case 'unrecognized_keys':
      return 'unknown'
    case 'invalid_key':
      return 'key'
    default:
      return 'custom'
  }
}

/** Wrappers that only say when a value may be absent: the stored type is that of what they wrap. */
const WRAPPERS: ReadonlySet<string> = new Set(['optional', 'nullable', 'default', 'prefault', 'readonly', 'nonoptional', 'catch'])

function innermost(schema: z.core.$ZodType): z.core.$ZodType {
  let inner = schema
  while (WRAPPERS.has(inner._zod.def.type)) inner = (inner._zod.def as unknown as { innerType: z.core.$ZodType }).innerType
  return inner
}

function scalarType(schema: z.core.$ZodType): FieldShape['type'] {
  const def = innermost(schema)._zod.def
  switch (def.type) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'date':
      return def.type
    case 'int':
      return 'number'
    case 'enum': {
      const members = Object.values((def as z.core.$ZodEnumDef).entries)
      return members.every(member => typeof member === 'string') ? 'string' : 'other'
    }
    default:
      return 'other'
  }
}

/**
 * Whether what is stored may differ from what the schema takes, here or anywhere inside, so that a stored value cannot be
 * parsed again.
 */
function transforms(schema: z.core.$ZodType, seen: Set<unknown> = new Set()): boolean {
  if (seen.has(schema)) return false
  seen.add(schema)
  const { def } = schema._zod
  if (def.type === 'transform' || def.type === 'pipe') return true
  const parts: unknown[] = schema instanceof z.ZodLazy ? [schema.unwrap()] : Object.values(def)
  return parts.some(part => inside(part).some(inner => transforms(inner, seen)))
}

/** The schemas in a part of a definition: itself, the members of a list, the fields of a shape. */
function inside(part: unknown): z.core.$ZodType[] {
  if (typeof part !== 'object' || part === null) return []
  return [part, ...Object.values(part)].filter(member => member instanceof z.core.$ZodType)
}
