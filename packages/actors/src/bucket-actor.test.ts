import { from } from '@repertory/core'
import { describe, expect, it } from 'vitest'
import type { CallOptions } from './mailbox.js'
import { seededRandom } from './seeded-random.js'
import { macrotask, NOTES, outcomeOf, rig, USERS } from './store.harness.js'
import { crash } from './testing.js'

const COUNTERS = { key: 'id', schema: { id: { type: 'string', required: true }, n: { type: 'number', default: 0 } } } as const

/** A call with a signal always waits, and those behind it wait too, until the next macrotask. */
function makeWait(bucket: { count(filter: undefined, options: CallOptions): Promise<number> }): void {
  void bucket.count(undefined, { signal: new AbortController().signal })
}

const busyRig = () => rig({ buckets: { counters: COUNTERS, users: USERS, notes: NOTES } })

describe('calls on one bucket', () => {
  it.each([11, 12, 13])('run in the order made, reads included, whether they wait or not (seed %i)', async seed => {
    const random = seededRandom(seed)
    const { store } = await busyRig()
    const { counters } = store.buckets
    await counters.insert({ id: 'c' })
    let expected = 0
    const checks: Promise<void>[] = []
    const expectNow = (what: Promise<number | undefined>): void => {
      const want = expected
      checks.push(what.then(found => expect(found).toBe(want)))
    }
    for (let step = 0; step < 2000; step++) {
      const chance = random()
      if (chance < 0.4) void counters.update('c', { n: ++expected })
      else if (chance < 0.6) expectNow(counters.get('c').then(record => record?.n ?? undefined))
      else if (chance < 0.7) expectNow(counters.where({ n: expected }).then(([record]) => record?.n ?? undefined))
      else if (chance < 0.8) expectNow(store.query(from('counters')).then(([record]) => record?.n ?? undefined))
      else if (chance < 0.85) await macrotask()
      else if (chance < 0.87) makeWait(counters)
    }
    await Promise.all(checks)
    expect(checks.length).toBeGreaterThan(500)
  })

  it('made in one go answer in the order made, the ones in the turn and the ones that wait', async () => {
    const { store } = await busyRig()
    const { counters } = store.buckets
    await counters.insert({ id: 'c' })
    const order: number[] = []
    const answers = Array.from({ length: 5000 }, (_, at) => {
      if (at === 2500) makeWait(counters)
      return counters.update('c', { n: at }).then(() => order.push(at))
    })
    await Promise.all(answers)
    expect(order).toEqual(Array.from({ length: 5000 }, (_, at) => at))
    expect(await counters.get('c')).toMatchObject({ n: 4999, _version: 5001 })
  })
})

describe('calls made while core is on the stack', () => {
  it('by a default are queued behind the call that runs, and the actor is not re-entered', async () => {
    const inner: Promise<unknown>[] = []
    const { store } = await rig()
    const users = await store.defineBucket('users', {
      key: 'id',
      schema: {
        id: { type: 'string', required: true },
        seen: {
          type: 'number',
          default: () => {
            const again = store.bucket('users')
            if (inner.length === 0) inner.push(again.insert({ id: 'inner', seen: 7 }), again.count())
            return 1
          },
        },
      },
    })
    await users.insert({ id: 'outer' })
    expect(await Promise.all(inner)).toEqual([expect.objectContaining({ id: 'inner', seen: 7 }), 2])
    expect((await users.all()).map(({ id }) => id)).toEqual(['outer', 'inner'])
  })

  it('by a getter of the input are queued', async () => {
    const { store } = await rig({ buckets: { counters: COUNTERS } })
    const { counters } = store.buckets
    let inner: Promise<unknown> | undefined
    await counters.insert({
      id: 'outer',
      get n() {
        inner ??= counters.insert({ id: 'inner' })
        return 1
      },
    })
    await inner
    expect((await counters.all()).map(({ id }) => id)).toEqual(['outer', 'inner'])
  })

  it('user code that throws is a refusal, not a crash, whatever it throws', async () => {
    const { store, faults } = await rig()
    for (const [at, thrown] of [new Error('no'), 'text', undefined, Object.create(null)].entries()) {
      const bucket = await store.defineBucket(`b${at}`, {
        key: 'id',
        schema: {
          id: { type: 'string', required: true },
          n: {
            type: 'number',
            default: () => {
              throw thrown
            },
          },
        },
      })
      await expect(bucket.insert({ id: 'a' })).rejects.toMatchObject({ code: 'VALIDATION' })
    }
    expect([store.deadLetters, faults]).toEqual([[], []])
    expect(Object.values(store.health().actors).map(({ restarts }) => restarts)).toEqual([0, 0, 0, 0])
  })
})

describe('what a call was given', () => {
  it('is taken as it was when the call was made, also when the call had to wait', async () => {
    const { store } = await busyRig()
    const { users, notes } = store.buckets
    await users.insert({ id: 'u', age: 0 })
    for (const bucket of [users, notes]) makeWait(bucket)
    const data = { id: 'new', name: 'before' }
    const patch = { age: 1 }
    const list = [{ text: 'a' }]
    const filter = { age: 1 }
    const options = { by: 'ann' }
    const events: unknown[] = []
    await store.on('bucket.users.updated', ({ by }) => events.push(by))
    const answers = Promise.all([
      users.insert(data),
      users.update('u', patch, options),
      users.where(filter),
      users.count(filter),
      notes.insertMany(list),
    ])
    expect(store.health().actors.users!.mailbox.depth).toBeGreaterThan(0)
    data.name = 'after'
    patch.age = 2
    filter.age = 3
    options.by = 'bob'
    list[0]!.text = 'b'
    const [inserted, updated, rows, count, [note]] = await answers
    await store.settle()
    expect([inserted.name, updated.age, rows.length, count, note!.text, events]).toEqual(['before', 1, 1, 1, 'a', ['ann']])
  })

  it('one object reused for a thousand calls that nobody awaits gives a thousand records', async () => {
    const { store } = await busyRig()
    const { counters } = store.buckets
    makeWait(counters)
    const row = { id: '', n: 0 }
    const answers: Promise<unknown>[] = []
    for (let at = 0; at < 1000; at++) {
      row.id = `c${at}`
      row.n = at
      answers.push(counters.insert(row))
    }
    await Promise.all(answers)
    expect((await counters.all()).map(({ n }) => n)).toEqual(Array.from({ length: 1000 }, (_, at) => at))
  })
})

describe('accounting', () => {
  it('sent = handled + refused + expired + aborted + crashed + depth, over calls in the turn and calls that wait', async () => {
    const { store, clock } = await rig({
      buckets: { counters: COUNTERS },
      supervision: { restartsMax: 1000, backoffMinMs: 1, backoffMaxMs: 1 },
    })
    const { counters } = store.buckets
    const random = seededRandom(5)
    const answers: Promise<unknown>[] = []
    for (let at = 0; at < 3000; at++) {
      const chance = random()
      const signal = random() < 0.1 ? { signal: AbortSignal.abort() } : {}
      const timeout = random() < 0.1 ? { timeoutMs: 1 } : {}
      answers.push(counters.insert({ id: `c${Math.floor(random() * 500)}` }, { ...signal, ...timeout }).catch(error => error))
      if (chance < 0.02) crash(store, 'counters', new Error('boom'), { at: chance < 0.01 ? 'now' : 'check' })
      if (chance > 0.98) await clock.advance(2)
      const { counts, depth } = store.health().actors.counters!.mailbox
      expect(counts.sent).toBe(counts.handled + counts.refused + counts.expired + counts.aborted + counts.crashed + depth)
    }
    await clock.advance(10_000)
    await Promise.all(answers)
    const { counts, depth } = store.health().actors.counters!.mailbox
    expect([counts.sent, depth]).toEqual([3000, 0])
    for (const kind of ['handled', 'refused', 'expired', 'aborted', 'crashed'] as const) expect(counts[kind]).toBeGreaterThan(0)
  })

  it('a call whose signal is given can be aborted until it runs', async () => {
    const { store } = await busyRig()
    const controller = new AbortController()
    const answer = store.buckets.counters.insert({ id: 'c' }, { signal: controller.signal })
    controller.abort()
    await expect(answer).rejects.toMatchObject({ code: 'ABORTED', executed: 'no' })
    expect(await store.buckets.counters.count()).toBe(0)
    expect(await outcomeOf(store.buckets.counters.insert({ id: 'c' }, { signal: new AbortController().signal }))).toBe('resolved')
  })
})
