/**
 * Backend link: one opened backend, the buckets it holds, and the saver that keeps it up to date.
 *
 * 1 What the backend said when it was opened is kept per bucket until a save says something newer.
 * 2 `save` and `drop` share one lane: nobody calls a backend twice at once, and a bucket that was dropped is in no later cut.
 * 3 A bucket is loaded whole or not at all: counts and fingerprint must be those that were saved.
 */

import {
  type Backend,
  type BucketImage,
  CorruptError,
  type Cut,
  type Database,
  type Opened,
  OptionError,
  RefusedRecords,
  type StoredBucket,
  type StoreError,
} from '@repertory/core'
import type { Clock, Random } from './clock.js'
import { createSaver, type Saver } from './saver.js'
import type { StatusBus } from './status-bus.js'

export interface BackendLinkOptions {
  readonly name: string
  readonly backend: Backend
  readonly database: Database
  readonly clock: Clock
  readonly random: Random
  readonly debounceMs: number | undefined
  readonly maxWaitMs: number | undefined
  readonly onError: (error: unknown) => void
  readonly status: StatusBus
}

export class BackendLink {
  readonly name: string
  readonly backend: Backend
  /** Buckets whose commits go here. */
  readonly buckets: Set<string> = new Set()
  readonly #options: BackendLinkOptions
  readonly #stored: Map<string, StoredBucket>
  readonly #epoch: number
  readonly #abort: AbortController
  readonly saver: Saver
  /** The seq the backend held when it was opened. */
  readonly openedAt: number
  /** Dropped here, but perhaps not there: the backend failed. Dropped again with the next save, and before the name is used again. */
  readonly #dropPending = new Set<string>()
  #lane: Promise<unknown> = Promise.resolve()

  private constructor(options: BackendLinkOptions, opened: Opened, abort: AbortController) {
    this.#options = options
    this.name = options.name
    this.backend = options.backend
    this.#epoch = opened.epoch
    this.#abort = abort
    this.openedAt = opened.saved?.seq ?? 0
    this.#stored = new Map(opened.saved?.buckets.map(bucket => [bucket.shape.name, bucket]))
    const { clock, random, debounceMs, maxWaitMs, onError } = options
    this.saver = createSaver({
      name: options.name,
      clock,
      random,
      ...(debounceMs === undefined ? undefined : { debounceMs }),
      ...(maxWaitMs === undefined ? undefined : { maxWaitMs }),
      savedSeq: this.openedAt,
      takeCut: () => this.#takeCut(),
      save: cut => this.#inLane(() => this.#save(cut)),
      saved: cut => this.#saved(cut),
      onStatus: status => options.status.moved({ kind: 'backend', name: options.name, ...status }),
      onError,
    })
  }

  /** Opens the backend. Rejects as `Backend.open` does, and for a backend without a state port. */
  static async open(options: BackendLinkOptions, store: { id: string; name: string }): Promise<BackendLink> {
    const { backend, name } = options
    if (typeof backend?.open !== 'function')
      throw new OptionError('persistence', `backend "${name}" is not a backend; pass memory(), sqlite({path}) or the like`)
    if (backend.state === undefined)
      throw new OptionError('persistence', `backend "${name}" (${backend.name}) keeps no records: it has no state port`)
    const abort = new AbortController()
    let link: BackendLink | undefined
    let lost: StoreError | undefined
    const opened = await backend.open({
      store,
      shapes: [],
      signal: abort.signal,
      lost: error => {
        lost = error
        link?.saver.lost(error)
      },
    })
    link = new BackendLink(options, opened, abort)
    if (lost !== undefined) link.saver.lost(lost)
    return link
  }

  /** What the backend holds of a bucket, in its newest known form. */
  stored(bucket: string): StoredBucket | undefined {
    return this.#stored.get(bucket)
  }

  /** Fills an image with what is saved. Rejects, and leaves the backend untouched, when that cannot be read or is refused by the schema. */
  async load(image: BucketImage): Promise<void> {
    if (this.#dropPending.has(image.name)) await this.#dropStored(image.name)
    const stored = this.#stored.get(image.name)
    if (stored !== undefined) {
      if (stored.shape.key !== image.keyField) {
        throw new OptionError(
          'key',
          `Bucket "${image.name}" is saved with the key field "${stored.shape.key}", not "${image.keyField}"; define it so, or drop it`,
        )
      }
      const { database } = this.#options
      const refused = new RefusedRecords()
      const isChecked = stored.shape.fingerprint !== image.shape.fingerprint
      for await (const batch of this.backend.state!.load(image.name, { signal: this.#abort.signal })) {
        database.load(image, batch, { isChecked, refused })
      }
      refused.throwIfAny(image.name)
      image.nextAutoincrement = Math.max(image.nextAutoincrement, stored.next.autoincrement)
      image.nextOrd = Math.max(image.nextOrd, stored.next.ord)
      image.rebuild('loaded')
      if (image.count !== stored.count || image.fingerprint !== stored.fingerprint) {
        throw new CorruptError(
          `Bucket "${image.name}": ${this.backend.name} gave ${image.count} records where ${stored.count} were saved, or other versions of them; it was changed from outside or is damaged, and is left as it is`,
        )
      }
    }
    this.buckets.add(image.name)
  }

  /** Takes a bucket out of the cuts at once, and with `erase` out of the backend. Without, it must have been saved before. */
  async drop(bucket: string, erase: boolean): Promise<void> {
    this.buckets.delete(bucket)
    if (!erase) return
    this.#stored.delete(bucket)
    await this.#dropStored(bucket)
  }

  /** Gives the lock back. Whatever the saver could not save is lost with it. */
  async close(): Promise<void> {
    this.#abort.abort()
    await this.#inLane(() => this.backend.close())
  }

  async #dropStored(bucket: string): Promise<void> {
    this.#dropPending.add(bucket)
    await this.#inLane(() => this.#dropOne(bucket))
  }

  async #dropOne(bucket: string): Promise<void> {
    if (!this.#dropPending.has(bucket)) return
    await this.backend.state!.drop(bucket)
    this.#dropPending.delete(bucket)
  }

  /** What could not be dropped is tried again with each save; it does not keep the rest from being saved. */
  async #save(cut: Cut): Promise<void> {
    for (const bucket of this.#dropPending) await this.#dropOne(bucket).catch(this.#options.onError)
    await this.backend.state!.save(cut)
  }

  #takeCut(): Cut | undefined {
    const { database } = this.#options
    const buckets = database.cut(this.buckets)
    if (buckets.length === 0) return undefined
    return { epoch: this.#epoch, from: this.saver?.status.savedSeq ?? this.openedAt, to: database.seq, buckets }
  }

  #saved(cut: Cut): void {
    for (const { shape, count, fingerprint, next } of cut.buckets) {
      if (!this.buckets.has(shape.name)) continue
      this.#stored.set(shape.name, { shape, count, fingerprint, next })
      this.#options.database.image(shape.name).clean(cut.to)
    }
  }

  #inLane<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#lane.then(run)
    this.#lane = result.catch(() => undefined)
    return result
  }
}
