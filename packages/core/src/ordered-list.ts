/**
 * Ordered list: entries (value, slot) in order, counted. It stands behind sorted indexes and live windows.
 *
 *            root  [ page | page | … ]            sizes and bounds of the pages, any number
 *                     |
 *            page  [ leaf | leaf | … ]            sizes and bounds of at most 64 leaves
 *                     |
 *            leaf  [ value slot | value slot | … ]   at most 128 entries
 *
 * 1 Entries are strictly ascending by `compare`, ties by the ord of the slot. An ord does not change while its entry is in.
 * 2 Every size is exact at every level, so a rank is two short sums and a search in one leaf.
 * 3 Bounds separate neighbours (see ordered-directory.ts); they are copies and may be older than the entries.
 * 4 No leaf and no page is empty, but for the one leaf of an empty list. A leaf of at most 48 entries that fits with a neighbour
 *   of its page into 96 is joined with it, so the space follows the number of entries; a split leaves room on both sides
 *   except at the very end, where appending fills leaves completely.
 * 5 While every value is a number, values and bounds are typed arrays and numbers compare in place, by `<`; `compare` must
 *   agree, and NaN is not allowed. The first other value turns the whole list general, once, in O(n).
 *
 * Costs at a million numbers: rank 20 comparisons and about 130 additions; insert and remove the same and half a leaf moved.
 * It does not look at records, keys or deleted slots, and must not be changed while `visit` runs.
 *
 * The idea is that of a B+ tree of fixed height with counts (Knuth 3, 6.2.4; "sorted containers" of Grant Jenks with a
 * directory): two levels cover ten million entries, and plain arrays beat pointers.
 */

import { OrderedDirectory } from './ordered-directory.js'
import { type Compare, LEAF_ENTRIES_MAX, OrderedLeaf, type OrdOf } from './ordered-leaf.js'
import { radixOrder } from './radix-order.js'

/** A leaf with so few entries looks for a neighbour to join. Far enough below a half that a split is not undone at once. */
const LEAF_ENTRIES_LOW = 48
/** Joined leaves hold at most this: a quarter stays free for what comes next. */
const LEAF_ENTRIES_JOINED_MAX = 96
const PAGE_LEAVES_MAX = 64
const PAGE_LEAVES_LOW = 24
const PAGE_LEAVES_JOINED_MAX = 48
/** Bulk loading fills leaves and pages to here, so that the first inserts do not split every leaf. */
const LEAF_ENTRIES_LOADED = 112
const PAGE_LEAVES_LOADED = 56
/** Pages a root has room for at first; it doubles. */
const ROOT_PAGES_INITIAL = 8

export interface OrderedListOptions<V> {
  /** A total order; on two numbers it has the sign of their difference. */
  readonly compare: Compare<V>
  /** Where ties are broken: the insertion order of the record in a slot. */
  readonly ordOf: OrdOf
}

type Page<V> = OrderedDirectory<V, OrderedLeaf<V>>

export class OrderedList<V> {
  readonly #compare: Compare<V>
  readonly #ordOf: OrdOf
  #isNumeric = true
  #size = 0
  #root: OrderedDirectory<V, Page<V>>
  /** Where `#seek` arrived: page and leaf; the offset is its answer. */
  #seekPage = 0
  #seekLeaf = 0

  constructor({ compare, ordOf }: OrderedListOptions<V>) {
    this.#compare = compare
    this.#ordOf = ordOf
    this.#root = this.#empty()
  }

  get size(): number {
    return this.#size
  }

  /** Adds an entry; (value, ord of slot) must not be there. O(log n), plus half a leaf moved. */
  insert(value: V, slot: number): void {
    if (this.#isNumeric && typeof value !== 'number') this.#generalise()
    const ord = this.#ordOf(slot)
    const root = this.#root
    const pageAt = this.#child(root, value, ord)
    const page = root.children[pageAt]!
    const leafAt = this.#child(page, value, ord)
    const leaf = page.children[leafAt]!
    const at = this.#entry(leaf, value, ord)
    if (leaf.count === LEAF_ENTRIES_MAX) {
      this.#split(pageAt, leafAt, at)
      this.insert(value, slot)
      return
    }
    if (this.#isNumeric) leaf.insertNumber(at, value as number, slot)
    else leaf.insert(at, value, slot)
    page.sizes[leafAt]!++
    root.sizes[pageAt]!++
    this.#size++
  }

  /** Removes an entry and says whether it was there. Same cost as `insert`. */
  remove(value: V, slot: number): boolean {
    if (this.#isNumeric && typeof value !== 'number') return false
    const ord = this.#ordOf(slot)
    const root = this.#root
    const pageAt = this.#child(root, value, ord)
    const page = root.children[pageAt]!
    const leafAt = this.#child(page, value, ord)
    const leaf = page.children[leafAt]!
    const at = this.#entry(leaf, value, ord)
    if (at === leaf.count || leaf.slots[at] !== slot) return false
    if (this.#isNumeric) {
      if (leaf.values[at] !== value) return false
      leaf.removeNumber(at)
    } else {
      if (this.#compare(leaf.values[at] as V, value) !== 0) return false
      leaf.remove(at)
    }
    page.sizes[leafAt]!--
    root.sizes[pageAt]!--
    this.#size--
    if (leaf.count <= LEAF_ENTRIES_LOW) this.#tidy(pageAt, leafAt)
    return true
  }

  /** How many entries are less than `value` (before) or not greater (after). */
  rank(value: V, edge: 'before' | 'after'): number {
    const isAfter = edge === 'after'
    if (!this.#isNumeric || typeof value !== 'number') {
      const compare = this.#compare
      return this.rankBy(isAfter ? found => (compare(found, value) > 0 ? 1 : -1) : found => compare(found, value))
    }
    const ord = isAfter ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
    const root = this.#root
    const pageAt = root.findNumber(value, ord)
    const page = root.children[pageAt]!
    const leafAt = page.findNumber(value, ord)
    return root.rankOf(pageAt) + page.rankOf(leafAt) + page.children[leafAt]!.rankNumber(value, isAfter)
  }

  /** How many values the probe calls negative; it must be monotone: negative before the bound it stands for, ≥ 0 from there on. */
  rankBy(probe: (value: V) => number): number {
    const root = this.#root
    const pageAt = root.findBy(probe)
    const page = root.children[pageAt]!
    const leafAt = page.findBy(probe)
    return root.rankOf(pageAt) + page.rankOf(leafAt) + page.children[leafAt]!.rankBy(probe)
  }

  /** Appends the slots of ranks [from, to) to `out`, ascending, at most `max` of them. */
  read(from: number, to: number, out: number[], max: number = Number.POSITIVE_INFINITY): void {
    const start = Math.max(from, 0)
    let rest = Math.min(Math.min(to, this.#size) - start, max)
    if (!(rest > 0)) return
    let offset = this.#seek(start)
    let pageAt = this.#seekPage
    let leafAt = this.#seekLeaf
    for (;;) {
      const page = this.#root.children[pageAt]!
      const { slots, count } = page.children[leafAt]!
      const end = Math.min(offset + rest, count)
      for (let index = offset; index < end; index++) out.push(slots[index]!)
      rest -= end - offset
      if (rest === 0) return
      offset = 0
      if (++leafAt === page.count) {
        leafAt = 0
        pageAt++
      }
    }
  }

  /** Appends the slots of ranks [from, to) to `out`, descending from `to - 1`, at most `max` of them. */
  readBackward(from: number, to: number, out: number[], max: number = Number.POSITIVE_INFINITY): void {
    const end = Math.min(to, this.#size)
    let rest = Math.min(end - Math.max(from, 0), max)
    if (!(rest > 0)) return
    let offset = this.#seek(end - 1)
    let pageAt = this.#seekPage
    let leafAt = this.#seekLeaf
    for (;;) {
      const { slots } = this.#root.children[pageAt]!.children[leafAt]!
      const stop = Math.max(offset - rest, -1)
      for (let index = offset; index > stop; index--) out.push(slots[index]!)
      rest -= offset - stop
      if (rest === 0) return
      if (--leafAt < 0) leafAt = this.#root.children[--pageAt]!.count - 1
      offset = this.#root.children[pageAt]!.children[leafAt]!.count - 1
    }
  }

  /** Shows the slots of ranks [from, to) to `take`, ascending or (backward) descending, until it answers false. For filtered reads that stop early. */
  visit(from: number, to: number, direction: 'forward' | 'backward', take: (slot: number) => boolean): void {
    const start = Math.max(from, 0)
    const end = Math.min(to, this.#size)
    let rest = end - start
    if (!(rest > 0)) return
    const step = direction === 'forward' ? 1 : -1
    let offset = this.#seek(step > 0 ? start : end - 1)
    let pageAt = this.#seekPage
    let leafAt = this.#seekLeaf
    let page = this.#root.children[pageAt]!
    let leaf = page.children[leafAt]!
    for (;;) {
      if (!take(leaf.slots[offset]!) || --rest === 0) return
      offset += step
      if (offset >= 0 && offset < leaf.count) continue
      leafAt += step
      if (leafAt < 0 || leafAt === page.count) {
        pageAt += step
        page = this.#root.children[pageAt]!
        leafAt = step > 0 ? 0 : page.count - 1
      }
      leaf = page.children[leafAt]!
      offset = step > 0 ? 0 : leaf.count - 1
    }
  }

  /** Replaces everything: entry i is (values[i], slots[i]), in any order. Linear for numbers and for what is in order, else O(n log n). */
  load(values: readonly V[], slots: ArrayLike<number>): void {
    this.clear()
    if (values.length === 0) return
    this.#isNumeric = values.every(value => typeof value === 'number')
    this.#size = values.length
    const order = this.#order(values, slots)
    const root = new OrderedDirectory<V, Page<V>>(this.#isNumeric, ROOT_PAGES_INITIAL)
    const leaves = Math.ceil(values.length / LEAF_ENTRIES_LOADED)
    const pages = Math.ceil(leaves / PAGE_LEAVES_LOADED)
    let leafAt = 0
    let index = 0
    for (let pageAt = 0; pageAt < pages; pageAt++) {
      const page: Page<V> = new OrderedDirectory<V, OrderedLeaf<V>>(this.#isNumeric, PAGE_LEAVES_MAX)
      let entry = 0
      for (const leafEnd = Math.floor((leaves * (pageAt + 1)) / pages); leafAt < leafEnd; leafAt++) {
        const leaf = new OrderedLeaf<V>(this.#isNumeric)
        for (const end = Math.floor((values.length * (leafAt + 1)) / leaves); index < end; index++) {
          entry = order === undefined ? index : order[index]!
          leaf.append(values[entry]!, slots[entry]!)
        }
        page.insert(page.count, leaf, leaf.count, values[entry]!, this.#ordOf(slots[entry]!))
      }
      root.insert(root.count, page, page.rankOf(page.count), values[entry]!, this.#ordOf(slots[entry]!))
    }
    this.#root = root
  }

  clear(): void {
    this.#isNumeric = true
    this.#size = 0
    this.#root = this.#empty()
  }

  /** What is wrong with the list, if anything: order, bounds, sizes, shapes. O(n); for tests and for the store's own verification. */
  check(): string | undefined {
    const root = this.#root
    let last: { value: V; ord: number } | undefined
    let size = 0
    for (let pageAt = 0; pageAt < root.count; pageAt++) {
      const page = root.children[pageAt]
      if (page === undefined || page.count < 1 || page.count > PAGE_LEAVES_MAX)
        return `page ${pageAt} is missing or has no leaves or too many`
      let pageSize = 0
      for (let leafAt = 0; leafAt < page.count; leafAt++) {
        const leaf = page.children[leafAt]
        const where = `leaf ${pageAt}/${leafAt}`
        if (leaf === undefined || leaf.count > LEAF_ENTRIES_MAX || (leaf.count < 1 && this.#size > 0))
          return `${where} is missing, empty or too large`
        if (leaf.values instanceof Float64Array !== this.#isNumeric) return `${where} does not hold values as the list does`
        if (page.sizes[leafAt] !== leaf.count) return `${where} has ${leaf.count} entries, its page says ${page.sizes[leafAt]}`
        for (let at = 0; at < leaf.count; at++) {
          const entry = { value: leaf.values[at] as V, ord: this.#ordOf(leaf.slots[at]!) }
          if (!this.#isBefore(last, entry))
            return `${where}: entry ${at} (slot ${leaf.slots[at]}) is not after the entry or bound before it`
          last = entry
        }
        pageSize += leaf.count
        if (leafAt === page.count - 1) break
        const bound = { value: page.values[leafAt] as V, ord: page.ords[leafAt]! }
        if (this.#isBefore(bound, last)) return `${where} holds entries beyond its bound`
        last = bound
      }
      if (root.sizes[pageAt] !== pageSize) return `page ${pageAt} has ${pageSize} entries, the root says ${root.sizes[pageAt]}`
      size += pageSize
      if (pageAt === root.count - 1) break
      const bound = { value: root.values[pageAt] as V, ord: root.ords[pageAt]! }
      if (this.#isBefore(bound, last)) return `page ${pageAt} holds entries beyond its bound`
      last = bound
    }
    return size === this.#size ? undefined : `there are ${size} entries, the list says ${this.#size}`
  }

  #empty(): OrderedDirectory<V, Page<V>> {
    const page: Page<V> = new OrderedDirectory<V, OrderedLeaf<V>>(this.#isNumeric, PAGE_LEAVES_MAX)
    const root = new OrderedDirectory<V, Page<V>>(this.#isNumeric, ROOT_PAGES_INITIAL)
    page.insert(0, new OrderedLeaf<V>(this.#isNumeric), 0, undefined as V, 0)
    root.insert(0, page, 0, undefined as V, 0)
    return root
  }

  #child(directory: OrderedDirectory<V, Page<V>> | Page<V>, value: V, ord: number): number {
    return this.#isNumeric ? directory.findNumber(value as number, ord) : directory.find(value, ord, this.#compare)
  }

  #entry(leaf: OrderedLeaf<V>, value: V, ord: number): number {
    return this.#isNumeric ? leaf.findNumber(value as number, ord, this.#ordOf) : leaf.find(value, ord, this.#compare, this.#ordOf)
  }

  /** Finds the entry of a rank below `size`: sets page and leaf, answers the offset. */
  #seek(rank: number): number {
    const root = this.#root
    let rest = rank
    let pageAt = 0
    for (let size = root.sizes[0]!; rest >= size; size = root.sizes[++pageAt]!) rest -= size
    const sizes = root.children[pageAt]!.sizes
    let leafAt = 0
    for (let size = sizes[0]!; rest >= size; size = sizes[++leafAt]!) rest -= size
    this.#seekPage = pageAt
    this.#seekLeaf = leafAt
    return rest
  }

  #split(pageAt: number, leafAt: number, at: number): void {
    const root = this.#root
    const page = root.children[pageAt]!
    const isLast = pageAt === root.count - 1 && leafAt === page.count - 1 && at === LEAF_ENTRIES_MAX
    if (page.count === PAGE_LEAVES_MAX) {
      const middle = isLast ? PAGE_LEAVES_MAX - 1 : PAGE_LEAVES_MAX / 2
      const right = page.split(middle)
      root.insert(pageAt, page, page.rankOf(middle), page.values[middle - 1] as V, page.ords[middle - 1]!)
      root.children[pageAt + 1] = right
      root.sizes[pageAt + 1] = right.rankOf(right.count)
      return
    }
    const leaf = page.children[leafAt]!
    const right = leaf.split(isLast ? LEAF_ENTRIES_MAX : LEAF_ENTRIES_MAX / 2)
    page.insert(leafAt, leaf, leaf.count, leaf.values[leaf.count - 1] as V, this.#ordOf(leaf.slots[leaf.count - 1]!))
    page.children[leafAt + 1] = right
    page.sizes[leafAt + 1] = right.count
  }

  /** Restores 4 after a removal. */
  #tidy(pageAt: number, leafAt: number): void {
    const root = this.#root
    const page = root.children[pageAt]!
    page.tidy(leafAt, LEAF_ENTRIES_JOINED_MAX)
    if (root.sizes[pageAt] === 0 && root.count > 1) root.remove(pageAt)
    else if (page.count <= PAGE_LEAVES_LOW) root.tidy(pageAt, PAGE_LEAVES_JOINED_MAX)
  }

  #isBefore(left: { value: V; ord: number } | undefined, right: { value: V; ord: number } | undefined): boolean {
    if (left === undefined || right === undefined) return left === undefined
    if (this.#isNumeric) return left.value < right.value || (left.value === right.value && left.ord < right.ord)
    const order = this.#compare(left.value, right.value)
    return order < 0 || (order === 0 && left.ord < right.ord)
  }

  /** The entries in order, as indices into `values`; undefined when they are so already. */
  #order(values: readonly V[], slots: ArrayLike<number>): Uint32Array | undefined {
    // Plain loops: `Float64Array.from` with a function costs three times the sort.
    const ords = new Float64Array(values.length)
    for (let index = 0; index < ords.length; index++) ords[index] = this.#ordOf(slots[index]!)
    let isOrdered = true
    let hasOrderedOrds = true
    for (let index = 1; index < values.length; index++) {
      hasOrderedOrds &&= ords[index - 1]! < ords[index]!
      if (!isOrdered) continue
      const order = this.#compare(values[index - 1]!, values[index]!)
      isOrdered = order < 0 || (order === 0 && ords[index - 1]! < ords[index]!)
    }
    if (isOrdered) return undefined
    const order = new Uint32Array(values.length)
    for (let index = 0; index < order.length; index++) order[index] = index
    if (!this.#isNumeric) return order.sort((left, right) => this.#compare(values[left]!, values[right]!) || ords[left]! - ords[right]!)
    const keys = new Float64Array(values.length)
    for (let index = 0; index < keys.length; index++) keys[index] = (values[index] as number) + 0 // -0 becomes 0
    return radixOrder(keys, hasOrderedOrds ? order : radixOrder(ords, order))
  }

  #generalise(): void {
    this.#isNumeric = false
    this.#root.generalise()
    for (const page of this.#root.children) {
      page.generalise()
      for (const leaf of page.children) leaf.generalise()
    }
  }
}
