/**
 * A whole store under the seeded scheduler: writers, crashes, faulty saves, subscribers and restarts, against a naive model.
 * Every run names its seed; REPERTORY_SOAK multiplies them.
 */

import { memory } from '@repertory/persistence/memory'
import { ActorCrashedError, type RecordEvent, type Store, StoreError } from 'repertory'
import { crash, SimulationError, simulate, type World } from 'repertory/testing'
import { expect, test } from 'vitest'
import { buckets as bank } from '../crash/bank.harness.js'

const RUNS = process.env.REPERTORY_SOAK === undefined ? 150 : 1000
const WRITERS = 4
const STEPS = 12

const buckets = {
  accounts: bank.accounts,
  notes: { key: 'id', schema: { id: { type: 'number', generated: 'autoincrement' }, text: { type: 'string' } } },
} as const

type Shop = Store<typeof buckets>
type Model = Map<string, number>

interface Books {
  readonly accounts: Model
  notes: number
  answered: number
  sent: number
}

/** One write of a writer on its own keys, so that its model needs no order between writers. */
async function write(world: World<typeof buckets>, store: Shop, writer: number, books: Books): Promise<void> {
  const { random } = world
  const id = `w${writer}-${Math.floor(random() * 3)}`
  const amount = Math.floor(random() * 100)
  const known = books.accounts.has(id)
  books.sent++
  try {
    if (random() < 0.2) {
      await store.buckets.notes.insertMany([{ text: 'a' }, { text: 'b' }])
      books.notes += 2
    } else if (!known) {
      await store.buckets.accounts.insert({ id, owner: `w${writer}`, amount, code: id })
      books.accounts.set(id, amount)
    } else if (random() < 0.3) {
      await store.buckets.accounts.delete(id)
      books.accounts.delete(id)
    } else {
      await store.buckets.accounts.update(id, { amount })
      books.accounts.set(id, amount)
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    if (error instanceof ActorCrashedError) {
      if (error.executed !== 'no') throw error
      happened.crashed++
    }
  }
  books.answered++
}

/** What happened over all runs: a simulation that disturbs nothing proves nothing. */
const happened = { crashed: 0, rejectedSaves: 0 }

function disturb({ random }: World<typeof buckets>, store: Shop): void {
  const bucket = random() < 0.5 ? 'accounts' : 'notes'
  const at = (['now', 'check', 'apply'] as const)[Math.floor(random() * 3)]!
  crash(store, bucket, new Error('by chance'), { at })
}

/** Every commit of an account once and in order, as its subscriber must see it. */
function watch(events: RecordEvent[]): { seq: number; mirror: Model } {
  const seen = { seq: 0, mirror: new Map<string, number>() }
  for (const event of events) {
    if (event.seq < seen.seq) throw new Error(`commit ${event.seq} came after ${seen.seq}`)
    seen.seq = event.seq
    const key = String(event.key)
    if (event.type === 'deleted') {
      if (!seen.mirror.delete(key)) throw new Error(`${key} was deleted twice`)
      continue
    }
    const record = event.type === 'inserted' ? event.record : event.newRecord
    if (event.type === 'inserted' && seen.mirror.has(key)) throw new Error(`${key} was inserted twice`)
    seen.mirror.set(key, record.amount as number)
  }
  return seen
}

async function scenario(world: World<typeof buckets>): Promise<void> {
  const { store, random, sleep } = world
  const books: Books = { accounts: new Map(), notes: 0, answered: 0, sent: 0 }
  const events: RecordEvent[] = []
  await store.on('bucket.accounts.*', event => events.push(event))
  store.defineQuery('rich', ctx => ctx.bucket('accounts').where({ amount: { $gte: 50 } }))
  let rich: readonly unknown[] = []
  await store.subscribe<readonly unknown[]>(
    'rich',
    rows => {
      rich = rows
    },
    { initial: true, onError: () => undefined },
  )
  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    for (let step = 0; step < STEPS; step++) {
      await write(world, store, writer, books)
      if (random() < 0.1) disturb(world, store)
      if (random() < 0.2) await sleep(random() * 3000)
    }
  })
  await Promise.all(writers)
  expect(books.answered).toBe(books.sent)
  await sleep(120_000)
  await store.settle()
  const held = (await store.buckets.accounts.all()).map(({ id, amount }) => [id, amount] as const)
  expect(new Map(held)).toEqual(books.accounts)
  expect(watch(events).mirror).toEqual(books.accounts)
  expect(rich.length).toBe([...books.accounts.values()].filter(amount => amount >= 50).length)
  expect(await store.buckets.notes.count()).toBe(books.notes)
  world.calm()
  const again = await world.restart()
  expect(new Map((await again.buckets.accounts.all()).map(({ id, amount }) => [id, amount] as const))).toEqual(books.accounts)
  expect(await again.buckets.notes.count()).toBe(books.notes)
}

const options = {
  store: {
    name: 'simulated',
    buckets,
    supervision: { restartsMax: 5 },
    onError: (_error: unknown, { source }: { readonly source: string }) => {
      if (source === 'backend main') happened.rejectedSaves++
    },
  },
  backend: memory,
}

test(`no commit is lost, every caller has one answer, subscribers see each commit once and in order (${RUNS} seeds)`, async () => {
  const { traces } = await simulate({ seed: 1, runs: RUNS, ...options }, scenario)
  expect(new Set(traces).size).toBe(RUNS)
  expect(happened.crashed).toBeGreaterThan(RUNS)
  expect(happened.rejectedSaves).toBeGreaterThan(RUNS)
}, 20_000)

test('a seed is a run: the same one gives the same trace', async () => {
  const first = await simulate({ seed: 77, runs: 3, ...options }, scenario)
  const second = await simulate({ seed: 77, runs: 3, ...options }, scenario)
  expect(second.traces).toEqual(first.traces)
})

test('a failing run names the seed that replays it alone', async () => {
  let failing: number | undefined
  const flawed = async ({ random, seed }: World<typeof buckets>): Promise<void> => {
    if (random() > 0.9) {
      failing ??= seed
      throw new Error('a planted flaw')
    }
  }
  const error = await simulate({ seed: 10, runs: 200, ...options }, flawed).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(SimulationError)
  expect((error as SimulationError).seed).toBe(failing)
  expect((error as SimulationError).message).toContain(`seed: ${failing}, runs: 1`)
  await expect(simulate({ seed: failing!, runs: 1, ...options }, flawed)).rejects.toThrow('a planted flaw')
})

test('a scenario that waits for nothing is told that it is stuck', async () => {
  await expect(simulate({ seed: 1, runs: 1, ...options }, () => new Promise(() => undefined))).rejects.toThrow('stuck')
})
