import { ActorCrashedError, Store } from 'repertory'
import { crash, createVirtualClock, seededRandom } from 'repertory/testing'
import { expect, onTestFinished, test } from 'vitest'

const schema = { id: { type: 'string', required: true }, n: { type: 'number' } } as const
const buckets = { poisoned: { key: 'id', schema }, healthy: { key: 'id', schema } } as const

async function openShop(supervision: object = {}) {
  const clock = createVirtualClock()
  const store = await Store.start({ buckets, clock, supervision, random: () => 0.5, onError: () => undefined })
  onTestFinished(() => void store.stop())
  return { store, clock }
}

test('a poison message is answered once with executed no, listed, and never run again, not after restarts and not after the circuit closed', async () => {
  const { store, clock } = await openShop()
  const { poisoned } = store.buckets
  let runs = 0
  const poison = {
    id: 'poison',
    get n(): number {
      runs++
      return 1
    },
  }
  crash(store, 'poisoned', new Error('killed by poison'), { at: 'apply' })
  let answers = 0
  const refusal = await poisoned.insert(poison).catch((error: unknown) => {
    answers++
    return error
  })
  expect(refusal).toBeInstanceOf(ActorCrashedError)
  expect(refusal).toMatchObject({ executed: 'no', code: 'ACTOR_CRASHED', cause: { message: 'killed by poison' } })
  for (let at = 0; at < 6; at++) {
    crash(store, 'poisoned')
    await clock.advance(400)
  }
  await clock.advance(60_000)
  expect(store.health().actors.poisoned?.state).toBe('serving')
  expect([answers, runs, await poisoned.count()]).toEqual([1, 1, 0])
  expect(store.deadLetters).toEqual([{ bucket: 'poisoned', verb: 'insert', at: 1_700_000_000_000, error: new Error('killed by poison') }])
})

test('every message of a queue is poison: each is answered once, in order, each is a dead letter, and nothing of them stands', async () => {
  const { store, clock } = await openShop({ restartsMax: 1000, backoffMinMs: 10, backoffMaxMs: 10 })
  let armed = 0
  const arm = (): number => {
    crash(store, 'venom', new Error(`poison ${armed}`), { at: 'apply' })
    return armed++
  }
  const venom = await store.defineBucket('venom', { key: 'id', schema: { ...schema, n: { type: 'number', default: arm } } })
  const order: number[] = []
  const codes = new Set<string>()
  const { signal } = new AbortController()
  const calls = Array.from({ length: 20 }, (_, n) =>
    venom.insert({ id: `p${n}` }, { signal, timeoutMs: 60_000 }).then(
      () => codes.add('done'),
      error => {
        order.push(n)
        codes.add(error.code)
      },
    ),
  )
  await clock.advance(1000)
  await Promise.all(calls)
  expect(order).toEqual(Array.from({ length: 20 }, (_, n) => n))
  expect([...codes]).toEqual(['ACTOR_CRASHED'])
  expect(store.deadLetters.map(({ error }) => (error as Error).message)).toEqual(order.map(n => `poison ${n}`))
  expect([armed, await venom.count()]).toEqual([20, 0])
})

test('a call that expires or is aborted while its actor is down is no dead letter and is not run when it is back', async () => {
  const { store, clock } = await openShop()
  const { poisoned } = store.buckets
  crash(store, 'poisoned')
  crash(store, 'poisoned')
  const controller = new AbortController()
  const calls = [poisoned.insert({ id: 'a' }, { timeoutMs: 20 }), poisoned.insert({ id: 'b' }, { signal: controller.signal })]
  const codes = Promise.all(calls.map(call => call.catch(error => error.code)))
  controller.abort()
  await clock.advance(1000)
  expect([await codes, await poisoned.count(), store.deadLetters]).toEqual([['DEADLINE', 'ABORTED'], 0, []])
})

test.each([21, 22])('other buckets serve throughout, in their own time, also while one rests (seed %i)', async seed => {
  const random = seededRandom(seed)
  const { store, clock } = await openShop()
  const { healthy, poisoned } = store.buckets
  let [rested, served] = [0, 0]
  for (let step = 0; step < 500; step++) {
    if (random() < 0.5)
      crash(store, 'poisoned', new Error('again'), { at: (['now', 'check', 'apply'] as const)[Math.floor(random() * 3)]! })
    poisoned.insert({ id: `p${step}` }).catch(() => 'crashed, refused, or too late')
    if (store.health().actors.poisoned?.state === 'open') rested++
    const beforeMs = clock.now()
    await healthy.insert({ id: `h${step}`, n: step })
    expect(await healthy.get(`h${step}`)).toMatchObject({ n: step })
    expect(clock.now()).toBe(beforeMs)
    served++
    if (random() < 0.5) await clock.advance(random() * 300)
  }
  expect([served, await healthy.count(), store.health().actors.healthy?.restarts]).toEqual([500, 500, 0])
  expect(rested).toBeGreaterThan(50)
})
