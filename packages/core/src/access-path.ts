/**
 * Access paths: the ways a filter's rows can be found without looking at the others.
 *
 * 1 A path names index and constants by place, so it belongs to a signature and serves every constant.
 * 2 `covers` are the conjuncts a path guarantees; what is left over is the residual, checked row by row.
 * 3 Counting a path reads no row: it asks the index for exact lengths.
 */

import type { BucketImage, Index } from './bucket-image.js'
import type { Condition, Constant } from './filter.js'
import type { HashIndex } from './hash-index.js'
import { compilePredicate, type Predicate } from './predicate.js'
import type { Bound, RankRange, SortedIndex } from './sorted-index.js'
import type { UniqueIndex } from './unique-index.js'
import type { Key, Value } from './value.js'

type Equality = Extract<Condition, { type: 'compare' }>

interface Covering {
  readonly covers: ReadonlySet<Condition>
  /** What the path does not guarantee; `undefined` when it guarantees everything. */
  readonly residual: Predicate | undefined
}

export type AccessPath = Covering &
  (
    | { readonly type: 'key'; readonly at: number }
    | { readonly type: 'keys'; readonly at: number }
    | { readonly type: 'equal'; readonly index: HashIndex | UniqueIndex; readonly ats: readonly number[] }
    | { readonly type: 'any'; readonly index: HashIndex | UniqueIndex; readonly at: number }
    | RangePath
    | { readonly type: 'union'; readonly branches: readonly AccessPath[] }
  )

export interface RangePath extends Covering {
  readonly type: 'range'
  readonly index: SortedIndex
  readonly prefix: readonly number[]
  readonly lower: { readonly at: number; readonly isInclusive: boolean } | undefined
  readonly upper: { readonly at: number; readonly isInclusive: boolean } | undefined
}

/** Lists and alternatives of one filter that are looked at as paths: each needs a predicate for all the rest. */
const LISTS_MAX = 8

/** The paths that the indexes of a bucket allow for these conjuncts. */
export function pathsOf(image: BucketImage, conjuncts: readonly Condition[]): AccessPath[] {
  const equalities = new Map<string, Equality>()
  for (const condition of conjuncts) {
    if (condition.type === 'compare' && condition.operator === 'eq' && !equalities.has(condition.field))
      equalities.set(condition.field, condition)
  }
  const paths: AccessPath[] = []
  const covering = (...covers: Condition[]): Covering => {
    const rest = conjuncts.filter(condition => !covers.includes(condition))
    return { covers: new Set(covers), residual: rest.length === 0 ? undefined : compilePredicate(rest) }
  }
  for (const condition of conjuncts) {
    if (paths.length >= LISTS_MAX) break
    // Of a key that is a date the filter names the instant, the map of keys its form.
    if (condition.type === 'compare' && condition.operator === 'eq' && condition.field === image.keyField && condition.kind !== 'instant') {
      paths.push({ type: 'key', at: condition.at, ...covering(condition) })
    }
    if (condition.type === 'in') {
      if (condition.field === image.keyField && !condition.isDate) paths.push({ type: 'keys', at: condition.at, ...covering(condition) })
      const index = image.indexes.find(
        candidate => answersEquality(candidate) && candidate.shape.fields.length === 1 && candidate.shape.fields[0] === condition.field,
      )
      // A unique index does not file null and missing, so it cannot answer for a list that may name them.
      if (index?.kind === 'hash') paths.push({ type: 'any', index, at: condition.at, ...covering(condition) })
    }
    if (condition.type === 'or') {
      const branches = condition.parts.map(part => bestShape(pathsOf(image, part.type === 'and' ? part.parts : [part])))
      if (branches.length > 0 && branches.every(branch => branch !== undefined)) {
        paths.push({ type: 'union', branches: branches as AccessPath[], ...covering() })
      }
    }
  }
  for (const index of image.indexes) {
    const path = index.kind === 'sorted' ? rangePath(index, conjuncts, equalities, covering) : equalPath(index, equalities, covering)
    if (path !== undefined) paths.push(path)
  }
  return paths
}

function answersEquality(index: Index): index is HashIndex | UniqueIndex {
  return index.kind !== 'sorted'
}

/** For a branch of a union, where counts are not known yet: the narrowest kind of path. */
function bestShape(paths: readonly AccessPath[]): AccessPath | undefined {
  const narrowness = ['key', 'equal', 'keys', 'any', 'range', 'union']
  return [...paths].sort((a, b) => narrowness.indexOf(a.type) - narrowness.indexOf(b.type))[0]
}

type Cover = (...covers: Condition[]) => Covering

function equalPath(index: HashIndex | UniqueIndex, equalities: ReadonlyMap<string, Equality>, covering: Cover): AccessPath | undefined {
  const found = index.shape.fields.map(field => equalities.get(field))
  if (found.some(condition => condition === undefined)) return undefined
  const conditions = found as Equality[]
  const mayBeExempt = conditions.some(condition => condition.kind === 'null' || condition.kind === 'missing')
  if (index.kind === 'unique' && mayBeExempt) return undefined
  return { type: 'equal', index, ats: conditions.map(condition => condition.at), ...covering(...conditions) }
}

function rangePath(
  index: SortedIndex,
  conjuncts: readonly Condition[],
  equalities: ReadonlyMap<string, Equality>,
  covering: Cover,
): RangePath | undefined {
  const prefix: Equality[] = []
  for (const field of index.shape.fields) {
    const condition = equalities.get(field)
    if (condition === undefined) break
    prefix.push(condition)
  }
  const next = index.shape.fields[prefix.length]
  const bound = (operators: readonly string[]): Equality | undefined =>
    conjuncts.find(condition => condition.type === 'compare' && condition.field === next && operators.includes(condition.operator)) as
      | Equality
      | undefined
  const lower = next === undefined ? undefined : bound(['gt', 'gte'])
  const upper = next === undefined ? undefined : bound(['lt', 'lte'])
  const used = [...prefix, lower, upper].filter(condition => condition !== undefined)
  if (used.length === 0) return undefined
  const edge = (condition: Equality | undefined): RangePath['lower'] =>
    condition === undefined ? undefined : { at: condition.at, isInclusive: condition.operator.endsWith('e') }
  return {
    type: 'range',
    index,
    prefix: prefix.map(condition => condition.at),
    lower: edge(lower),
    upper: edge(upper),
    ...covering(...used),
  }
}

/** The ranks a range path reads, for these constants. */
export function rangeOf(path: RangePath, constants: readonly Constant[]): RankRange {
  const boundOf = (edge: RangePath['lower']): Bound | undefined =>
    edge === undefined ? undefined : { value: constants[edge.at] as Value, isInclusive: edge.isInclusive }
  const prefix = path.prefix.map(at => constants[at] as Value | undefined)
  return path.index.range(prefix, boundOf(path.lower), boundOf(path.upper))
}

/** How many rows a path leads to, before its residual. */
export function countOf(image: BucketImage, path: AccessPath, constants: readonly Constant[]): number {
  switch (path.type) {
    case 'key':
      return 1
    case 'keys':
      return (constants[path.at] as readonly Key[]).length
    case 'equal':
      return path.index.count(hashKeyOf(path, constants))
    case 'any':
      return anyKeys(path, constants).reduce<number>((sum, key) => sum + path.index.count(key), 0)
    case 'range': {
      const { from, to } = rangeOf(path, constants)
      return to - from
    }
    case 'union':
      return path.branches.reduce((sum, branch) => sum + countOf(image, branch, constants), 0)
  }
}

/** The slots a path leads to; `isOrdered` says whether they are in bucket order. At least the first `max` are in it then. */
export function slotsOf(
  image: BucketImage,
  path: AccessPath,
  constants: readonly Constant[],
  max: number,
): { readonly slots: readonly number[]; readonly isOrdered: boolean } {
  switch (path.type) {
    case 'key': {
      const slot = image.slots.get(constants[path.at] as Key)
      return { slots: slot === undefined ? [] : [slot], isOrdered: true }
    }
    case 'keys': {
      const slots = new Set((constants[path.at] as readonly Key[]).map(key => image.slots.get(key)))
      slots.delete(undefined)
      return { slots: [...slots] as number[], isOrdered: false }
    }
    case 'equal':
      return { slots: path.index.slots(hashKeyOf(path, constants), max), isOrdered: true }
    case 'any':
      return { slots: anyKeys(path, constants).flatMap(key => [...path.index.slots(key, Number.POSITIVE_INFINITY)]), isOrdered: false }
    case 'range': {
      const slots: number[] = []
      path.index.visit(rangeOf(path, constants), false, slot => slots.push(slot) > 0)
      return { slots, isOrdered: false }
    }
    case 'union': {
      const slots = new Set(path.branches.flatMap(branch => [...slotsOf(image, branch, constants, Number.POSITIVE_INFINITY).slots]))
      return { slots: [...slots], isOrdered: false }
    }
  }
}

function hashKeyOf(
  path: Extract<AccessPath, { type: 'equal' }>,
  constants: readonly Constant[],
): ReturnType<HashIndex['value']['hashKey']> {
  if (path.ats.length === 1) return path.index.value.hashKeyOf([constants[path.ats[0]!] as Value])
  return path.index.value.hashKeyOf(path.ats.map(at => constants[at] as Value))
}

function anyKeys(path: Extract<AccessPath, { type: 'any' }>, constants: readonly Constant[]): ReturnType<HashIndex['value']['hashKey']>[] {
  return [...new Set((constants[path.at] as readonly Value[]).map(value => path.index.value.hashKeyOf([value])))]
}
