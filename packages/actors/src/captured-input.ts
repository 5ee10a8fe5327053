/**
 * Captured input: what a call that has to wait was given, as it was when the call was made.
 *
 * 1 A call that runs in its caller's turn copies its input at once (core does). One that waits must not see what the caller
 *   does to its objects meanwhile, or the outcome would depend on how busy the store is.
 * 2 Plain objects, lists and dates are copied, each accessor read once; what is shared or cyclic stays so, since core
 *   refuses it by what it finds. Everything else (class instances, functions, expressions) is passed on as it is.
 * 3 It refuses nothing and never throws: an input that cannot be read is passed on, and refused when its turn comes.
 */

import { StoredDate } from '@repertory/core'

/** Copies what the caller could change. O(values). */
export function captureInput<T>(input: T): T {
  if (typeof input !== 'object' || input === null) return input
  try {
    return copyOf(input, new Map()) as T
  } catch {
    // Reading it threw: core will meet the same and say so to the caller.
    return input
  }
}

export function captureOptions<T extends object>(options: T | undefined): T | undefined {
  return options === undefined ? undefined : { ...options }
}

function copyOf(value: unknown, made: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value
  const known = made.get(value)
  if (known !== undefined) return known
  if (Array.isArray(value)) return copyList(value, made)
  if (value instanceof Date) return value instanceof StoredDate ? value : new Date(value.getTime())
  return isPlain(value) ? copyFields(value, made) : value
}

/** Longer lists are passed on: core refuses them at the first hole or value too many, which copying `new Array(1e9)` would not live to see. */
const LIST_MAX = 1_000_000

function copyList(list: readonly unknown[], made: Map<object, unknown>): readonly unknown[] {
  if (list.length > LIST_MAX) return list
  const copy: unknown[] = []
  made.set(list, copy)
  for (let at = 0; at < list.length; at++) copy.push(copyOf(list[at], made))
  return copy
}

/** An own `__proto__` is defined, not assigned: it stays a field, so that core can refuse it. */
function copyFields(fields: object, made: Map<object, unknown>): object {
  const copy: { [name: string]: unknown } = {}
  made.set(fields, copy)
  for (const name of Object.keys(fields)) {
    const value = copyOf((fields as { readonly [name: string]: unknown })[name], made)
    if (name === '__proto__') Object.defineProperty(copy, name, { value, enumerable: true })
    else copy[name] = value
  }
  return copy
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}
