/**
 * Naive backend: cuts applied to Maps, and a saver that takes, lands and loses them as a real one would.
 *
 * 1 A cut is one atomic step. Deletions and puts of one cut name different keys, so their order is free: `putsFirst` tries
 *   the other one.
 * 2 A rejected save changed nothing, or everything: a backend may have written what it could not acknowledge.
 * 3 After each applied cut the backend holds what the database held when the cut was taken; `problem` says where not.
 */

import type { BucketCut, StoredRecord } from './backend.js'
import type { Database } from './database.js'
import type { Key, Seq, StoreRecord } from './value.js'

interface Held {
  readonly records: Map<Key, StoredRecord>
  next: BucketCut['next']
  count: number
  fingerprint: number
}

interface InFlight {
  readonly to: Seq
  readonly buckets: readonly BucketCut[]
  /** Of every persistent bucket, what it held when the cut was taken, in insertion order. */
  readonly wanted: ReadonlyMap<string, readonly StoredRecord[]>
}

export class NaiveBackend {
  readonly held: Map<string, Held> = new Map()
  readonly putsFirst: boolean
  readonly #database: Database
  #inFlight: InFlight | undefined
  problem: string | undefined

  constructor(database: Database, putsFirst: boolean) {
    this.#database = database
    this.putsFirst = putsFirst
  }

  /** Begins a save, unless one is on its way. */
  take(): void {
    if (this.#inFlight !== undefined) return
    const images = [...this.#database.images()].filter(image => image.unsaved !== undefined)
    const wanted = new Map(images.map(image => [image.name, storedOf(this.#database, image.name)]))
    this.#inFlight = { to: this.#database.seq, buckets: this.#database.cut(images.map(image => image.name)), wanted }
  }

  /** Ends the save on its way: acknowledged, written but not acknowledged, or lost. */
  end(how: 'acknowledged' | 'unacknowledged' | 'lost'): void {
    const cut = this.#inFlight
    this.#inFlight = undefined
    if (cut === undefined || how === 'lost') return
    for (const bucket of cut.buckets) this.#apply(bucket)
    for (const [name, wanted] of cut.wanted) this.problem ??= this.#compare(name, wanted)
    if (how === 'acknowledged') for (const { shape } of cut.buckets) this.#database.image(shape.name).clean(cut.to)
  }

  /** What a load gives: in insertion order. */
  stored(bucket: string): StoredRecord[] {
    return [...(this.held.get(bucket)?.records.values() ?? [])].sort((a, b) => a.ord - b.ord)
  }

  #apply({ shape, cleared, deletes, puts, next, count, fingerprint }: BucketCut): void {
    const records = this.held.get(shape.name)?.records ?? new Map<Key, StoredRecord>()
    if (cleared) records.clear()
    const remove = (): void => {
      for (const key of deletes) records.delete(key)
    }
    if (!this.putsFirst) remove()
    for (const stored of puts) records.set(stored.record[shape.key] as Key, stored)
    if (this.putsFirst) remove()
    this.held.set(shape.name, { records, next, count, fingerprint })
  }

  #compare(name: string, wanted: readonly StoredRecord[]): string | undefined {
    const found = this.stored(name)
    if (found.length !== wanted.length) return `${name}: ${found.length} records saved instead of ${wanted.length}`
    const at = wanted.findIndex(({ record, ord, seq }, place) => {
      const is = found[place]!
      return record !== is.record || ord !== is.ord || seq !== is.seq
    })
    if (at !== -1) return `${name}: saved ${JSON.stringify(found[at])} instead of ${JSON.stringify(wanted[at])}`
    const held = this.held.get(name)
    return held === undefined || held.count === wanted.length ? undefined : `${name}: the cut says ${held.count} records`
  }
}

function storedOf(database: Database, bucket: string): StoredRecord[] {
  const image = database.image(bucket)
  const stored = [...image.slots.values()].map(slot => ({
    record: image.records[slot] as StoreRecord,
    ord: image.ords[slot]!,
    seq: image.seqs[slot]!,
  }))
  return stored.sort((a, b) => a.ord - b.ord)
}
