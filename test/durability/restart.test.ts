import { type BucketDefinitions, from, Store, type StoreOptions } from 'repertory'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { brokenBackend } from './broken-backend.harness.js'
import { PLACES, type Place } from './place.harness.js'

const users = { key: 'id', schema: { id: { type: 'string', required: true }, age: { type: 'number' } } } as const
const notes = { key: 'id', schema: { id: { type: 'number', generated: 'autoincrement' }, text: { type: 'string' } } } as const

/** Starts a store, does the work, stops it. */
async function session<const B extends BucketDefinitions, R>(
  persistence: StoreOptions['persistence'],
  buckets: B,
  work: (store: Store<B>) => Promise<R>,
): Promise<R> {
  const store = await Store.start({ buckets, persistence })
  try {
    return await work(store)
  } finally {
    await store.stop()
  }
}

describe.each(PLACES)('on $kind', ({ make }) => {
  const at = (place: Place): StoreOptions['persistence'] => ({ backend: place() })

  test('records come back whole: metadata, explicit nulls, unknown fields, dates of every form, and keys of either type', async () => {
    const place = make()
    const mixed = {
      key: 'id',
      schema: { id: { type: 'string', required: true }, at: { type: 'date' }, list: { type: 'array' }, n: { type: 'number' } },
    } as const
    const odd = { key: 'k', schema: z.object({ k: z.union([z.string(), z.number()]), v: z.unknown() }) } as const
    const before = await session(at(place), { mixed, odd }, async ({ buckets }) => {
      await buckets.mixed.insertMany([
        { id: 'date', at: new Date(5), extra: { deep: [{ at: new Date(7) }, null, true] } } as never,
        { id: 'number', at: 1_700_000_000_000, n: null },
        { id: 'text', at: '2024-02-29', list: [] },
        { id: 'quote"\' ☃ \u{1f600}', n: 0.1 + 0.2 },
      ])
      await buckets.mixed.update('number', { list: [1] })
      await buckets.odd.insertMany([
        { k: 1, v: 'number' },
        { k: '1', v: 'text' },
        { k: -0.5, v: { date: 1 } },
      ])
      return [await buckets.mixed.all(), await buckets.odd.all()]
    })
    const after = await session(at(place), { mixed, odd }, async ({ buckets }) => [await buckets.mixed.all(), await buckets.odd.all()])
    expect(after).toEqual(before)
    expect(after[0]!.map(record => Object.keys(record))).toEqual(before[0]!.map(record => Object.keys(record)))
    await session(at(place), { mixed, odd }, async ({ buckets }) => {
      expect([await buckets.odd.get(1), await buckets.odd.get('1')]).toMatchObject([{ v: 'number' }, { v: 'text' }])
      const record = (await buckets.mixed.get('date'))!
      expect(Object.isFrozen(record)).toBe(true)
      expect(() => (record.at as Date).setTime(0)).toThrow(TypeError)
    })
  })

  test('numbers handed out are never handed out again, and insertion order stays, through deletions, clears and restarts', async () => {
    const place = make()
    const given: number[] = []
    const order: number[] = []
    for (let run = 0; run < 4; run++) {
      await session(at(place), { notes }, async ({ buckets }) => {
        expect((await buckets.notes.all()).map(({ id }) => id)).toEqual(order)
        for (const { id } of await buckets.notes.insertMany([{ text: 'a' }, { text: 'b' }, { text: 'c' }])) {
          given.push(id)
          order.push(id)
        }
        await buckets.notes.delete(given.at(-1)!)
        order.pop()
        const [early] = order.splice(0, 1)
        await buckets.notes.delete(early!)
        if (run !== 2) return
        await buckets.notes.clear()
        order.length = 0
      })
    }
    expect(given).toEqual(Array.from({ length: 12 }, (_, n) => n + 1))
  })

  test('an explicit number that jumped ahead is remembered', async () => {
    const place = make()
    await session(at(place), { notes }, ({ buckets }) => buckets.notes.insert({ id: 100, text: 'x' }))
    await session(at(place), { notes }, async ({ buckets }) => {
      await buckets.notes.delete(100)
      expect(await buckets.notes.insert({ text: 'y' })).toMatchObject({ id: 101 })
    })
  })

  test('a bucket that is not persistent starts empty, and what was saved under its name before stays untouched', async () => {
    const place = make()
    await session(at(place), { users }, ({ buckets }) => buckets.users.insert({ id: 'kept' }))
    await session(at(place), { users: { ...users, persistent: false } }, async ({ buckets }) => {
      expect(await buckets.users.count()).toBe(0)
      await buckets.users.insert({ id: 'gone' })
    })
    expect(await session(at(place), { users }, async ({ buckets }) => (await buckets.users.all()).map(({ id }) => id))).toEqual(['kept'])
  })

  test('what a bucket holds is loaded when it is defined; until then, and when nobody defines it, it is kept', async () => {
    const place = make()
    await session(at(place), { users, notes }, async ({ buckets }) => {
      await buckets.users.insert({ id: 'u' })
      await buckets.notes.insert({ text: 'n' })
    })
    await session(at(place), { notes }, ({ buckets }) => buckets.notes.insert({ text: 'm' }))
    await session(at(place), {}, async store => {
      const later = await store.defineBucket('users', users)
      expect((await later.all()).map(({ id }) => id)).toEqual(['u'])
    })
    expect(await session(at(place), { notes }, ({ buckets }) => buckets.notes.count())).toBe(2)
  })

  test('a dropped bucket is gone after a restart with erase, and there without', async () => {
    const place = make()
    await session(at(place), { users, notes }, async store => {
      await store.buckets.users.insert({ id: 'u' })
      await store.buckets.notes.insert({ text: 'n' })
      await store.dropBucket('users')
      await store.dropBucket('notes', { erase: false })
    })
    await session(at(place), { users, notes }, async ({ buckets }) => {
      expect([await buckets.users.count(), await buckets.notes.count()]).toEqual([0, 1])
    })
  })

  test('indexes, unique values and orders serve as before', async () => {
    const place = make()
    const people = {
      ...users,
      schema: { ...users.schema, email: { type: 'string', unique: true } },
      indexes: ['age', { fields: ['age'], sorted: true }],
    } as const
    await session(at(place), { people }, async ({ buckets }) => {
      await buckets.people.insertMany(Array.from({ length: 300 }, (_, n) => ({ id: `p${n}`, age: (n * 7) % 50, email: `${n}@x` })))
      for (let n = 0; n < 300; n += 3) await buckets.people.delete(`p${n}`)
    })
    await session(at(place), { people }, async store => {
      const rows = await store.buckets.people.all()
      expect(rows.length).toBe(200)
      expect(await store.buckets.people.where({ age: 7 })).toEqual(rows.filter(({ age }) => age === 7))
      const youngest = await store.query(from('people').orderBy('age').limit(10))
      expect(youngest).toEqual([...rows].sort((a, b) => (a.age as number) - (b.age as number)).slice(0, 10))
      await expect(store.buckets.people.insert({ id: 'x', email: '1@x' })).rejects.toMatchObject({ code: 'UNIQUE_CONSTRAINT' })
      await store.buckets.people.insert({ id: 'x', email: '0@x' })
    })
  })

  describe('a schema that changed', () => {
    const strict = { key: 'id', schema: { id: { type: 'string', required: true }, age: { type: 'number', max: 11 } } } as const

    test('and refuses what is stored names up to ten keys, changes nothing, and the schema of before still opens it', async () => {
      const place = make()
      await session(at(place), { users }, ({ buckets }) =>
        buckets.users.insertMany(Array.from({ length: 30 }, (_, age) => ({ id: `u${age}`, age }))),
      )
      await expect(session(at(place), { users: strict }, async () => undefined)).rejects.toMatchObject({
        code: 'VALIDATION',
        message: expect.stringMatching(
          /^Bucket "users" refuses the record: 18 stored records .*"u12" \(age must be at most 11\).*"u21" .* and 8 more; nothing was changed/,
        ),
      })
      expect(await session(at(place), { users }, ({ buckets }) => buckets.users.count())).toBe(30)
    })

    test('and accepts what is stored is taken, and is then the one that is remembered', async () => {
      const place = make()
      await session(at(place), { users }, ({ buckets }) => buckets.users.insert({ id: 'u', age: 3 }))
      await session(at(place), { users: strict }, async ({ buckets }) => {
        expect(await buckets.users.get('u')).toMatchObject({ age: 3, _version: 1 })
        await expect(buckets.users.update('u', { age: 12 })).rejects.toMatchObject({ code: 'VALIDATION' })
      })
    })

    test('by a unique index that what is stored breaks is refused, and nothing is lost', async () => {
      const place = make()
      await session(at(place), { users }, ({ buckets }) =>
        buckets.users.insertMany([
          { id: 'a', age: 1 },
          { id: 'b', age: 1 },
        ]),
      )
      const unique = { ...users, indexes: [{ fields: ['age'], unique: true }] } as const
      await expect(session(at(place), { users: unique }, async () => undefined)).rejects.toThrow(/"?age"?/)
      expect(await session(at(place), { users }, ({ buckets }) => buckets.users.count())).toBe(2)
    })

    test('in a bucket defined later refuses that bucket alone and frees its name', async () => {
      const place = make()
      await session(at(place), { users }, ({ buckets }) => buckets.users.insert({ id: 'u', age: 30 }))
      await session(at(place), { notes }, async store => {
        await expect(store.defineBucket('users', strict)).rejects.toMatchObject({ code: 'VALIDATION' })
        await store.buckets.notes.insert({ text: 'serves' })
        expect(await (await store.defineBucket('users', users)).count()).toBe(1)
      })
    })
  })

  test('two backends: each bucket is on its own and comes back from it', async () => {
    const [left, right] = [make(), make()]
    const buckets = { users, notes: { ...notes, backend: 'right' } } as const
    const backends = (): StoreOptions['persistence'] => ({ backends: { left: left(), right: right() } })
    for (let run = 1; run <= 3; run++) {
      await session(backends(), buckets, async store => {
        await store.buckets.users.insert({ id: `u${run}` })
        await store.buckets.notes.insert({ text: `n${run}` })
        expect([await store.buckets.users.count(), await store.buckets.notes.count()]).toEqual([run, run])
      })
    }
    expect(await session({ backend: right() }, { notes }, ({ buckets: { notes: alone } }) => alone.count())).toBe(3)
    expect(await session({ backend: left() }, { notes }, ({ buckets: { notes: alone } }) => alone.count())).toBe(0)
  })
})

test('an unchanged fingerprint skips the check of what is stored; a changed one runs it', async () => {
  let checks = 0
  const counted = (limit: number) =>
    ({
      key: 'id',
      schema: z.object({
        id: z.string(),
        n: z.number().refine(n => {
          checks++
          return n >= 0
        }, `limit ${limit}`),
      }),
    }) as const
  const place = PLACES[0]!.make()
  const persistence = { backend: place() }
  await session(persistence, { rows: counted(1) }, ({ buckets }) =>
    buckets.rows.insertMany(Array.from({ length: 50 }, (_, n) => ({ id: `r${n}`, n }))),
  )
  checks = 0
  await session(persistence, { rows: counted(1) }, async () => undefined)
  expect(checks).toBe(0)
  const optional = { key: 'id', schema: counted(1).schema.extend({ more: z.string().optional() }) } as const
  await session(persistence, { rows: optional }, async () => undefined)
  expect(checks).toBe(50)
})

test('a backend that lost its memory of everything is an empty one; one that gives rows it never counted is damaged', async () => {
  const place = PLACES[0]!.make()
  await session({ backend: place() }, { users }, ({ buckets }) => buckets.users.insert({ id: 'u' }))
  await expect(
    session({ backend: brokenBackend(place(), { claims: { count: 0 } }) }, { users }, async () => undefined),
  ).rejects.toMatchObject({
    code: 'CORRUPT',
    message: expect.stringContaining('gave 1 records where 0 were saved'),
  })
})
