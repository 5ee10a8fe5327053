import { memory } from '@repertory/persistence/memory'
import { Store } from 'repertory'
import { createVirtualClock, seededRandom } from 'repertory/testing'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'

const buckets = {
  people: {
    key: 'id',
    schema: {
      id: { type: 'number', generated: 'autoincrement' },
      email: { type: 'string', unique: true },
      age: { type: 'number', min: 0 },
      role: { type: 'string', enum: ['admin', 'user'], default: 'user' },
    },
    indexes: ['role', { fields: ['age'], sorted: true }, { fields: ['role', 'age'], unique: true }],
    unknown: 'reject',
  },
  zoo: { key: 'name', schema: z.strictObject({ name: z.string(), legs: z.number().refine(n => n % 2 === 0, 'is odd') }) },
} as const

async function openShop() {
  const clock = createVirtualClock()
  const backend = memory()
  const store = await Store.start({ buckets, clock, recordsMax: 9, persistence: { backend }, onError: () => undefined })
  onTestFinished(() => void store.stop())
  const { people, zoo } = store.buckets
  await people.insertMany([{ email: 'a@x', age: 1 }, { email: 'b@x', age: 2, role: 'admin' }, { age: 3 }])
  await zoo.insertMany([
    { name: 'dog', legs: 4 },
    { name: 'bird', legs: 2 },
  ])
  await store.flush()
  return { store, clock, backend }
}

type Shop = Awaited<ReturnType<typeof openShop>>['store']

/** Everything that a refused call could have touched and that can be seen. */
async function everything(store: Shop): Promise<unknown[]> {
  const { people, zoo } = store.buckets
  const { main } = store.health().backends
  return [
    await people.all(),
    await zoo.all(),
    await people.where({ role: 'user' }),
    await people.where({ age: { $gte: 0 } }),
    await people.where({ email: 'a@x' }),
    await people.where({ email: 'new@x' }),
    await people.count(),
    store.getStats(),
    [main?.state, main?.savedSeq, main?.lagCommits],
    store.deadLetters,
  ]
}

const throwing = {
  get age(): number {
    throw new Error('no')
  },
}

const REFUSED: Readonly<Record<string, readonly [code: string, call: (store: Shop) => Promise<unknown>]>> = {
  'insert: a wrong type': ['VALIDATION', ({ buckets: { people } }) => people.insert({ age: 'old' as never })],
  'insert: below the least': ['VALIDATION', ({ buckets: { people } }) => people.insert({ age: -1 })],
  'insert: an unknown field': ['VALIDATION', ({ buckets: { people } }) => people.insert({ aeg: 1 } as never)],
  'insert: no record at all': ['VALIDATION', ({ buckets: { people } }) => people.insert(null as never)],
  'insert: a getter that throws': ['VALIDATION', ({ buckets: { people } }) => people.insert(throwing)],
  'insert: a key that is held': ['DUPLICATE_KEY', ({ buckets: { people } }) => people.insert({ id: 1 })],
  'insert: a key that is none': ['VALIDATION', ({ buckets: { people } }) => people.insert({ id: Number.NaN })],
  'insert: a unique value that is held': ['UNIQUE_CONSTRAINT', ({ buckets: { people } }) => people.insert({ email: 'a@x' })],
  'insert: a unique compound that is held': ['UNIQUE_CONSTRAINT', ({ buckets: { people } }) => people.insert({ role: 'admin', age: 2 })],
  'insert: zod refuses': ['VALIDATION', ({ buckets: { zoo } }) => zoo.insert({ name: 'spider', legs: 7 })],
  'insertMany: the last is a duplicate of the first': [
    'DUPLICATE_KEY',
    ({ buckets: { people } }) => people.insertMany([{ id: 50, email: 'new@x' }, { age: 40 }, { id: 50 }]),
  ],
  'insertMany: the last is wrong': [
    'VALIDATION',
    ({ buckets: { people } }) => people.insertMany([{ email: 'new@x', age: 50 }, { age: -5 }]),
  ],
  'insertMany: unique among themselves': [
    'UNIQUE_CONSTRAINT',
    ({ buckets: { people } }) => people.insertMany([{ email: 'new@x' }, { email: 'new@x' }]),
  ],
  'insertMany: more than there is room for': [
    'OVERLOADED',
    ({ buckets: { people } }) => people.insertMany(Array.from({ length: 5 }, () => ({ email: 'new@x' }))),
  ],
  'insertMany: no list': ['OPTION', ({ buckets: { people } }) => people.insertMany({ length: 1 } as never)],
  'update: a missing record': ['RECORD_NOT_FOUND', ({ buckets: { people } }) => people.update(99, { age: 5 })],
  'update: a wrong value': ['VALIDATION', ({ buckets: { people } }) => people.update(1, { email: 'new@x', age: -3 })],
  'update: a unique value that is held': ['UNIQUE_CONSTRAINT', ({ buckets: { people } }) => people.update(1, { email: 'b@x' })],
  'update: another key': ['VALIDATION', ({ buckets: { zoo } }) => zoo.update('dog', { name: 'cat' })],
  'update: another version': ['CONFLICT', ({ buckets: { people } }) => people.update(1, { email: 'new@x' }, { expect: 999_999 })],
  'update: zod refuses': ['VALIDATION', ({ buckets: { zoo } }) => zoo.update('dog', { legs: 3 })],
  'update: zod knows no such field': ['VALIDATION', ({ buckets: { zoo } }) => zoo.update('dog', { wings: 2 } as never)],
  'delete: another version': ['CONFLICT', ({ buckets: { people } }) => people.delete(1, { expect: 999_999 })],
  'clear: an unknown option': ['OPTION', ({ buckets: { people } }) => people.clear({ reallly: true } as never)],
  'any: aborted before': ['ABORTED', ({ buckets: { people } }) => people.insert({ email: 'new@x' }, { signal: AbortSignal.abort() })],
}

test.each(Object.entries(REFUSED))('%s is refused, and everything is as before', async (_, [code, call]) => {
  const { store, clock } = await openShop()
  const events: number[] = []
  await store.on('*', ({ seq }) => events.push(seq))
  let runs = 0
  store.defineQuery('all', ctx => {
    runs++
    return ctx.bucket('people').all()
  })
  await store.subscribe('all', () => undefined)
  const before = await everything(store)
  await expect(call(store)).rejects.toMatchObject({ code })
  await clock.advance(5000)
  await store.settle()
  const after = await everything(store)
  expect(after).toEqual(before)
  for (const [list, rows] of before.entries()) {
    if (Array.isArray(rows))
      for (const [at, row] of rows.entries())
        if (typeof row === 'object' && row !== null && '_version' in row) expect((after[list] as unknown[])[at]).toBe(row)
  }
  expect([events, runs]).toEqual([[], 1])
  expect(await store.buckets.people.insert({ email: 'new@x', age: 77 })).toMatchObject({ id: 4, _version: 1 })
  await store.settle()
  expect(events).toEqual([3])
})

test.each([41, 42])(
  'a thousand refused calls among good ones leave what the good ones alone would, also in the backend (seed %i)',
  async seed => {
    const contents: string[] = []
    for (const withRefused of [true, false]) {
      const random = seededRandom(seed)
      const { store, backend } = await openShop()
      const refusals = Object.values(REFUSED).filter(([code]) => code !== 'OVERLOADED')
      for (let step = 0; step < 1000; step++) {
        const [, refused] = refusals[Math.floor(random() * refusals.length)]!
        if (withRefused) await refused(store).catch(() => 'refused')
        if (step % 10 === 0) await store.buckets.people.update(random() < 0.5 ? 1 : 3, { age: 100 + step })
      }
      await store.stop()
      const again = await Store.start({ buckets, persistence: { backend }, clock: createVirtualClock() })
      contents.push(JSON.stringify([await again.buckets.people.all(), await again.buckets.zoo.all()]))
      await again.stop()
    }
    expect(contents[0]).toBe(contents[1])
  },
)
