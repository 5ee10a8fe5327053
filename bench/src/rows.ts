/**
 * Rows: the races of PROOFS section 1 that the harness runs. Speeds are shares of a floor's speed in the same rounds.
 *
 * Where PROOFS says "behind the same await", or names an async function, the awaited floor is the measure; else the plain one.
 * Operations are closed functions (see measure.ts): they may use their arguments and nothing else.
 */

import { sqliteInFile, sqliteInMemory } from './better-sqlite3.js'
import type { ContenderKind, Patch } from './contender.js'
import { awaitedFloor, floor } from './floor.js'
import { byId, type PlannedRace, plainRecord, planRace, type Race } from './race.js'
import { AGE_MIN, AGES, createRecords, ownerCount, ownerId, pick, randomAge, type StandardRecord, seededRandom } from './standard-record.js'

interface Change {
  readonly id: string
  readonly patch: Patch
}

interface AgeRange {
  readonly from: number
  readonly to: number
}

/** A range of ages of this many years, of which the first 20 records are read. */
const RANGE_YEARS = 10
const PAGE_RECORDS = 20

/** The races, for this store as given: it is loaded by whoever asks, since it may not be built yet. */
export function createRaces(own: ContenderKind | undefined, snapshot: ContenderKind | undefined): readonly PlannedRace[] {
  const bound = own === undefined ? [] : [own]
  const contenders = [floor, awaitedFloor, ...bound, sqliteInMemory, sqliteInFile]
  const snapshots = snapshot === undefined ? [] : [snapshot]
  const all = { contenders, bound }
  return [
    planRace({ ...all, row: 'P1', work: 'get by key, awaited', against: awaitedFloor, target: 0.7, operations: 200_000, ...gets }),
    planRace({
      row: 'P1',
      work: 'get by key, on a snapshot',
      contenders: [floor, ...snapshots, sqliteInMemory],
      bound: snapshots,
      against: floor,
      target: 0.5,
      operations: 200_000,
      ...gets,
    }),
    planRace({ ...all, row: 'P2', work: 'insert one by one from empty', against: awaitedFloor, target: 0.6, operations: 0, ...inserts }),
    planRace({ ...all, row: 'P4', work: 'update one plain field', against: floor, target: 0.7, operations: 100_000, ...plainUpdates }),
    planRace({ ...all, row: 'P4', work: 'update one indexed field', against: floor, target: 0.7, operations: 100_000, ...indexedUpdates }),
    planRace({ ...all, row: 'P6', work: 'where on an index, about 10 rows', against: floor, target: 0.7, operations: 40_000, ...wheres }),
    planRace({ ...all, row: 'P7', work: 'range on a sorted index, limit 20', against: floor, target: 0.4, operations: 40_000, ...ranges }),
  ]
}

type Part<Input> = Pick<Race<Input>, 'inputs' | 'operation' | 'answers' | 'isFromEmpty'>

const gets: Part<string> = {
  inputs: (records, operations, seed) => times(operations, seed, random => pick(records, random).id),
  operation: (contender, id) => contender.get(id),
  answers: async (contender, records) => {
    const found: (StandardRecord | undefined)[] = [plainRecord(await contender.get('nobody'))]
    for (const record of records) found.push(plainRecord(await contender.get(record.id)))
    return found
  },
}

const inserts: Part<StandardRecord> = {
  isFromEmpty: true,
  inputs: records => records,
  operation: (contender, record) => contender.insert(record),
  answers: async (contender, records) => {
    for (const record of records) await contender.insert(record)
    const refusals: boolean[] = []
    for (const taken of [records[0]!, { ...createRecords(1, 99)[0]!, email: records[1]!.email }])
      refusals.push(await isRefused(async () => contender.insert(taken)))
    const found: unknown[] = [refusals, await contender.get(createRecords(1, 99)[0]!.id)]
    for (const record of records) found.push(plainRecord(await contender.get(record.id)), byId(await contender.whereOwner(record.ownerId)))
    return [found, byId(await contender.ageRange(AGE_MIN, AGE_MIN + AGES, records.length))]
  },
}

const plainUpdates: Part<Change> = {
  inputs: (records, operations, seed) =>
    times(operations, seed, random => ({ id: pick(records, random).id, patch: { score: Math.floor(random() * 100_000) / 100 } })),
  operation: (contender, change) => contender.update(change.id, change.patch),
  answers: async (contender, records) => {
    const changes = plainUpdates.inputs(records, records.length, 1)
    for (const { id, patch } of changes) await contender.update(id, patch)
    const found: unknown[] = [await isRefused(async () => contender.update('nobody', { score: 1 }))]
    for (const record of records) found.push(plainRecord(await contender.get(record.id)))
    return found
  },
}

const indexedUpdates: Part<Change> = {
  inputs: (records, operations, seed) =>
    times(operations, seed, random => ({ id: pick(records, random).id, patch: { age: randomAge(random) } })),
  operation: (contender, change) => contender.update(change.id, change.patch),
  answers: async (contender, records) => {
    for (const { id, patch } of indexedUpdates.inputs(records, records.length, 1)) await contender.update(id, patch)
    const found: StandardRecord[][] = []
    for (let age = AGE_MIN; age < AGE_MIN + AGES; age++) found.push(byId(await contender.ageRange(age, age, records.length)))
    return found
  },
}

const wheres: Part<string> = {
  inputs: (records, operations, seed) => times(operations, seed, random => ownerId(Math.floor(random() * ownerCount(records.length)))),
  operation: (contender, owner) => contender.whereOwner(owner),
  answers: async (contender, records) => {
    const found: StandardRecord[][] = []
    for (let owner = 0; owner <= ownerCount(records.length); owner++) found.push(byId(await contender.whereOwner(ownerId(owner))))
    return found
  },
}

const ranges: Part<AgeRange> = {
  inputs: (_records, operations, seed) =>
    times(operations, seed, random => {
      const age = randomAge(random)
      return { from: age, to: age + RANGE_YEARS }
    }),
  operation: (contender, range) => contender.ageRange(range.from, range.to, 20),
  answers: async contender => {
    const found: unknown[] = []
    for (let age = AGE_MIN - 1; age <= AGE_MIN + AGES; age++)
      found.push((await contender.ageRange(age, age + RANGE_YEARS, PAGE_RECORDS)).map(plainRecord))
    return found
  },
}

function times<T>(count: number, seed: number, make: (random: () => number) => T): T[] {
  const random = seededRandom(seed + 1_000)
  return Array.from({ length: count }, () => make(random))
}

async function isRefused(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return false
  } catch {
    return true
  }
}
