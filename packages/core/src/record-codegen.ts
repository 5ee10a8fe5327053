/**
 * Record codegen: the fast paths of the record maker, generated once per bucket.
 *
 * 1 `insert` and `patch` answer `undefined` with `context.begun` when there is more than declared fields (an undeclared one,
 *   `_expiresAt`); the wide path then goes on from there. `undefined` without it and without issues, as from `restore`:
 *   the wide path begins anew. Anything else they decide.
 * 2 One local variable a field, one `typeof` for a field without constraints, one bit a present field; the set of bits
 *   chooses the constructor, and the last one used is remembered.
 * 3 Inputs inherit from `Object.prototype` or nothing (the maker checked), so `input.name` reads an own field or nothing,
 *   but for the names that every object inherits, which are asked for with `hasOwn`. Where somebody gave every object a
 *   declared name (a polluted prototype), the wide path serves.
 */

import { compile, quote } from './codegen.js'
import { copyValue, isCleanString } from './copy-value.js'
import type { Issue } from './errors.js'
import type { FieldChecker } from './field-checker.js'
import { fieldText, isInherited } from './field-read.js'
import type { MakeContext } from './make-context.js'
import type { StoreRecord, Value } from './value.js'

/** Fields that fit in the bits of a small integer. */
export const FIELDS_FAST_MAX = 30

export type Constructor = (
  values: readonly (Value | undefined)[],
  version: number,
  created: number,
  updated: number,
  expires: number | undefined,
) => StoreRecord

export interface FastPaths {
  insert(input: StoreRecord, context: MakeContext): StoreRecord | undefined
  patch(current: StoreRecord, input: StoreRecord, context: MakeContext): StoreRecord | undefined
  restore(stored: StoreRecord, issues: Issue[]): StoreRecord | undefined
}

/** A constructor for one set of fields; `undefined` where generating code is forbidden. */
export function compileConstructor(names: readonly string[], hasExpiry: boolean): Constructor | undefined {
  const fields = names.map((name, at) => `${quote(name)}: v[${at}]`)
  const metadata = `_version: version, _createdAt: created, _updatedAt: updated${hasExpiry ? ', _expiresAt: expires' : ''}`
  return compile(
    { freeze: Object.freeze },
    `return (v, version, created, updated, expires) => freeze({${[...fields, metadata].join(', ')}})`,
  )
}

/** The three fast paths; `undefined` where they do not apply. */
export function compileFastPaths(
  fields: readonly FieldChecker[],
  constructorFor: (names: readonly string[]) => Constructor,
): FastPaths | undefined {
  if (fields.length === 0 || fields.length > FIELDS_FAST_MAX) return undefined
  const scope: { [name: string]: unknown } = {
    isClean: isCleanString,
    copyValue,
    hasOwn: Object.hasOwn,
    freeze: Object.freeze,
    nothing: {},
    constructorOf: (mask: number) => constructorFor(fields.filter((_, at) => (mask & (1 << at)) !== 0).map(field => field.name)),
  }
  fields.forEach((field, at) => {
    scope[`accept${at}`] = field.accept
    scope[`fill${at}`] = field.fill
  })
  return compile<FastPaths>(
    scope,
    `let lastMask = -1, lastMake\n${construct(fields)}\nreturn {${insert(fields)},${patch(fields)},${restore(fields)}}`,
  )
}

/** A statement that leaves the fast path when every object seems to have one of the fields. Folds to nothing in optimised code. */
function unlessPolluted(fields: readonly FieldChecker[]): string {
  const names = fields.map(field => field.name).filter(name => !isInherited(name))
  return names.length === 0 ? '' : `if (${names.map(name => `nothing[${quote(name)}] !== undefined`).join(' || ')}) return undefined`
}

/** An expression that is true when `variable` needs no more than its type. Numbers shed the sign of zero on the way. */
function passes(field: FieldChecker, variable: string): string | undefined {
  switch (field.fast) {
    case 'string':
      return `typeof ${variable} === 'string' && isClean(${variable})`
    case 'number':
      return `typeof ${variable} === 'number' && ${variable} - ${variable} === 0 && (${variable} = ${variable} + 0, true)`
    case 'boolean':
      return `typeof ${variable} === 'boolean'`
    case '':
      return undefined
  }
}

function taken(field: FieldChecker, at: number, variable: string, issues: string): string {
  const fast = passes(field, variable)
  const slow = `${variable} = accept${at}(${variable}, ${issues})`
  return fast === undefined ? slow : `if (!(${fast})) ${slow}`
}

function each(fields: readonly FieldChecker[], line: (field: FieldChecker, at: number) => string): string {
  return fields.map(line).join('\n')
}

/** Full records take a literal of their own; others the constructor of their mask. */
function construct(fields: readonly FieldChecker[]): string {
  const variables = fields.map((_, at) => `v${at}`).join(', ')
  const full = fields.map((field, at) => `${quote(field.name)}: v${at}`).join(', ')
  const mask = fields.map((_, at) => `(v${at} !== undefined ? ${1 << at} : 0)`).join(' | ')
  return `function construct(${variables}, version, created, updated) {
    const mask = ${mask}
    if (mask === ${2 ** fields.length - 1}) return freeze({${full}, _version: version, _createdAt: created, _updatedAt: updated})
    if (mask !== lastMask) { lastMake = constructorOf(mask); lastMask = mask }
    return lastMake(pick(mask, ${variables}), version, created, updated, undefined)
  }
  function pick(mask, ${variables}) {
    const picked = []
    ${each(fields, (_, at) => `if (mask & ${1 << at}) picked.push(v${at})`)}
    return picked
  }`
}

function missing(field: FieldChecker, at: number): string {
  const otherwise = field.isRequired ? requireLine(field) : ''
  if (field.fill === undefined) return `{ ${otherwise} }`
  return `{ v${at} = fill${at}(context); if (v${at} !== undefined) v${at} = accept${at}(v${at}, issues); else { ${otherwise} } }`
}

function requireLine(field: FieldChecker): string {
  return `issues.push({field: ${quote(field.name)}, code: 'required', message: 'is required'})`
}

function insert(fields: readonly FieldChecker[]): string {
  const variables = fields.map((_, at) => `v${at}`).join(', ')
  return `insert(input, context) {
    ${unlessPolluted(fields)}
    let own = 0
    for (const name in input) own++
    const issues = context.issues
    ${each(fields, (field, at) => `let v${at} = ${fieldText('input', field.name)}; if (v${at} !== undefined) own--`)}
    if (own !== 0) { context.begun = {values: [${variables}], others: []}; return undefined }
    ${each(fields, (field, at) => `if (v${at} !== undefined) { ${taken(field, at, `v${at}`, 'issues')} } else ${missing(field, at)}`)}
    if (issues.length !== 0) return undefined
    return construct(${variables}, 1, context.now, context.now)
  }`
}

function patch(fields: readonly FieldChecker[]): string {
  const variables = fields.map((_, at) => `v${at}`).join(', ')
  const cases = each(fields, (field, at) => {
    if (field.isGenerated) return `case ${quote(field.name)}: break`
    const removed = field.isRequired ? requireLine(field) : `if (v${at} !== undefined) { v${at} = undefined; changed |= ${1 << at} }`
    return `case ${quote(field.name)}:
      if (value === undefined) { ${removed} }
      else { ${taken(field, at, 'value', 'issues')}
        if (value !== v${at}) { v${at} = value; changed |= ${1 << at} } }
      break`
  })
  return `patch(current, input, context) {
    ${unlessPolluted(fields)}
    ${each(fields, (field, at) => `let v${at} = ${fieldText('current', field.name)}`)}
    const issues = context.issues
    let changed = 0, others
    for (const name in input) {
      let value = input[name]
      switch (name) {
        ${cases}
        case '_version': case '_createdAt': case '_updatedAt': break
        default: if (hasOwn(input, name)) { if (others === undefined) others = []; others.push(name, value) }
      }
    }
    context.changed = changed
    if (others !== undefined) { context.begun = {values: [${variables}], others}; return undefined }
    if (issues.length !== 0) return undefined
    return construct(${variables}, current._version + 1, current._createdAt, context.now)
  }`
}

function restore(fields: readonly FieldChecker[]): string {
  const variables = fields.map((_, at) => `v${at}`).join(', ')
  const isStored = (field: FieldChecker, at: number): string => {
    const fast = passes(field, `v${at}`)
    return fast === undefined
      ? `v${at} = copyValue(v${at}, ${quote(field.name)}, issues)`
      : `if (v${at} !== undefined && !(${fast})) return undefined`
  }
  return `restore(stored, issues) {
    ${unlessPolluted(fields)}
    let own = -3
    for (const name in stored) own++
    ${each(fields, (field, at) => `let v${at} = ${fieldText('stored', field.name)}; if (v${at} !== undefined) own--`)}
    if (own !== 0) return undefined
    ${each(fields, isStored)}
    return construct(${variables}, stored._version, stored._createdAt, stored._updatedAt)
  }`
}
