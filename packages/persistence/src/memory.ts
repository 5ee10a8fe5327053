/**
 * memory: the reference backend, as small as the port allows. It keeps what is saved for as long as the object lives.
 *
 * 1 It outlives the store: after `close` the same object may be opened again, also by another store, and then holds what
 *   was saved. One opening at a time; each raises the epoch.
 * 2 A save is checked first and then applied in one turn, so a reader sees all of it or nothing.
 * 3 Records are frozen, so they are kept by reference; everything else is copied and the caller may do with its cut as it likes.
 * 4 A load reads the moment of its first batch, whatever is saved meanwhile.
 */

import {
  AbortedError,
  type Backend,
  type BackendFacts,
  type BucketCut,
  type BucketShape,
  type Cut,
  FencedError,
  type Key,
  LockedError,
  type NextNumbers,
  type OpenContext,
  type Opened,
  type Seq,
  type StatePort,
  type StoredRecord,
  UnavailableError,
} from '@repertory/core'

/** The port's bound on one batch of a load. */
const BATCH_ROWS_MAX = 4096

interface Bucket {
  readonly shape: BucketShape
  readonly records: Map<Key, StoredRecord>
  readonly count: number
  readonly fingerprint: number
  readonly next: NextNumbers
}

/** A backend in the memory of this process. */
export function memory(): Backend {
  return new MemoryBackend()
}

class MemoryBackend implements Backend, StatePort {
  readonly name = 'memory'
  readonly facts: BackendFacts = { durability: 'process', writers: 'locked', detectsDamage: false }
  readonly #buckets = new Map<string, Bucket>()
  #epoch = 0
  #seq: Seq | undefined
  #holder: { readonly store: string; readonly since: Date } | undefined

  get state(): StatePort {
    return this
  }

  async open(context: OpenContext): Promise<Opened> {
    if (context.signal.aborted) throw new AbortedError('Opening memory was aborted', { cause: context.signal.reason })
    if (this.#holder !== undefined) {
      const { store, since } = this.#holder
      throw new LockedError(
        `This memory backend is open in store "${store}" since ${since.toISOString()}; stop that store first, or make another memory()`,
      )
    }
    this.#holder = { store: context.store.name, since: new Date() }
    this.#epoch++
    if (this.#seq === undefined) return { epoch: this.#epoch }
    const buckets = [...this.#buckets.values()].map(({ shape, count, fingerprint, next }) => ({ shape, count, fingerprint, next }))
    return { epoch: this.#epoch, saved: { seq: this.#seq, buckets } }
  }

  async close(): Promise<void> {
    this.#holder = undefined
  }

  async *load(bucket: string, { signal }: { readonly signal: AbortSignal }): AsyncGenerator<readonly StoredRecord[], void, void> {
    this.#assertOpen()
    const records = [...(this.#buckets.get(bucket)?.records.values() ?? [])].sort((a, b) => a.ord - b.ord)
    for (let from = 0; from < records.length; from += BATCH_ROWS_MAX) {
      if (signal.aborted) throw new AbortedError(`Loading bucket "${bucket}" was aborted`, { cause: signal.reason })
      yield records.slice(from, from + BATCH_ROWS_MAX)
    }
  }

  async save(cut: Cut): Promise<void> {
    if (cut.epoch !== this.#epoch) {
      throw new FencedError(
        `This memory backend is at epoch ${this.#epoch}; the writer of epoch ${cut.epoch} has been replaced and must stop`,
      )
    }
    this.#assertOpen()
    if (this.#seq !== undefined && cut.to <= this.#seq) return
    const shapes = cut.buckets.map(bucket => structuredClone(bucket.shape))
    // From here on only references move: nothing below can fail.
    cut.buckets.forEach((bucket, at) => {
      const shape = shapes[at]!
      this.#buckets.set(shape.name, applyCut(this.#buckets.get(shape.name), shape, bucket))
    })
    this.#seq = cut.to
  }

  async drop(bucket: string): Promise<void> {
    this.#assertOpen()
    this.#buckets.delete(bucket)
  }

  #assertOpen(): void {
    if (this.#holder === undefined) throw new UnavailableError('This memory backend is not open; open it first')
  }
}

function applyCut(bucket: Bucket | undefined, shape: BucketShape, cut: BucketCut): Bucket {
  const { cleared, deletes, puts, next, count, fingerprint } = cut
  const records = bucket === undefined || cleared ? new Map<Key, StoredRecord>() : bucket.records
  for (const key of deletes) records.delete(key)
  for (const { record, ord, seq } of puts) records.set(record[shape.key] as Key, { record, ord, seq })
  return { shape, records, count, fingerprint, next: { ...next } }
}
