/**
 * Reader: answers queries over one bucket image, at once.
 *
 * 1 The answer does not depend on the access path: without `orderBy` rows come in bucket order, with it ties run in
 *   insertion order, the way of the last field named.
 * 2 The path is chosen by exact counts, for the constants at hand: the fewest rows visited win. `orderBy` with a limit on a
 *   sorted index visits offset + limit rows and sorts nothing.
 * 3 What depends on the signature only (paths, predicates) is made once and kept, least recently used first out.
 * 4 The list returned is the caller's; the records in it are shared and frozen.
 */

import { LRUCache } from 'lru-cache'
import { type AccessPath, countOf, pathsOf, rangeOf, slotsOf } from './access-path.js'
import type { BucketImage } from './bucket-image.js'
import { fieldReader } from './field-read.js'
import { type Constant, type ParsedFilter, parseFilter } from './filter.js'
import { compilePredicate, type Predicate } from './predicate.js'
import type { Filter, Ordering, QuerySpec } from './query.js'
import type { RankRange, SortedIndex } from './sorted-index.js'
import { compareValues, instantOf, type StoreRecord, type Value } from './value.js'

/** Signatures remembered per bucket: programs have dozens, generated filters may have any number. */
const SIGNATURES_MAX = 500

/** What a signature compiles to. */
interface Compiled {
  readonly paths: readonly AccessPath[]
  readonly predicate: Predicate | undefined
}

/** A walk along a sorted index that gives the order asked for. */
interface OrderedWalk {
  readonly index: SortedIndex
  readonly range: RankRange
  readonly residual: Predicate | undefined
}

export class Reader {
  readonly #image: BucketImage
  readonly #dates: ReadonlySet<string>
  readonly #compiled = new LRUCache<string, Compiled>({ max: SIGNATURES_MAX })

  /** The one used last, before the cache: programs repeat themselves. */
  #last: Compiled | undefined
  #lastSignature = ''

  constructor(image: BucketImage) {
    this.#image = image
    this.#dates = new Set(image.shape.fields.filter(field => field.type === 'date').map(field => field.name))
  }

  /** The rows of a query. O(rows visited). */
  rows(spec: QuerySpec): StoreRecord[] {
    const filter = parseFilter(spec.where, this.#dates)
    const compiled = this.#compile(filter)
    const { constants } = filter
    const path = this.#choose(compiled, constants)
    const wanted = spec.offset + spec.limit
    if (spec.orderBy.length > 0) {
      const walk = this.#orderedWalk(spec, compiled, path, constants, wanted)
      if (walk !== undefined) return this.#walk(walk, spec, constants, wanted)
      // A copy: what is collected may be a posting of an index, whose order is its own.
      const found = [...this.#collect(path, compiled, constants, Number.POSITIVE_INFINITY)]
      found.sort(this.#comparator(spec.orderBy))
      return this.#recordsOf(found, spec.offset, wanted)
    }
    return this.#recordsOf(this.#collect(path, compiled, constants, wanted), spec.offset, wanted)
  }

  /** How many records satisfy a filter. O(1) where an index knows. */
  count(where: Filter | undefined): number {
    const filter = parseFilter(where, this.#dates)
    if (filter.conjuncts.length === 0) return this.#image.count
    const compiled = this.#compile(filter)
    const path = this.#choose(compiled, filter.constants)
    if (path !== undefined && path.residual === undefined && (path.type === 'equal' || path.type === 'range'))
      return countOf(this.#image, path, filter.constants)
    return this.#collect(path, compiled, filter.constants, Number.POSITIVE_INFINITY).length
  }

  /** The last `n` records that satisfy a filter, in bucket order. */
  last(n: number, where: Filter | undefined): StoreRecord[] {
    const image = this.#image
    if (where === undefined && image.isDense) {
      const found: StoreRecord[] = []
      for (let slot = image.records.length - 1; slot >= 0 && found.length < n; slot--) {
        const record = image.records[slot]
        if (record !== undefined) found.push(record)
      }
      return found.reverse()
    }
    const filter = parseFilter(where, this.#dates)
    const compiled = this.#compile(filter)
    const slots = this.#collect(this.#choose(compiled, filter.constants), compiled, filter.constants, Number.POSITIVE_INFINITY)
    return this.#recordsOf(slots, Math.max(0, slots.length - n), slots.length)
  }

  #compile(filter: ParsedFilter): Compiled {
    if (filter.signature === this.#lastSignature && this.#last !== undefined) return this.#last
    let compiled = this.#compiled.get(filter.signature)
    if (compiled === undefined) {
      const { conjuncts } = filter
      compiled = { paths: pathsOf(this.#image, conjuncts), predicate: conjuncts.length === 0 ? undefined : compilePredicate(conjuncts) }
      this.#compiled.set(filter.signature, compiled)
    }
    this.#last = compiled
    this.#lastSignature = filter.signature
    return compiled
  }

  /** The path that leads to the fewest rows; `undefined`: a scan. */
  #choose({ paths }: Compiled, constants: readonly Constant[]): AccessPath | undefined {
    if (paths.length <= 1) return paths[0]
    let best: AccessPath | undefined
    let fewest = Number.POSITIVE_INFINITY
    for (const path of paths) {
      const count = countOf(this.#image, path, constants)
      if (count >= fewest) continue
      best = path
      fewest = count
    }
    return best
  }

  /** Slots that satisfy the filter, in bucket order; `max` of them suffice. */
  #collect(path: AccessPath | undefined, { predicate }: Compiled, constants: readonly Constant[], max: number): number[] {
    const image = this.#image
    const { records } = image
    if (path === undefined) return this.#scan(predicate, constants, max)
    const { residual } = path
    const { slots, isOrdered } = slotsOf(image, path, constants, residual === undefined ? max : Number.POSITIVE_INFINITY)
    const ordered = isOrdered ? slots : [...slots].sort(image.compareSlots)
    if (residual === undefined) return ordered.length <= max ? (ordered as number[]) : ordered.slice(0, max)
    const found: number[] = []
    for (let at = 0; at < ordered.length && found.length < max; at++) {
      const slot = ordered[at]!
      if (residual(records[slot]!, constants)) found.push(slot)
    }
    return found
  }

  #scan(predicate: Predicate | undefined, constants: readonly Constant[], max: number): number[] {
    const { records, isDense } = this.#image
    const found: number[] = []
    if (max === 0) return found
    if (isDense) {
      for (let slot = 0; slot < records.length && found.length < max; slot++) {
        const record = records[slot]
        if (record !== undefined && (predicate === undefined || predicate(record, constants))) found.push(slot)
      }
      return found
    }
    for (const slot of this.#image.ordered()) {
      if (predicate !== undefined && !predicate(records[slot]!, constants)) continue
      found.push(slot)
      if (found.length >= max) break
    }
    return found
  }

  /** A sorted index that gives the order, when walking it visits no more rows than collecting and sorting would. */
  #orderedWalk(
    spec: QuerySpec,
    compiled: Compiled,
    path: AccessPath | undefined,
    constants: readonly Constant[],
    wanted: number,
  ): OrderedWalk | undefined {
    if (path?.type === 'range' && path.residual === undefined && gives(path.index, path.prefix.length, spec.orderBy)) {
      return { index: path.index, range: rangeOf(path, constants), residual: undefined }
    }
    const image = this.#image
    const collected = path === undefined ? image.count : countOf(image, path, constants)
    let best: OrderedWalk | undefined
    let fewest = collected
    const consider = (walk: OrderedWalk): void => {
      const length = walk.range.to - walk.range.from
      const visited =
        walk.residual === undefined
          ? Math.min(wanted, length)
          : Math.min(length, Math.ceil((wanted * image.count) / Math.max(1, collected)))
      if (visited > fewest || (visited === fewest && best !== undefined)) return
      best = walk
      fewest = visited
    }
    for (const candidate of compiled.paths) {
      if (candidate.type === 'range' && gives(candidate.index, candidate.prefix.length, spec.orderBy)) {
        consider({ index: candidate.index, range: rangeOf(candidate, constants), residual: candidate.residual })
      }
    }
    for (const index of image.indexes) {
      if (index.kind === 'sorted' && gives(index, 0, spec.orderBy))
        consider({ index, range: index.everything(), residual: compiled.predicate })
    }
    return best
  }

  #walk({ index, range, residual }: OrderedWalk, spec: QuerySpec, constants: readonly Constant[], wanted: number): StoreRecord[] {
    const { records } = this.#image
    const found: StoreRecord[] = []
    if (wanted === 0) return found
    let passed = 0
    index.visit(range, spec.orderBy[0]!.isDescending, slot => {
      const record = records[slot]!
      if (residual !== undefined && !residual(record, constants)) return true
      if (passed++ >= spec.offset) found.push(record)
      return passed < wanted
    })
    return found
  }

  #comparator(orderBy: readonly Ordering[]): (a: number, b: number) => number {
    const { records, ords } = this.#image
    const keys = orderBy.map(({ field, isDescending }) => ({
      read: fieldReader(field),
      sign: isDescending ? -1 : 1,
      isDate: this.#dates.has(field),
    }))
    const lastSign = keys[keys.length - 1]!.sign
    return (a, b) => {
      for (const { read, sign, isDate } of keys) {
        const order = compareValues(sortable(read(records[a]!), isDate), sortable(read(records[b]!), isDate))
        if (order !== 0) return order * sign
      }
      return (ords[a]! - ords[b]!) * lastSign
    }
  }

  #recordsOf(slots: readonly number[], from: number, to: number): StoreRecord[] {
    const { records } = this.#image
    const end = Math.min(slots.length, to)
    const found: StoreRecord[] = []
    for (let at = from; at < end; at++) found.push(records[slots[at]!]!)
    return found
  }
}

/** Whether reading the index behind `prefix` fields is the order asked for, ties included. */
function gives(index: SortedIndex, prefix: number, orderBy: readonly Ordering[]): boolean {
  const { fields } = index.shape
  if (fields.length - prefix !== orderBy.length) return false
  const direction = orderBy[0]!.isDescending
  return orderBy.every(({ field, isDescending }, at) => field === fields[prefix + at] && isDescending === direction)
}

function sortable(value: Value | undefined, isDate: boolean): Value | undefined {
  return isDate && value !== undefined && value !== null ? (instantOf(value) ?? value) : value
}
