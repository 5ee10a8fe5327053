/**
 * Database: the images of all buckets and the one order of their commits.
 *
 *      commit(writes)   check ──refuses──▶ StoreError, nothing touched
 *                         │
 *                       apply ──throws──▶ `interrupted`; `repair` puts the before-images back
 *                         │
 *                        seq, commit ──▶ returned to the caller, who hands it on
 *
 * 1 One synchronous stretch: no reader sees half of a commit, whatever the number of its buckets.
 * 2 `check` may refuse and touches nothing; `apply` of what was checked cannot fail. If it does, that is a broken invariant:
 *   the seq has not moved, and `repair` makes the images what they were.
 * 3 Time never runs backwards: a commit is never dated before the one before it.
 * 4 It owns the data, as an ETS table with an heir: the actors in front of it may die, the data does not.
 */

import type { BucketCut, StoredRecord } from './backend.js'
import { BucketImage, type ImageOptions, type Slab } from './bucket-image.js'
import { checkMany, checkOne } from './checking.js'
import { type Attribution, type Change, type Clearing, type Commit, NOBODY } from './commit.js'
import { BucketAlreadyExistsError, BucketNotDefinedError, CorruptError, type Issue, ValidationError } from './errors.js'
import type { Draw } from './field-checker.js'
import { keyProblem } from './key.js'
import type { MakeContext } from './make-context.js'
import type { Key, Seq } from './value.js'
import type { Write } from './write.js'

/** Refused records that a message names; the rest is counted. */
const REFUSED_NAMED_MAX = 10

/** For tests: called before a commit is checked and after each of its changes is applied, while none of it counts yet. May throw. */
export type Fault = (point: 'check' | 'apply', bucket: string) => void

export class Database {
  readonly #images = new Map<string, BucketImage>()
  readonly #context: MakeContext
  #seq: Seq = 0
  #at = 0
  /** The changes being applied, while they are. */
  #open: readonly Change[] | undefined
  /** The bucket being emptied, as it was. */
  #cleared: { readonly image: BucketImage; readonly slab: Slab } | undefined
  fault: Fault | undefined

  constructor(options: { readonly draw: Draw }) {
    this.#context = { now: 0, draw: options.draw, autoincrement: 0, issues: [], changed: 0, begun: undefined }
  }

  /** The newest commit's number. */
  get seq(): Seq {
    return this.#seq
  }

  /** Continues after what a backend holds; before the first commit only. */
  resumeAt(seq: Seq): void {
    this.#seq = Math.max(this.#seq, seq)
  }

  /** Adds an empty bucket. */
  define(options: ImageOptions): BucketImage {
    const { name } = options.shape
    if (this.#images.has(name)) throw new BucketAlreadyExistsError(name)
    const image = new BucketImage(options)
    this.#images.set(name, image)
    return image
  }

  /** Forgets a bucket. Its records are gone with it. */
  forget(name: string): void {
    this.#images.delete(name)
  }

  image(name: string): BucketImage {
    const image = this.#images.get(name)
    if (image === undefined) throw new BucketNotDefinedError(name)
    return image
  }

  /** The last commit that touched a bucket; 0 for an unknown one. */
  lastSeqOf(name: string): Seq {
    return this.#images.get(name)?.lastSeq ?? 0
  }

  images(): Iterable<BucketImage> {
    return this.#images.values()
  }

  /**
   * Commits the writes, all or none. Throws a `StoreError` when refused; anything else thrown is a crash, and when
   * `isInterrupted` says so, `repair` must run before the next commit. `undefined`: there was nothing to change.
   */
  commit(writes: readonly Write[], now: number, attribution: Attribution = NOBODY): Commit | undefined {
    const context = this.#context
    const at = Math.max(now, this.#at)
    context.now = at
    if (context.issues.length > 0) context.issues.length = 0
    if (this.fault !== undefined) for (const { image } of writes) this.fault('check', image.name)
    let changes: Change[]
    if (writes.length === 1) {
      const change = checkOne(writes[0]!, context)
      if (change === undefined) return undefined
      changes = [change]
    } else {
      changes = checkMany(writes, context)
      if (changes.length === 0) return undefined
    }
    const seq = this.#seq + 1
    for (let at = 0; at < writes.length; at++) writes[at]!.image.keepNumbers()
    this.#open = changes
    if (writes.length === 1) this.#apply(writes[0]!.image, changes[0]!, seq)
    else for (const change of changes) this.#apply(this.image(change.bucket), change, seq)
    this.#open = undefined
    this.#seq = seq
    this.#at = at
    return { seq, at, changes, clearing: undefined, attribution }
  }

  /** Empties a bucket in one commit; autoincrement goes on. `undefined` when it is empty already. */
  clear(image: BucketImage, now: number, cause: Clearing['cause'], attribution: Attribution = NOBODY): Commit | undefined {
    if (image.count === 0) return undefined
    this.fault?.('check', image.name)
    const records = [...image.ordered()].map(slot => image.records[slot]!)
    const seq = this.#seq + 1
    image.keepNumbers()
    this.#open = []
    this.#cleared = { image, slab: image.copySlab() }
    image.clear(seq)
    this.fault?.('apply', image.name)
    this.#open = undefined
    this.#cleared = undefined
    this.#seq = seq
    this.#at = Math.max(now, this.#at)
    const clearing = { bucket: image.name, cause, records, keyField: image.keyField }
    return { seq, at: this.#at, changes: [], clearing, attribution }
  }

  /** Whether a commit was cut off while it was applied. */
  get isInterrupted(): boolean {
    return this.#open !== undefined
  }

  /** Puts the before-images of an interrupted commit back and rebuilds what derives from them. O(records of its buckets). */
  repair(): void {
    if (this.#open === undefined) return
    const changes = this.#open
    const cleared = this.#cleared
    const buckets = new Set(changes.map(change => change.bucket))
    if (cleared !== undefined) buckets.add(cleared.image.name)
    for (const bucket of buckets) {
      const image = this.image(bucket)
      const undone = changes.filter(change => change.bucket === bucket)
      image.restore(undone, cleared?.image === image ? cleared.slab : undefined)
      image.rebuild()
    }
    this.#open = undefined
    this.#cleared = undefined
  }

  /** What a save must write for these buckets; `undefined` when everything is saved. */
  cut(buckets: Iterable<string>): readonly BucketCut[] {
    const cuts: BucketCut[] = []
    for (const name of buckets) {
      const cut = this.#images.get(name)?.cut()
      if (cut !== undefined) cuts.push(cut)
    }
    return cuts
  }

  /** Takes a batch of saved records in. Throws `CorruptError` for what is no record; `refused` collects what the schema refuses. */
  load(
    image: BucketImage,
    batch: readonly StoredRecord[],
    options: { readonly isChecked: boolean; readonly refused: RefusedRecords },
  ): void {
    const issues: Issue[] = []
    image.load(batch, stored => {
      const key = stored[image.keyField]
      if (keyProblem(key) !== undefined)
        throw new CorruptError(`Bucket "${image.name}": a stored record has no valid key "${image.keyField}"`)
      issues.length = 0
      const record = image.maker.restore(stored, options.isChecked, issues)
      if (issues.length > 0) options.refused.add(key as Key, issues[0]!)
      return record
    })
  }

  #apply(image: BucketImage, change: Change, seq: Seq): void {
    switch (change.type) {
      case 'inserted':
        image.place(change.key, change.after!, seq)
        break
      case 'updated':
        image.replace(change.slot, change.before!, change.after!, change.changed, seq)
        break
      case 'deleted':
        image.remove(change.slot, change.key, change.before!, seq)
        break
    }
    if (this.fault !== undefined) this.fault('apply', image.name)
  }
}

/** Stored records that the schema of today refuses. */
export class RefusedRecords {
  readonly #named: string[] = []
  #count = 0

  add(key: Key, issue: Issue): void {
    this.#count++
    if (this.#named.length < REFUSED_NAMED_MAX) this.#named.push(`${JSON.stringify(key)} (${issue.field} ${issue.message})`)
  }

  /** Throws `ValidationError` when there are any. */
  throwIfAny(bucket: string): void {
    if (this.#count === 0) return
    const more = this.#count > this.#named.length ? ` and ${this.#count - this.#named.length} more` : ''
    const message = `${this.#count} stored records do not satisfy the schema: ${this.#named.join(', ')}${more}; nothing was changed: correct the schema or the records`
    throw new ValidationError(bucket, [{ field: '', code: 'custom', message }])
  }
}
