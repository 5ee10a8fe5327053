/**
 * Same result: whether a query that ran again gave what it gave before.
 *
 * Structural: NaN equals NaN, dates by instant, metadata counts. Records shared by both results are recognised by identity,
 * so comparing costs what changed plus one look per row. Other objects than plain ones, lists, dates, maps and sets are
 * the same only when identical.
 */

import { unreachable } from '@repertory/core'

/** Deeper structures are taken as different: calling back once too often is the harmless mistake. */
const DEPTH_MAX = 200

export function isSameResult(a: unknown, b: unknown, depth = 0): boolean {
  if (Object.is(a, b) || (a === 0 && b === 0)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || depth > DEPTH_MAX) return false
  const kind = kindOf(a)
  if (kind === undefined || kind !== kindOf(b)) return false
  switch (kind) {
    case 'date':
      return Object.is((a as Date).getTime(), (b as Date).getTime())
    case 'list':
      return sameLists(a as readonly unknown[], b as readonly unknown[], depth)
    case 'map':
    case 'set':
      return sameLists([...(a as Iterable<unknown>)], [...(b as Iterable<unknown>)], depth)
    case 'plain':
      return sameFields(a as { readonly [name: string]: unknown }, b as { readonly [name: string]: unknown }, depth)
    default:
      return unreachable(kind)
  }
}

function kindOf(value: object): 'date' | 'list' | 'map' | 'set' | 'plain' | undefined {
  if (Array.isArray(value)) return 'list'
  if (value instanceof Date) return 'date'
  if (value instanceof Map) return 'map'
  if (value instanceof Set) return 'set'
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype ? 'plain' : undefined
}

function sameLists(a: readonly unknown[], b: readonly unknown[], depth: number): boolean {
  if (a.length !== b.length) return false
  // Not `every`: it passes over holes.
  for (let at = 0; at < a.length; at++) if (!isSameResult(a[at], b[at], depth + 1)) return false
  return true
}

function sameFields(a: { readonly [name: string]: unknown }, b: { readonly [name: string]: unknown }, depth: number): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every(name => Object.hasOwn(b, name) && isSameResult(a[name], b[name], depth + 1))
}
