/**
 * Record maker: turns input into frozen records of one bucket, all built by a few constructors.
 *
 * 1 Every record of a bucket with the same fields present comes from one constructor, metadata last, so that records
 *   share a hidden class: a spread would give each its own and cost 180 ns a read instead of 3.
 * 2 Two paths do the same. The fast one is generated (record-codegen.ts) and serves input whose fields are all declared;
 *   the wide one serves undeclared fields, more than 30 declared ones, and places where generating code is forbidden.
 * 3 Nothing here touches the bucket. What is refused is in `context.issues`; the caller throws.
 * 4 Code of the caller that throws here (defaults, getters, proxies) is an issue, not a crash.
 *
 * Cost: about 150 ns for an insert of nine fields, 80 ns for a patch of one.
 */

import { beginRecord, copyValue, endRecord, METADATA_NAMES, nameProblem, plainnessOf, throwingFields } from './copy-value.js'
import { CorruptError, describe, type Issue } from './errors.js'
import { type FieldChecker, FillFailure } from './field-checker.js'
import { fieldOf } from './field-read.js'
import { ALL_CHANGED, type MakeContext } from './make-context.js'
import { type Constructor, compileConstructor, compileFastPaths, type FastPaths, FIELDS_FAST_MAX } from './record-codegen.js'
import type { RecordSchema } from './record-schema.js'
import type { StoreRecord, Value } from './value.js'

/** Constructors compiled per bucket; sets of fields beyond it are built field by field. */
const CONSTRUCTORS_MAX = 64
/** Fields of a compiled constructor; larger records are dictionaries to the runtime anyway, and their code would be kept for ever. */
const CONSTRUCTOR_FIELDS_MAX = 500

type Fields = Map<string, Value>
type Input = { readonly [name: string]: unknown }

export class RecordMaker {
  readonly #schema: RecordSchema
  readonly #declared: ReadonlyMap<string, { readonly checker: FieldChecker; readonly bit: number }>
  readonly #fast: FastPaths | undefined
  readonly #constructors = new Map<string, Constructor>()
  /** Some record has undeclared fields, so a patch must carry them over. */
  #isWide = false

  constructor(schema: RecordSchema) {
    this.#schema = schema
    this.#declared = new Map(
      schema.fields.map((checker, at) => [checker.name, { checker, bit: at < FIELDS_FAST_MAX ? 1 << at : ALL_CHANGED }]),
    )
    this.#fast = compileFastPaths(schema.fields, names => this.#constructorFor(names))
  }

  /** The bits of `context.changed` that a field can set. */
  bitOf(field: string): number {
    return this.#declared.get(field)?.bit ?? ALL_CHANGED
  }

  /** A new record from input, version 1. `undefined` when `context.issues` says why not. */
  insert(input: unknown, context: MakeContext): StoreRecord | undefined {
    const { issues } = context
    beginRecord()
    try {
      let plainness = plainnessOf(input)
      if (plainness === undefined) return refuse(context, 'a record is a plain object')
      const { parse } = this.#schema
      const expires = expiryOf(givenExpiry(input as Input), undefined, issues)
      let data = input as Input
      if (parse !== undefined) {
        data = parse(input, issues) as Input
        if (issues.length > 0) return undefined
        plainness = plainnessOf(data)
        if (plainness === undefined) return refuse(context, 'the schema must give a plain object')
      }
      if (this.#fast !== undefined && plainness === 'own' && expires === undefined && issues.length === 0) {
        const record = this.#fast.insert(data as StoreRecord, context)
        if (record !== undefined || issues.length > 0) return record
      }
      return this.#insertWide(data, context, expires)
    } catch (error) {
      return refuseThrown(context, input, error)
    } finally {
      endRecord()
    }
  }

  /** The next version of a record with a patch merged in. `undefined` when `context.issues` says why not. */
  patch(current: StoreRecord, input: unknown, context: MakeContext): StoreRecord | undefined {
    const { issues } = context
    beginRecord()
    try {
      let plainness = plainnessOf(input)
      if (plainness === undefined) return refuse(context, 'a patch is a plain object')
      const { parsePatch } = this.#schema
      let data = input as Input
      if (parsePatch !== undefined) {
        const parsed = parsePatch(current, data, issues)
        if (parsed === undefined) return undefined
        data = parsed as Input
        plainness = plainnessOf(data)
      }
      if (this.#fast !== undefined && plainness === 'own' && !this.#isWide && current._expiresAt === undefined) {
        const record = this.#fast.patch(current, data as StoreRecord, context)
        if (record !== undefined || (issues.length > 0 && context.begun === undefined)) return record
      }
      return this.#patchWide(current, data, context)
    } catch (error) {
      return refuseThrown(context, input, error)
    } finally {
      endRecord()
    }
  }

  /**
   * A record as a backend gave it, rebuilt by this bucket's constructors.
   * Throws `CorruptError` when it is not a record at all; with `isChecked`, adds issues where the schema refuses it.
   */
  restore(stored: StoreRecord, isChecked: boolean, issues: Issue[]): StoreRecord {
    const { _version, _createdAt, _updatedAt } = stored as { readonly [name: string]: unknown }
    if (!Number.isInteger(_version) || !Number.isFinite(_createdAt) || !Number.isFinite(_updatedAt)) {
      throw new CorruptError('a stored record lacks its metadata (_version, _createdAt, _updatedAt)')
    }
    const expires = givenExpiry(stored)
    if (expires !== undefined && !Number.isFinite(expires)) throw new CorruptError('a stored record expires at no time')
    if (isChecked) this.#checkStored(stored, issues)
    if (this.#fast !== undefined && expires === undefined) {
      const record = this.#fast.restore(stored, issues)
      if (record !== undefined) return record
    }
    const fields: Fields = new Map()
    for (const [name, raw] of Object.entries(stored)) {
      if (METADATA_NAMES.has(name)) continue
      const problem = nameProblem(name)
      if (problem !== undefined) throw new CorruptError(`in a stored record, ${problem}`)
      const value = copyValue(raw, name, issues)
      if (value !== undefined) fields.set(name, value)
    }
    return this.#build(fields, _version as number, _createdAt as number, _updatedAt as number, expires as number | undefined)
  }

  #checkStored(stored: StoreRecord, issues: Issue[]): void {
    const { checkStored, fields } = this.#schema
    if (checkStored !== undefined) {
      checkStored(stored, issues)
      return
    }
    for (const checker of fields) {
      const value = fieldOf(stored, checker.name)
      if (value !== undefined) checker.accept(value, issues)
      else if (checker.isRequired) issues.push(required(checker.name))
    }
    if (this.#schema.unknown !== 'reject') return
    for (const name of Object.keys(stored)) {
      if (!this.#declared.has(name) && !METADATA_NAMES.has(name)) issues.push(unknownField(name))
    }
  }

  #insertWide(input: Input, context: MakeContext, expires: number | undefined): StoreRecord | undefined {
    const fields: Fields = new Map()
    const { issues, begun } = context
    context.begun = undefined
    for (const [at, checker] of this.#schema.fields.entries()) {
      let raw: unknown = begun !== undefined ? begun.values[at] : Object.hasOwn(input, checker.name) ? input[checker.name] : undefined
      if (raw === undefined && checker.fill !== undefined) raw = checker.fill(context)
      if (raw === undefined) {
        if (checker.isRequired) issues.push(required(checker.name))
        continue
      }
      const value = checker.accept(raw, issues)
      if (value !== undefined) fields.set(checker.name, value)
    }
    for (const name of Object.keys(input)) {
      if (!this.#declared.has(name) && !METADATA_NAMES.has(name)) this.#setUndeclared(fields, name, input[name], issues)
    }
    return issues.length > 0 ? undefined : this.#build(fields, 1, context.now, context.now, expires)
  }

  #patchWide(current: StoreRecord, input: Input, context: MakeContext): StoreRecord | undefined {
    const fields: Fields = new Map()
    const { begun } = context
    let others: readonly unknown[]
    if (begun === undefined) others = this.#patchDeclared(current, input, context, fields)
    else {
      context.begun = undefined
      for (const [at, { name }] of this.#schema.fields.entries()) {
        if (begun.values[at] !== undefined) fields.set(name, begun.values[at] as Value)
      }
      others = begun.others
    }
    let expires = givenExpiry(current) as number | undefined
    for (let at = 0; at < others.length; at += 2) {
      const name = others[at] as string
      if (name === '_expiresAt') expires = expiryOf(others[at + 1], expires, context.issues)
      else if (!METADATA_NAMES.has(name)) this.#setUndeclared(fields, name, others[at + 1], context.issues)
    }
    if (context.issues.length > 0) return undefined
    return this.#build(fields, (current._version as number) + 1, current._createdAt as number, context.now, expires)
  }

  /** Fills `fields` with the record as it is and the declared fields of a patch; answers the other names with what was given. */
  #patchDeclared(current: StoreRecord, input: Input, context: MakeContext, fields: Fields): readonly unknown[] {
    for (const name of Object.keys(current)) if (!METADATA_NAMES.has(name)) fields.set(name, current[name] as Value)
    const others: unknown[] = []
    context.changed = 0
    for (const name of Object.keys(input)) {
      const declared = this.#declared.get(name)
      if (declared === undefined) others.push(name, input[name])
      else if (!declared.checker.isGenerated && this.#setDeclared(fields, declared.checker, input[name], context.issues))
        context.changed |= declared.bit
    }
    return others
  }

  /** Sets or removes a declared field; true when it changed. */
  #setDeclared(fields: Fields, checker: FieldChecker, raw: unknown, issues: Issue[]): boolean {
    const { name } = checker
    const before = fields.get(name)
    if (raw === undefined) {
      if (checker.isRequired) issues.push(required(name))
      return fields.delete(name)
    }
    const value = checker.accept(raw, issues)
    if (value === undefined) return fields.delete(name)
    fields.set(name, value)
    return value !== before
  }

  #setUndeclared(fields: Fields, name: string, raw: unknown, issues: Issue[]): void {
    if (this.#schema.unknown === 'strip') return
    if (raw === undefined) {
      fields.delete(name)
      return
    }
    const problem = nameProblem(name)
    if (problem !== undefined) {
      issues.push({ field: name, code: 'unknown', message: problem })
      return
    }
    if (this.#schema.unknown === 'reject') {
      issues.push(unknownField(name))
      return
    }
    const value = copyValue(raw, name, issues)
    if (value !== undefined) fields.set(name, value)
  }

  #build(fields: Fields, version: number, created: number, updated: number, expires: number | undefined): StoreRecord {
    const names: string[] = []
    const values: (Value | undefined)[] = []
    for (const name of this.#declared.keys()) {
      if (!fields.has(name)) continue
      names.push(name)
      values.push(fields.get(name))
    }
    for (const [name, value] of fields) {
      if (this.#declared.has(name)) continue
      this.#isWide = true
      names.push(name)
      values.push(value)
    }
    return this.#constructorFor(names, expires !== undefined)(values, version, created, updated, expires)
  }

  #constructorFor(names: readonly string[], hasExpiry = false): Constructor {
    if (names.length > CONSTRUCTOR_FIELDS_MAX) return fieldByField(names)
    const id = `${hasExpiry ? 'e' : '-'}\0${names.join('\0')}`
    let made = this.#constructors.get(id)
    if (made === undefined) {
      const isRoomLeft = this.#constructors.size < CONSTRUCTORS_MAX
      made = (isRoomLeft ? compileConstructor(names, hasExpiry) : undefined) ?? fieldByField(names)
      if (isRoomLeft) this.#constructors.set(id, made)
    }
    return made
  }
}

/** The generic path of invariant 1, and the constructor where generating code is forbidden. */
function fieldByField(names: readonly string[]): Constructor {
  return (values, version, created, updated, expires) => {
    const record: { [name: string]: Value | undefined } = {}
    for (let at = 0; at < names.length; at++) record[names[at] as string] = values[at]
    record._version = version
    record._createdAt = created
    record._updatedAt = updated
    if (expires !== undefined) record._expiresAt = expires
    return Object.freeze(record)
  }
}

/** Of the metadata in an input only `_expiresAt` is taken; it must be its own. */
function givenExpiry(input: Input): unknown {
  const given = input._expiresAt
  return given === undefined || Object.hasOwn(input, '_expiresAt') ? given : undefined
}

/** Ms since the epoch; null removes it, nothing leaves it as it is. */
function expiryOf(given: unknown, current: number | undefined, issues: Issue[]): number | undefined {
  if (given === undefined) return current
  if (given === null) return undefined
  if (typeof given === 'number' && Number.isFinite(given)) return given
  issues.push({ field: '_expiresAt', code: 'type', message: 'must be ms since the epoch, or null' })
  return undefined
}

/** Code of the caller threw. Whose it was is found by asking again, which does no harm: the input is refused. */
function refuseThrown(context: MakeContext, input: unknown, error: unknown): undefined {
  context.begun = undefined
  if (FillFailure.is(error)) {
    context.issues.push({ field: error.field, code: 'custom', message: `its default threw: ${describe(error.cause)}` })
    return undefined
  }
  const fields = throwingFields(input)
  for (const field of fields) context.issues.push({ field, code: 'value', message: `reading the value threw: ${describe(error)}` })
  return fields.length > 0 ? undefined : refuse(context, `making the record threw: ${describe(error)}`)
}

function refuse(context: MakeContext, message: string): undefined {
  context.issues.push({ field: '', code: 'custom', message })
  return undefined
}

function required(field: string): Issue {
  return { field, code: 'required', message: 'is required' }
}

function unknownField(field: string): Issue {
  return { field, code: 'unknown', message: 'is not a field of the schema, which rejects unknown fields' }
}
