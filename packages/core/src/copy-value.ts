/**
 * Copying in: the one door through which values from outside become stored values.
 *
 * 1 What comes out is frozen, shares nothing with the input, and is JSON data or a `StoredDate`.
 * 2 It refuses, never repairs, what JSON cannot say; each refusal is an `Issue` naming the path. The exceptions are
 *   fixed: `undefined` members are dropped, `-0` becomes `0`, an object with `toJSON` becomes what that returns. As to
 *   JSON, what is not enumerable or named by a symbol is not there.
 * 3 Every accessor is read once. Code of the caller that throws here (getters, proxies, `toJSON`) is an issue.
 * 4 Bounded: 64 levels and a million values a record, so cycles and shared sub-trees cannot run away.
 *
 * Cost: one visit per value; about 40 ns a value.
 */

import { describe, type Issue, shown } from './errors.js'
import { storedDate, type Value } from './value.js'

/** Deeper structures are refused: nobody means them, and cycles end here. */
export const DEPTH_MAX = 64

/** Values in one record: a shared sub-tree can multiply without being deep. */
const VALUES_MAX = 1_000_000

/** Names that reach into the language instead of the record. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** Metadata names: ignored in input, `_expiresAt` apart (SPEC 3.1). */
export const METADATA_NAMES: ReadonlySet<string> = new Set(['_version', '_createdAt', '_updatedAt', '_expiresAt'])

/** What is wrong with a field name, or `undefined`. */
export function nameProblem(name: string): string | undefined {
  if (!isCleanString(name)) return `the field name ${shown(name)} is not well-formed text`
  if (name.startsWith('_') || name.startsWith('$')) return `the field name ${shown(name)} begins with a reserved "${name[0]}"`
  if (FORBIDDEN_NAMES.has(name)) return `the field name "${name}" is reserved by the language`
  if (/[.[\]]/.test(name)) return `the field name ${shown(name)} contains ".", "[" or "]", which paths use`
  return undefined
}

/** Well-formed UTF-16 without U+0000: what every backend can keep exactly. */
export function isCleanString(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

/** Plain: made by a literal or without a prototype, in any realm. */
export function isPlainObject(value: unknown): value is { readonly [name: string]: unknown } {
  return plainnessOf(value) !== undefined
}

/** `own`: what is read from it is its own, but for the names every object inherits. `foreign`: plain, but of another realm or oddly made. */
export function plainnessOf(value: unknown): 'own' | 'foreign' | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return 'own'
  return Object.getPrototypeOf(prototype) === null ? 'foreign' : undefined
}

/** Values copied into the record at hand: the bound is the record's, so it is counted over its fields. */
let copied = 0
let isInRecord = false

/** From here to `endRecord` all copies are of one record. */
export function beginRecord(): void {
  copied = 0
  isInRecord = true
}

export function endRecord(): void {
  isInRecord = false
}

/** Copies one value in. Returns `undefined` after adding to `issues`, and for an input of `undefined`. */
export function copyValue(input: unknown, path: string, issues: Issue[]): Value | undefined {
  if (typeof input === 'string' && isCleanString(input)) return input
  if (typeof input === 'number' && Number.isFinite(input)) return input === 0 ? 0 : input
  if (typeof input === 'boolean' || input === null || input === undefined) return input
  if (!isInRecord) copied = 0
  try {
    return new Copier(path).copy(input, path, 1)
  } catch (error) {
    issues.push(
      Refusal.is(error)
        ? { field: error.path, message: error.message, code: 'value' }
        : { field: path, message: `reading the value threw: ${describe(error)}`, code: 'value' },
    )
    return undefined
  }
}

/** The fields of an object that cannot be read, for telling whose code threw. Reads each of them. */
export function throwingFields(input: unknown): string[] {
  const doesThrow = (read: () => unknown): boolean => {
    try {
      read()
      return false
    } catch {
      return true
    }
  }
  const fields = input as { readonly [name: string]: unknown }
  let names: readonly string[] = []
  if (doesThrow(() => (names = Object.keys(fields)))) return []
  return names.filter(name => doesThrow(() => fields[name]))
}

class Refusal extends Error {
  readonly #path: string

  /** By its private field: `instanceof` would ask what was thrown, which may be a proxy that throws. */
  static is(error: unknown): error is Refusal {
    return typeof error === 'object' && error !== null && #path in error
  }

  get path(): string {
    return this.#path
  }

  constructor(path: string, message: string) {
    super(message)
    this.#path = path
  }
}

class Copier {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  copy(input: unknown, path: string, depth: number): Value | undefined {
    if (++copied > VALUES_MAX) throw new Refusal(this.#root, `brings more than ${VALUES_MAX} values; split the record into several`)
    switch (typeof input) {
      case 'string':
        if (!isCleanString(input)) throw new Refusal(path, 'is text that is not well-formed or holds U+0000')
        return input
      case 'number':
        if (!Number.isFinite(input)) throw new Refusal(path, `is ${input}; only finite numbers can be stored`)
        return input === 0 ? 0 : input
      case 'boolean':
      case 'undefined':
        return input
      case 'object':
        return input === null ? null : this.#copyObject(input, path, depth)
      default:
        throw new Refusal(path, `is a ${typeof input}, which is not JSON data`)
    }
  }

  #copyObject(input: object, path: string, depth: number): Value | undefined {
    if (depth > DEPTH_MAX) throw new Refusal(this.#root, `is nested deeper than ${DEPTH_MAX} levels, or refers to itself`)
    if (input instanceof Date) {
      const ms = Date.prototype.getTime.call(input)
      if (Number.isNaN(ms)) throw new Refusal(path, 'is an invalid Date')
      return storedDate(ms)
    }
    const toJSON: unknown = (input as { toJSON?: unknown }).toJSON
    if (typeof toJSON === 'function') return this.copy(toJSON.call(input, ''), path, depth + 1)
    if (Array.isArray(input)) return this.#copyArray(input, path, depth)
    if (!isPlainObject(input)) throw new Refusal(path, `is a ${className(input)}; store plain objects, lists and dates`)
    return this.#copyFields(input, path, depth, toJSON)
  }

  #copyArray(input: readonly unknown[], path: string, depth: number): Value {
    const length = input.length
    const list: Value[] = []
    for (let at = 0; at < length; at++) {
      const value = this.copy(input[at], `${path}[${at}]`, depth + 1)
      if (value === undefined) throw new Refusal(`${path}[${at}]`, 'is missing or undefined inside a list; use null')
      list.push(value)
    }
    return Object.freeze(list)
  }

  /** `toJSON` is read already, and an accessor is read once. */
  #copyFields(input: { readonly [name: string]: unknown }, path: string, depth: number, toJSON: unknown): Value {
    const fields: { [name: string]: Value } = {}
    for (const name of Object.keys(input)) {
      const at = path === '' ? name : `${path}.${name}`
      const problem = nameProblem(name)
      if (problem !== undefined) throw new Refusal(at, problem)
      const value = this.copy(name === 'toJSON' ? toJSON : input[name], at, depth + 1)
      if (value !== undefined) fields[name] = value
    }
    return Object.freeze(fields)
  }
}

function className(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value)
  const maker: unknown = (prototype as { constructor?: unknown } | null)?.constructor
  return typeof maker === 'function' && maker.name !== '' ? maker.name : 'class instance'
}
