/**
 * Fake backend: a place in memory that tests can hold, fail and damage. The port's contract holds unless a test breaks it.
 *
 * 1 `before` is asked before each call does anything: what it throws or rejects with is the answer, what it waits for delays it.
 * 2 `calls` lists what was asked, in order; `writes` counts the ones that changed something.
 */

import type {
  Backend,
  BackendFacts,
  BucketShape,
  Cut,
  Key,
  NextNumbers,
  OpenContext,
  Opened,
  Seq,
  StatePort,
  StoredRecord,
} from '@repertory/core'

export interface HeldBucket {
  shape: BucketShape
  records: Map<Key, StoredRecord>
  count: number
  fingerprint: number
  next: NextNumbers
}

export class FakeBackend implements Backend, StatePort {
  readonly name: string
  readonly facts: BackendFacts = { durability: 'process', writers: 'locked', detectsDamage: false }
  readonly buckets: Map<string, HeldBucket> = new Map()
  readonly calls: string[] = []
  readonly cuts: Cut[] = []
  writes = 0
  batchRows = 100
  before: (call: string) => unknown = () => undefined
  context: OpenContext | undefined
  seq: Seq | undefined
  #epoch = 0
  #underWay = 0

  constructor(name = 'fake') {
    this.name = name
  }

  get state(): StatePort {
    return this
  }

  async open(context: OpenContext): Promise<Opened> {
    await this.#ask('open')
    this.context = context
    this.#epoch++
    if (this.seq === undefined) return { epoch: this.#epoch }
    return { epoch: this.#epoch, saved: { seq: this.seq, buckets: [...this.buckets.values()] } }
  }

  async close(): Promise<void> {
    await this.#ask('close')
  }

  async *load(bucket: string, { signal }: { readonly signal: AbortSignal }): AsyncGenerator<readonly StoredRecord[], void, void> {
    const records = [...(this.buckets.get(bucket)?.records.values() ?? [])].sort((a, b) => a.ord - b.ord)
    for (let from = 0; from < records.length || from === 0; from += this.batchRows) {
      await this.#ask(`load ${bucket} ${from}`)
      if (signal.aborted) throw new Error('the load was aborted')
      yield records.slice(from, from + this.batchRows)
    }
  }

  async save(cut: Cut): Promise<void> {
    if (++this.#underWay > 1) throw new Error('two calls at once')
    try {
      await this.#ask(`save ${cut.to}`)
      this.cuts.push(cut)
      if (this.seq !== undefined && cut.to <= this.seq) return
      this.writes++
      for (const { shape, cleared, deletes, puts, next, count, fingerprint } of cut.buckets) {
        const records = cleared ? new Map<Key, StoredRecord>() : (this.buckets.get(shape.name)?.records ?? new Map())
        for (const key of deletes) records.delete(key)
        for (const put of puts) records.set(put.record[shape.key] as Key, put)
        this.buckets.set(shape.name, { shape, records, count, fingerprint, next })
      }
      this.seq = cut.to
    } finally {
      this.#underWay--
    }
  }

  async drop(bucket: string): Promise<void> {
    if (++this.#underWay > 1) throw new Error('two calls at once')
    try {
      await this.#ask(`drop ${bucket}`)
      if (this.buckets.delete(bucket)) this.writes++
    } finally {
      this.#underWay--
    }
  }

  /** The records of a bucket as plain fields, in insertion order. */
  rows(bucket: string): unknown[] {
    const records = [...(this.buckets.get(bucket)?.records.values() ?? [])].sort((a, b) => a.ord - b.ord)
    return records.map(({ record }) => fieldsOf(record))
  }

  async #ask(call: string): Promise<void> {
    this.calls.push(call)
    await this.before(call)
  }
}

/** A record without its metadata. */
export function fieldsOf(record: object): object {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !name.startsWith('_')))
}

export interface Deferred {
  readonly promise: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export function deferred(): Deferred {
  let resolve = (): void => undefined
  let reject: (error: unknown) => void = () => undefined
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  promise.catch(() => undefined)
  return { promise, resolve, reject }
}
