/**
 * Floor: what a careful engineer would write by hand for exactly this record; the honest limit.
 *
 * 1 A Map of records by id. Postings are Sets of ids: by role, by ownerId, and by age, whose distinct values are kept in a
 *   sorted array beside it. Emails are a Map to ids.
 * 2 Records are replaced, never changed, so a reader keeps what it was given.
 * 3 After each write the subscribers of the record's owner and role are called, before and after the change.
 * 4 No validation, no versions, no durability, no copies of input.
 *
 * The awaited face is the same behind one `async` function a call: what a store with a promise interface cannot go below.
 */

import type { Contender, ContenderKind, OpenOptions, Patch } from './contender.js'
import type { StandardRecord } from './standard-record.js'

export type Watcher = (after: StandardRecord | undefined, before: StandardRecord | undefined) => void

export class Floor implements Contender {
  readonly #byId = new Map<string, StandardRecord>()
  readonly #byEmail = new Map<string, string>()
  readonly #byRole = new Map<string, Set<string>>()
  readonly #byOwner = new Map<string, Set<string>>()
  readonly #byAge = new Map<number, Set<string>>()
  /** The keys of `#byAge`, ascending. */
  readonly #ages: number[] = []
  readonly #ownerWatchers = new Map<string, Set<Watcher>>()
  readonly #roleWatchers = new Map<string, Set<Watcher>>()

  get(id: string): StandardRecord | undefined {
    return this.#byId.get(id)
  }

  insert(record: StandardRecord): StandardRecord {
    if (this.#byId.has(record.id)) throw new Error(`id ${record.id} is taken`)
    if (this.#byEmail.has(record.email)) throw new Error(`email ${record.email} is taken`)
    const after = { ...record }
    this.#byId.set(after.id, after)
    this.#byEmail.set(after.email, after.id)
    put(this.#byRole, after.role, after.id)
    put(this.#byOwner, after.ownerId, after.id)
    this.#putAge(after.age, after.id)
    this.#dispatch(after, undefined)
    return after
  }

  update(id: string, patch: Patch): StandardRecord {
    const before = this.#byId.get(id)
    if (before === undefined) throw new Error(`id ${id} was not found`)
    const after = { ...before, ...patch }
    if (after.email !== before.email) {
      if (this.#byEmail.has(after.email)) throw new Error(`email ${after.email} is taken`)
      this.#byEmail.delete(before.email)
      this.#byEmail.set(after.email, id)
    }
    this.#byId.set(id, after)
    if (after.role !== before.role) {
      take(this.#byRole, before.role, id)
      put(this.#byRole, after.role, id)
    }
    if (after.ownerId !== before.ownerId) {
      take(this.#byOwner, before.ownerId, id)
      put(this.#byOwner, after.ownerId, id)
    }
    if (after.age !== before.age) {
      this.#takeAge(before.age, id)
      this.#putAge(after.age, id)
    }
    this.#dispatch(after, before)
    return after
  }

  whereOwner(ownerId: string): StandardRecord[] {
    const found: StandardRecord[] = []
    const ids = this.#byOwner.get(ownerId)
    if (ids !== undefined) for (const id of ids) found.push(this.#byId.get(id)!)
    return found
  }

  ageRange(from: number, to: number, limit: number): StandardRecord[] {
    const found: StandardRecord[] = []
    for (let at = this.#ageAt(from); at < this.#ages.length && this.#ages[at]! <= to; at++) {
      for (const id of this.#byAge.get(this.#ages[at]!)!) {
        if (found.length === limit) return found
        found.push(this.#byId.get(id)!)
      }
    }
    return found
  }

  watchOwner(ownerId: string, watcher: Watcher): void {
    put(this.#ownerWatchers, ownerId, watcher)
  }

  watchRole(role: string, watcher: Watcher): void {
    put(this.#roleWatchers, role, watcher)
  }

  close(): void {}

  #dispatch(after: StandardRecord, before: StandardRecord | undefined): void {
    call(this.#ownerWatchers.get(after.ownerId), after, before)
    call(this.#roleWatchers.get(after.role), after, before)
    if (before === undefined) return
    if (before.ownerId !== after.ownerId) call(this.#ownerWatchers.get(before.ownerId), after, before)
    if (before.role !== after.role) call(this.#roleWatchers.get(before.role), after, before)
  }

  #putAge(age: number, id: string): void {
    if (!this.#byAge.has(age)) this.#ages.splice(this.#ageAt(age), 0, age)
    put(this.#byAge, age, id)
  }

  #takeAge(age: number, id: string): void {
    take(this.#byAge, age, id)
    if (!this.#byAge.has(age)) this.#ages.splice(this.#ageAt(age), 1)
  }

  /** Where the first age ≥ `age` stands. */
  #ageAt(age: number): number {
    let low = 0
    let high = this.#ages.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#ages[middle]! < age) low = middle + 1
      else high = middle
    }
    return low
  }
}

class AwaitedFloor implements Contender {
  readonly #floor: Floor

  constructor(floor: Floor) {
    this.#floor = floor
  }

  async get(id: string): Promise<StandardRecord | undefined> {
    return this.#floor.get(id)
  }

  async insert(record: StandardRecord): Promise<StandardRecord> {
    return this.#floor.insert(record)
  }

  async update(id: string, patch: Patch): Promise<StandardRecord> {
    return this.#floor.update(id, patch)
  }

  async whereOwner(ownerId: string): Promise<StandardRecord[]> {
    return this.#floor.whereOwner(ownerId)
  }

  async ageRange(from: number, to: number, limit: number): Promise<StandardRecord[]> {
    return this.#floor.ageRange(from, to, limit)
  }

  close(): void {}
}

export const floor: ContenderKind = {
  name: 'floor',
  isAwaited: false,
  open: async options => load(options),
}

export const awaitedFloor: ContenderKind = {
  name: 'floor awaited',
  isAwaited: true,
  open: async options => new AwaitedFloor(load(options)),
}

function load({ records }: OpenOptions): Floor {
  const loaded = new Floor()
  for (const record of records) loaded.insert(record)
  return loaded
}

function put<K, V>(postings: Map<K, Set<V>>, value: K, item: V): void {
  const posting = postings.get(value)
  if (posting === undefined) postings.set(value, new Set([item]))
  else posting.add(item)
}

function take<K, V>(postings: Map<K, Set<V>>, value: K, item: V): void {
  const posting = postings.get(value)
  if (posting === undefined) return
  posting.delete(item)
  if (posting.size === 0) postings.delete(value)
}

function call(watchers: Set<Watcher> | undefined, after: StandardRecord, before: StandardRecord | undefined): void {
  if (watchers !== undefined) for (const watcher of watchers) watcher(after, before)
}
