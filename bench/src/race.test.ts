import { expect, test } from 'vitest'
import { sqliteInFile, sqliteInMemory } from './better-sqlite3.js'
import type { ContenderKind } from './contender.js'
import { Floor, floor } from './floor.js'
import { createRaces } from './rows.js'
import { createRecords } from './standard-record.js'

const options = { n: 300, rounds: 2, warmUpRounds: 1, haste: 1_000, allows: () => true }

test('every race runs, and floor and peers give the same answers', async () => {
  for (const race of createRaces(undefined, undefined)) {
    const result = await race.run(options)
    expect(result.lines.map(line => line.contender)).toEqual(race.contenders.map(kind => kind.name))
    expect(result.lines.every(line => line.nanoseconds > 0 && Number.isFinite(line.ratios.floor))).toBe(true)
  }
})

test('a contender that does nothing is found out before it is timed', async () => {
  const idle: ContenderKind = {
    name: 'idle',
    isAwaited: false,
    open: async ({ records }) => {
      const known = new Floor()
      for (const record of records) known.insert(record)
      return {
        get: id => (id === records[0]?.id ? undefined : known.get(id)),
        insert: () => true,
        update: () => true,
        whereOwner: () => [],
        ageRange: () => [],
        close: () => {},
      }
    },
  }
  for (const race of createRaces(idle, idle))
    await expect(race.run({ ...options, allows: kind => kind === idle || kind === floor })).rejects.toThrow(/idle/)
})

test('the same seed gives the same records, of about 200 bytes and with unique ids and emails', () => {
  const records = createRecords(5_000, 7)
  expect(records).toEqual(createRecords(5_000, 7))
  expect(new Set(records.map(record => record.id)).size).toBe(5_000)
  expect(new Set(records.map(record => record.email)).size).toBe(5_000)
  const bytes = JSON.stringify(records).length / records.length
  expect(bytes).toBeGreaterThan(180)
  expect(bytes).toBeLessThan(230)
})

test('peers close without leaving anything open', async () => {
  for (const kind of [sqliteInMemory, sqliteInFile]) {
    const contender = await kind.open({ records: createRecords(10, 1) })
    await contender.close()
    await expect((async () => contender.get('x'))()).rejects.toThrow(/not open/)
  }
})
