/**
 * Bucket image: the records of one bucket and their indexes, as a slab.
 *
 *      slots    Map  key → slot          (in insertion order: a Map keeps it)
 *      records  [ record | undefined ]   ords [ place in insertion order ]   seqs [ commit of this version ]
 *
 * 1 `ord` is given once, at insert, and rises; it is the order of reads that name none, and it is persisted.
 * 2 `place`, `replace`, `remove` and `clear` cannot refuse: what they are given was checked before. They keep records,
 *   indexes, counters, fingerprint and unsaved marks in step.
 * 3 A slot is reused only when it is clean, so an unsaved mark speaks of one record.
 * 4 Indexes, counts and the fingerprint are derived: `rebuild` makes them from records, ords and seqs alone.
 *
 * It knows no queries (reader.ts), no commits (database.ts) and no time.
 */

import type { BucketCut, BucketShape, IndexShape, NextNumbers, StoredRecord } from './backend.js'
import type { Change } from './commit.js'
import { CorruptError } from './errors.js'
import { addMark, recordMark, removeMark } from './fingerprint.js'
import { HashIndex, type SlotOrder } from './hash-index.js'
import { IndexValue } from './index-value.js'
import { RecordMaker } from './record-maker.js'
import type { RecordSchema } from './record-schema.js'
import { SortedIndex } from './sorted-index.js'
import { UniqueIndex } from './unique-index.js'
import { type KeptMarks, Unsaved } from './unsaved.js'
import { compareValues, type Key, type Seq, type StoreRecord } from './value.js'

export type Index = HashIndex | UniqueIndex | SortedIndex

export interface ImageOptions {
  readonly shape: BucketShape
  readonly schema: RecordSchema
  readonly order: 'insertion' | 'key'
  readonly isPersistent: boolean
}

/** The three parallel arrays that everything else derives from. */
export interface Slab {
  readonly records: readonly (StoreRecord | undefined)[]
  readonly ords: readonly number[]
  readonly seqs: readonly Seq[]
  readonly unsaved: KeptMarks | undefined
}

export class BucketImage {
  readonly name: string
  readonly shape: BucketShape
  readonly schema: RecordSchema
  readonly maker: RecordMaker
  readonly keyField: string
  /** The bit of the key field in a mask of changed fields. */
  readonly keyBit: number
  /** The field that autoincrement numbers are put in, if there is one. */
  readonly countedField: string | undefined
  readonly indexes: readonly Index[]
  readonly uniques: readonly UniqueIndex[]
  /** Bucket order as an index, for `order: 'key'`. */
  readonly keyOrder: SortedIndex | undefined
  readonly compareSlots: SlotOrder
  /** Absent for a bucket that no backend holds. */
  readonly unsaved: Unsaved | undefined
  readonly slots: Map<Key, number> = new Map()
  readonly records: (StoreRecord | undefined)[] = []
  readonly ords: number[] = []
  readonly seqs: number[] = []
  nextOrd = 1
  nextAutoincrement = 1
  /** The last commit that touched the bucket. */
  lastSeq: Seq = 0
  #fingerprint = 0
  readonly #isByInsertion: boolean
  #free: number[] = []
  /** The numbers before the commit that is being applied. */
  #keptOrd = 1
  #keptAutoincrement = 1
  #keptSeq: Seq = 0
  /** Slots rise with ords, so reading the slab in order is reading the bucket in order. */
  #isDense = true

  constructor({ shape, schema, order, isPersistent }: ImageOptions) {
    this.name = shape.name
    this.shape = shape
    this.schema = schema
    this.maker = new RecordMaker(schema)
    this.keyField = shape.key
    this.keyBit = this.maker.bitOf(shape.key)
    this.countedField = schema.fields.find(field => field.takesAutoincrement)?.name
    const byKey: IndexShape = { name: '$key', fields: [shape.key], kind: 'sorted', unique: false }
    const { sortValue } = this.#valueOf(byKey)
    this.#isByInsertion = order === 'insertion'
    this.compareSlots =
      order === 'insertion'
        ? (a, b) => this.ords[a]! - this.ords[b]!
        : (a, b) => compareValues(sortValue(this.records[a]!), sortValue(this.records[b]!)) || this.ords[a]! - this.ords[b]!
    this.indexes = shape.indexes.map(index => this.#createIndex(index))
    this.uniques = this.indexes.filter(index => index.kind === 'unique')
    this.keyOrder = order === 'key' ? this.#sorted(byKey) : undefined
    if (this.keyOrder !== undefined) this.indexes = [...this.indexes, this.keyOrder]
    this.unsaved = isPersistent ? new Unsaved() : undefined
  }

  get count(): number {
    return this.slots.size
  }

  get fingerprint(): number {
    return this.#fingerprint
  }

  get(key: Key): StoreRecord | undefined {
    const slot = this.slots.get(key)
    return slot === undefined ? undefined : this.records[slot]
  }

  place(key: Key, record: StoreRecord, seq: Seq): void {
    const slot = this.#takeSlot()
    const ord = this.nextOrd++
    this.slots.set(key, slot)
    this.records[slot] = record
    this.ords[slot] = ord
    this.seqs[slot] = seq
    this.lastSeq = seq
    this.#fingerprint = addMark(this.#fingerprint, recordMark(ord, seq))
    const { indexes } = this
    for (let at = 0; at < indexes.length; at++) indexes[at]!.add(slot, record)
    if (this.unsaved !== undefined) this.unsaved.mark(slot)
    if (this.countedField !== undefined) this.#countPast(record[this.countedField])
  }

  replace(slot: number, before: StoreRecord, after: StoreRecord, changed: number, seq: Seq): void {
    const ord = this.ords[slot]!
    this.#fingerprint = addMark(removeMark(this.#fingerprint, recordMark(ord, this.seqs[slot]!)), recordMark(ord, seq))
    this.records[slot] = after
    this.seqs[slot] = seq
    this.lastSeq = seq
    const { indexes } = this
    for (let at = 0; at < indexes.length; at++) {
      const index = indexes[at]!
      if ((index.mask & changed) !== 0) index.move(slot, after, before)
    }
    if (this.unsaved !== undefined) this.unsaved.mark(slot)
    if (this.countedField !== undefined && changed !== 0) this.#countPast(after[this.countedField])
  }

  remove(slot: number, key: Key, before: StoreRecord, seq: Seq): void {
    const { indexes } = this
    for (let at = 0; at < indexes.length; at++) indexes[at]!.remove(slot, before)
    this.#fingerprint = removeMark(this.#fingerprint, recordMark(this.ords[slot]!, this.seqs[slot]!))
    this.slots.delete(key)
    this.records[slot] = undefined
    this.seqs[slot] = seq
    this.lastSeq = seq
    if (this.unsaved === undefined) this.#free.push(slot)
    else {
      this.unsaved.markDeleted(key, seq)
      if (!this.unsaved.isDirty(slot)) this.#free.push(slot)
    }
  }

  clear(seq: Seq): void {
    this.#empty()
    this.lastSeq = seq
    this.unsaved?.markCleared(seq)
  }

  /** Notes the numbers that `restore` puts back. */
  keepNumbers(): void {
    this.#keptOrd = this.nextOrd
    this.#keptAutoincrement = this.nextAutoincrement
    this.#keptSeq = this.lastSeq
  }

  /** Takes back what an interrupted commit did to the slab and the numbers. `rebuild` must follow. O(records). */
  restore(undone: readonly Change[], cleared: Slab | undefined): void {
    this.nextOrd = this.#keptOrd
    this.nextAutoincrement = this.#keptAutoincrement
    this.lastSeq = this.#keptSeq
    if (cleared !== undefined) {
      this.records.length = 0
      for (const [at, record] of cleared.records.entries()) {
        this.records[at] = record
        this.ords[at] = cleared.ords[at]!
        this.seqs[at] = cleared.seqs[at]!
      }
      if (cleared.unsaved !== undefined) this.unsaved?.restore(cleared.unsaved)
    }
    const inserted = new Set<StoreRecord | undefined>()
    for (const { type, key, before, after, slot, seqBefore, ordBefore } of undone) {
      if (type === 'inserted') {
        inserted.add(after)
        continue
      }
      this.records[slot] = before
      this.seqs[slot] = seqBefore
      this.ords[slot] = ordBefore
      this.unsaved?.mark(slot)
      this.unsaved?.unmarkDeleted(key)
    }
    if (inserted.size === 0) return
    for (let slot = 0; slot < this.records.length; slot++) if (inserted.has(this.records[slot])) this.records[slot] = undefined
  }

  /** The slab as it is, for taking back a `clear`. */
  copySlab(): Slab {
    return { records: [...this.records], ords: [...this.ords], seqs: [...this.seqs], unsaved: this.unsaved?.keep() }
  }

  /** The slots in bucket order. Answers an iterator, so a reader may stop early. O(1) a slot, for any history of deletions. */
  *ordered(): Iterable<number> {
    if (this.keyOrder !== undefined) {
      const slots: number[] = []
      this.keyOrder.visit(this.keyOrder.everything(), false, slot => slots.push(slot) > 0)
      yield* slots
    } else if (this.#isDense) {
      for (let slot = 0; slot < this.records.length; slot++) if (this.records[slot] !== undefined) yield slot
    } else yield* this.slots.values()
  }

  /** Whether `ordered` is the slab itself from slot 0 up, holes skipped. */
  get isDense(): boolean {
    return this.#isDense && this.keyOrder === undefined
  }

  /** What a save must write to bring the backend to this moment; `undefined` when it holds everything. O(unsaved). */
  cut(): BucketCut | undefined {
    const { unsaved } = this
    if (unsaved === undefined || unsaved.isEmpty) return undefined
    const puts: StoredRecord[] = []
    for (const slot of unsaved.slots) {
      const record = this.records[slot]
      if (record !== undefined) puts.push({ record, ord: this.ords[slot]!, seq: this.seqs[slot]! })
    }
    return {
      shape: this.shape,
      cleared: unsaved.isCleared,
      deletes: unsaved.deletions().filter(key => !this.slots.has(key)),
      puts,
      next: this.next,
      count: this.count,
      fingerprint: this.#fingerprint,
    }
  }

  /** A cut up to `to` is saved. */
  clean(to: Seq): void {
    const cleaned = this.unsaved?.clean(to, slot => this.seqs[slot]!) ?? []
    for (const slot of cleaned) if (this.records[slot] === undefined) this.#free.push(slot)
  }

  get next(): NextNumbers {
    return { autoincrement: this.nextAutoincrement, ord: this.nextOrd }
  }

  /** Takes saved records in, in ord order, before the first commit. Indexes follow with `rebuild`. */
  load(batch: readonly StoredRecord[], recordOf: (stored: StoreRecord) => StoreRecord): void {
    for (const { record, ord, seq } of batch) {
      const slot = this.records.length
      this.records.push(recordOf(record))
      this.ords.push(ord)
      this.seqs.push(seq)
      const key = record[this.keyField] as Key
      this.slots.set(key, slot)
      // By the size, not by a look-up before: the keys of a large bucket are cold, and what is loaded twice is not served anyway.
      if (this.slots.size !== this.records.length) {
        throw new CorruptError(`Bucket "${this.name}": two stored records have the key ${JSON.stringify(key)}`)
      }
      if (ord >= this.nextOrd) this.nextOrd = ord + 1
    }
  }

  /** Invariant 4: everything derived, from the slab alone; after `load` the keys are right already. Throws `UniqueConstraintError` when records that were loaded share what must be unique. */
  rebuild(keys: 'suspect' | 'loaded' = 'suspect'): void {
    const filled: number[] = []
    this.#free = []
    this.#fingerprint = 0
    for (let slot = 0; slot < this.records.length; slot++) {
      if (this.records[slot] === undefined) {
        if (this.unsaved?.isDirty(slot) !== true) this.#free.push(slot)
        continue
      }
      filled.push(slot)
      this.#fingerprint = addMark(this.#fingerprint, recordMark(this.ords[slot]!, this.seqs[slot]!))
    }
    this.#isDense = true
    for (let at = 1; at < filled.length && this.#isDense; at++) this.#isDense = this.ords[filled[at - 1]!]! < this.ords[filled[at]!]!
    if (!this.#isDense) filled.sort((a, b) => this.ords[a]! - this.ords[b]!)
    if (keys === 'suspect' || !this.#isDense) {
      this.slots.clear()
      for (const slot of filled) this.slots.set(this.records[slot]![this.keyField] as Key, slot)
    }
    for (const index of this.indexes) {
      index.clear()
      if (index.kind === 'sorted') index.load(filled, slot => this.records[slot]!)
      else if (index.kind === 'hash') for (const slot of filled) index.add(slot, this.records[slot]!)
      else {
        const shared = index.load(filled, slot => this.records[slot]!)
        if (shared !== undefined) throw index.violation(this.name, this.records[shared]!)
      }
    }
  }

  /** Counts and fingerprint against the slab; says what is wrong. About 3 ms per 100,000 records. */
  verifyCounts(): string | undefined {
    let count = 0
    let sum = 0
    for (let slot = 0; slot < this.records.length; slot++) {
      if (this.records[slot] === undefined) continue
      count++
      sum = addMark(sum, recordMark(this.ords[slot]!, this.seqs[slot]!))
    }
    if (count !== this.slots.size) return `${count} records but ${this.slots.size} keys`
    return sum === this.#fingerprint ? undefined : 'the fingerprint of the records is not that of the commits'
  }

  /** Keys and indexes of `length` slots from `from`; says what is wrong. For verifying in slices. */
  verifySlots(from: number, length: number): string | undefined {
    const end = Math.min(this.records.length, from + length)
    for (let slot = from; slot < end; slot++) {
      const record = this.records[slot]
      if (record === undefined) continue
      const key = record[this.keyField] as Key
      if (this.slots.get(key) !== slot) return `key ${JSON.stringify(key)} does not lead to its record`
      for (const index of this.indexes) {
        if (!index.holds(slot, record)) return `index ${index.shape.name} does not hold key ${JSON.stringify(key)}`
      }
    }
    return undefined
  }

  #takeSlot(): number {
    const slot = this.#free.pop()
    if (slot === undefined) return this.records.length
    this.#isDense = false
    return slot
  }

  #empty(): void {
    this.slots.clear()
    this.records.length = 0
    this.ords.length = 0
    this.seqs.length = 0
    this.#free = []
    this.#isDense = true
    this.#fingerprint = 0
    for (const index of this.indexes) index.clear()
  }

  /** Autoincrement jumps past explicit numbers. */
  #countPast(taken: unknown): void {
    this.nextAutoincrement = numberPast(this.nextAutoincrement, taken)
  }

  #createIndex(index: BucketShape['indexes'][number]): Index {
    if (index.kind === 'sorted') return this.#sorted(index)
    const value = this.#valueOf(index)
    const mask = this.#maskOf(index)
    return index.unique ? new UniqueIndex(index, value, mask) : new HashIndex(index, value, mask, this.compareSlots, this.#isByInsertion)
  }

  #sorted(index: BucketShape['indexes'][number]): SortedIndex {
    return new SortedIndex(index, this.#valueOf(index), this.#maskOf(index), slot => this.ords[slot]!)
  }

  #valueOf(index: BucketShape['indexes'][number]): IndexValue {
    return new IndexValue(index.fields.map(name => this.shape.fields.find(field => field.name === name) ?? { name, type: 'other' }))
  }

  #maskOf(index: BucketShape['indexes'][number]): number {
    return index.fields.reduce((mask, field) => mask | this.maker.bitOf(field), 0)
  }
}

/** The number to hand out next when `taken` is in use. Beyond the safe integers there is no next one, so those are not followed. */
export function numberPast(next: number, taken: unknown): number {
  if (typeof taken !== 'number' || taken < next || taken >= Number.MAX_SAFE_INTEGER) return next
  return Math.floor(taken) + 1
}
