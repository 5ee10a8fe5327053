/**
 * Checking: the last point of a commit that may refuse. Turns writes into changes and touches nothing.
 *
 * 1 A single write is checked against the image alone: no overlay, no allocation but the change.
 * 2 Several writes are checked one after the other over an overlay, so each sees those before it; uniqueness is judged on
 *   the outcome, so a swap of unique values is legal.
 * 3 The outcome is the net effect: a key occurs once, insert then delete is nothing, delete then insert is an update.
 * 4 Autoincrement numbers are counted in `context` while checking and taken only when the commit is applied.
 */

import { type BucketImage, numberPast } from './bucket-image.js'
import type { Change } from './commit.js'
import { recordBytes } from './encoded-size.js'
import { ConflictError, DuplicateKeyError, RecordNotFoundError, unreachable, ValidationError } from './errors.js'
import { keyProblem } from './key.js'
import { ALL_CHANGED, type MakeContext } from './make-context.js'
import type { UniqueIndex } from './unique-index.js'
import type { IndexKey, Key, StoreRecord } from './value.js'
import type { DeleteWrite, InsertWrite, UpdateWrite, Write } from './write.js'

/** One write against the image. `undefined`: there is nothing to do. */
export function checkOne(write: Write, context: MakeContext): Change | undefined {
  const { image } = write
  switch (write.type) {
    case 'insert': {
      const record = makeInsert(write, context)
      const key = record[image.keyField] as Key
      if (image.slots.has(key)) throw new DuplicateKeyError(image.name, key)
      checkUniques(image, record, -1, ALL_CHANGED)
      return change(image, 'inserted', key, undefined, record, ALL_CHANGED, -1)
    }
    case 'update': {
      const slot = image.slots.get(write.key)
      if (slot === undefined) throw new RecordNotFoundError(image.name, write.key)
      const before = image.records[slot]!
      const after = makePatch(write, before, context)
      if (image.uniques.length > 0) checkUniques(image, after, slot, context.changed)
      return change(image, 'updated', write.key, before, after, context.changed, slot)
    }
    case 'delete': {
      const slot = image.slots.get(write.key)
      if (slot === undefined) return undefined
      const before = image.records[slot]!
      checkExpected(write, before)
      return change(image, 'deleted', write.key, before, undefined, ALL_CHANGED, slot)
    }
    default:
      return unreachable(write)
  }
}

/** Several writes, over all their buckets. */
export function checkMany(writes: readonly Write[], context: MakeContext): Change[] {
  const drafts = new Map<BucketImage, Drafts>()
  for (const write of writes) {
    let draft = drafts.get(write.image)
    if (draft === undefined) {
      draft = new Drafts(write.image)
      drafts.set(write.image, draft)
    }
    draft.write(write, context)
  }
  const changes: Change[] = []
  for (const draft of drafts.values()) draft.finish(changes)
  refuseHuge(changes, drafts.keys())
  return changes
}

/** A commit is saved in one step; encoding to more than this it is refused, with advice. */
const COMMIT_BYTES_MAX = 64 * 1024 * 1024

function refuseHuge(changes: readonly Change[], images: Iterable<BucketImage>): void {
  const [image] = [...images].filter(touched => touched.unsaved !== undefined)
  if (image === undefined) return
  let bytes = 0
  for (const { after } of changes) if (after !== undefined) bytes += recordBytes(after)
  if (bytes <= COMMIT_BYTES_MAX) return
  const message = `${changes.length} changes encode to about ${Math.ceil(bytes / 1024 / 1024)} MiB, more than the 64 MiB one commit may have; split them into several commits`
  throw new ValidationError(image.name, [{ field: '', code: 'value', message }])
}

interface Draft {
  readonly before: StoreRecord | undefined
  readonly slot: number
  after: StoreRecord | undefined
  changed: number
}

/** The overlay of one bucket. */
class Drafts {
  readonly #image: BucketImage
  readonly #drafts = new Map<Key, Draft>()
  #next: number

  constructor(image: BucketImage) {
    this.#image = image
    this.#next = image.nextAutoincrement
  }

  write(write: Write, context: MakeContext): void {
    const image = this.#image
    switch (write.type) {
      case 'insert': {
        const record = makeInsert(write, context, this.#next)
        const key = record[image.keyField] as Key
        const draft = this.#draftOf(key)
        if (draft.after !== undefined) throw new DuplicateKeyError(image.name, key)
        draft.after = record
        draft.changed = ALL_CHANGED
        const counted = image.countedField === undefined ? undefined : record[image.countedField]
        this.#next = numberPast(this.#next, counted)
        return
      }
      case 'update': {
        const draft = this.#draftOf(write.key)
        if (draft.after === undefined) throw new RecordNotFoundError(image.name, write.key)
        draft.after = makePatch(write, draft.after, context)
        draft.changed |= context.changed
        return
      }
      case 'delete': {
        const draft = this.#draftOf(write.key)
        if (draft.after === undefined) {
          if (draft.before === undefined) this.#drafts.delete(write.key)
          return
        }
        checkExpected(write, draft.after)
        // Came and goes within the commit: it was never there, and if it comes again it comes last.
        if (draft.before === undefined) this.#drafts.delete(write.key)
        draft.after = undefined
        draft.changed = ALL_CHANGED
        return
      }
      default:
        unreachable(write)
    }
  }

  finish(changes: Change[]): void {
    const image = this.#image
    for (const unique of image.uniques) this.#checkUnique(unique)
    for (const [key, { before, after, changed, slot }] of this.#drafts) {
      if (before === after) continue
      const type = before === undefined ? 'inserted' : after === undefined ? 'deleted' : 'updated'
      changes.push(change(image, type, key, before, after, changed, slot))
    }
  }

  #draftOf(key: Key): Draft {
    let draft = this.#drafts.get(key)
    if (draft === undefined) {
      const slot = this.#image.slots.get(key) ?? -1
      const before = slot === -1 ? undefined : this.#image.records[slot]
      draft = { before, slot, after: before, changed: 0 }
      this.#drafts.set(key, draft)
    }
    return draft
  }

  #checkUnique(unique: UniqueIndex): void {
    const image = this.#image
    const claimed = new Map<IndexKey, Key>()
    for (const [key, { after, changed, slot }] of this.#drafts) {
      if (after === undefined || (changed & unique.mask) === 0) continue
      const value = unique.value.uniqueKey(after)
      if (value === undefined) continue
      const holder = unique.slotOf(value)
      const isTaken = holder !== -1 && holder !== slot && this.#stillHolds(image.records[holder]!, unique, value)
      if (isTaken || claimed.has(value)) throw unique.violation(image.name, after)
      claimed.set(value, key)
    }
  }

  /** Whether the record that holds a unique value keeps it in the outcome. */
  #stillHolds(record: StoreRecord, unique: UniqueIndex, value: IndexKey): boolean {
    const draft = this.#drafts.get(record[this.#image.keyField] as Key)
    if (draft === undefined) return true
    return draft.after !== undefined && unique.value.uniqueKey(draft.after) === value
  }
}

function makeInsert({ image, data }: InsertWrite, context: MakeContext, next: number = image.nextAutoincrement): StoreRecord {
  context.autoincrement = next
  const record = image.maker.insert(data, context)
  if (record === undefined) throw refusal(image, context)
  const problem = keyProblem(record[image.keyField])
  if (problem !== undefined) throw new ValidationError(image.name, [{ field: image.keyField, code: 'key', message: `the key ${problem}` }])
  return record
}

function makePatch(write: UpdateWrite, before: StoreRecord, context: MakeContext): StoreRecord {
  const { image } = write
  checkExpected(write, before)
  const after = image.maker.patch(before, write.patch, context)
  if (after === undefined) throw refusal(image, context)
  if ((context.changed & image.keyBit) !== 0 && after[image.keyField] !== before[image.keyField]) {
    const message = `the key cannot change (from ${JSON.stringify(write.key)}); delete the record and insert it under the other key`
    throw new ValidationError(image.name, [{ field: image.keyField, code: 'key', message }])
  }
  return after
}

function refusal(image: BucketImage, context: MakeContext): ValidationError {
  const error = new ValidationError(image.name, [...context.issues])
  context.issues.length = 0
  return error
}

function checkExpected({ image, key, expect }: UpdateWrite | DeleteWrite, record: StoreRecord): void {
  if (expect !== undefined && record._version !== expect) throw new ConflictError(image.name, key, expect, record._version as number)
}

function checkUniques(image: BucketImage, record: StoreRecord, slot: number, changed: number): void {
  const { uniques } = image
  for (let at = 0; at < uniques.length; at++) {
    const unique = uniques[at]!
    if ((unique.mask & changed) === 0) continue
    const value = unique.value.uniqueKey(record)
    if (value === undefined) continue
    const holder = unique.slotOf(value)
    if (holder !== -1 && holder !== slot) throw unique.violation(image.name, record)
  }
}

function change(
  image: BucketImage,
  type: Change['type'],
  key: Key,
  before: StoreRecord | undefined,
  after: StoreRecord | undefined,
  changed: number,
  slot: number,
): Change {
  const seqBefore = slot === -1 ? 0 : image.seqs[slot]!
  const ordBefore = slot === -1 ? 0 : image.ords[slot]!
  return { bucket: image.name, type, key, before, after, cause: 'write', changed, slot, seqBefore, ordBefore }
}
