import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { OverloadedError, Store } from 'repertory'
import { crash, seededRandom } from 'repertory/testing'
import { expect, onTestFinished, test } from 'vitest'

const isSoak = process.env.REPERTORY_SOAK !== undefined
const SENDS = isSoak ? 1_000_000 : 250_000
const HEAP_GROWTH_MAX = 64 * 1024 * 1024
/** SPEC 9.5, the defaults. */
const MAILBOX = 10_000
const WAITERS = 50_000

const schema = { id: { type: 'number', required: true } } as const

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function heapUsed(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

interface Tally {
  resolved: number
  overloaded: number
  other: number
}

/** Sends as fast as a loop can; resolves when every call is answered, each counted once. */
function flood(count: number, send: (at: number) => Promise<unknown>): Promise<Tally> {
  const tally: Tally = { resolved: 0, overloaded: 0, other: 0 }
  let left = count
  return new Promise(resolve => {
    const answered = (kind: keyof Tally): void => {
      tally[kind]++
      if (--left === 0) resolve(tally)
    }
    for (let at = 0; at < count; at++) {
      send(at).then(
        () => answered('resolved'),
        error => answered(error instanceof OverloadedError && error.executed === 'no' && error.retryAfterMs > 0 ? 'overloaded' : 'other'),
      )
    }
  })
}

test(`${SENDS} sends that nobody awaits: the mailbox and the waiters are filled, the rest is refused, all are answered, the heap stays`, async () => {
  const store = await Store.start({ buckets: { counters: { key: 'id', schema } }, callTimeoutMs: 120_000 })
  onTestFinished(() => store.stop())
  const { counters } = store.buckets
  await counters.insertMany([{ id: -1 }, { id: -2 }])
  const beforeBytes = heapUsed()
  let deepest = 0
  const answers = flood(SENDS, at => {
    const answer = counters.get(at % 2 === 0 ? -1 : -2)
    if (at % 1000 === 0) deepest = Math.max(deepest, store.health().actors.counters!.mailbox.depth)
    return answer
  })
  deepest = Math.max(deepest, store.health().actors.counters!.mailbox.depth)
  expect(deepest).toBe(MAILBOX + WAITERS)
  const { resolved, overloaded, other } = await answers
  const { counts, depth } = store.health().actors.counters!.mailbox
  expect([other, resolved + overloaded, depth]).toEqual([0, SENDS, 0])
  expect(resolved).toBeGreaterThanOrEqual(MAILBOX + WAITERS)
  expect(counts).toEqual({ sent: SENDS + 1, handled: resolved + 1, refused: overloaded, expired: 0, aborted: 0, crashed: 0 })
  expect(heapUsed() - beforeBytes).toBeLessThan(HEAP_GROWTH_MAX)
})

test('the waiters are the store’s: several buckets flooded at once share them, and each keeps its own account', async () => {
  const names = ['a', 'b', 'c']
  const store = await Store.start({
    buckets: Object.fromEntries(names.map(name => [name, { key: 'id', schema }])),
    mailbox: { max: 1000, waitersMax: 2000 },
    callTimeoutMs: 120_000,
  })
  onTestFinished(() => store.stop())
  const answers = flood(90_000, at => store.bucket(names[at % 3]!).count())
  const depths = names.map(name => store.health().actors[name]!.mailbox.depth)
  expect(depths.reduce((sum, depth) => sum + depth)).toBe(3 * 1000 + 2000)
  const { resolved, overloaded, other } = await answers
  const counts = names.map(name => store.health().actors[name]!.mailbox.counts)
  expect([resolved + overloaded, other]).toEqual([90_000, 0])
  expect(counts.map(({ sent }) => sent)).toEqual([30_000, 30_000, 30_000])
  expect(counts.map(({ handled, refused }) => handled + refused)).toEqual([30_000, 30_000, 30_000])
  expect(counts.reduce((sum, { handled }) => sum + handled, 0)).toBe(resolved)
  expect(await flood(3000, at => store.bucket(names[at % 3]!).count())).toEqual({ resolved: 3000, overloaded: 0, other: 0 })
})

test('a flood of every kind of ending, crashes included, is answered and accounted for to the last call (seed 31)', async () => {
  const random = seededRandom(31)
  const store = await Store.start({
    buckets: { counters: { key: 'id', schema } },
    mailbox: { max: 500, waitersMax: 1000 },
    supervision: { restartsMax: 1e9, backoffMinMs: 0, backoffMaxMs: 0 },
    onError: () => undefined,
  })
  onTestFinished(() => store.stop())
  const { counters } = store.buckets
  const controller = new AbortController()
  const codes = new Map<string, number>()
  const calls: Promise<unknown>[] = []
  for (let at = 0; at < 60_000; at++) {
    const options = random() < 0.1 ? { signal: controller.signal } : random() < 0.1 ? { timeoutMs: 1 } : {}
    const call = counters.insert({ id: Math.floor(random() * 2000) }, options)
    calls.push(
      call
        .then(
          () => 'done',
          error => error.code,
        )
        .then(code => codes.set(code, (codes.get(code) ?? 0) + 1)),
    )
    if (random() < 0.001) crash(store, 'counters', new Error('by chance'), { at: 'apply' })
    if (at === 30_000) controller.abort()
    if (random() < 0.002) await new Promise(resolve => setImmediate(resolve))
  }
  await Promise.all(calls)
  const { counts, depth } = store.health().actors.counters!.mailbox
  const { sent, handled, refused, expired, aborted, crashed } = counts
  expect([depth, sent, handled + refused + expired + aborted + crashed]).toEqual([0, 60_000, 60_000])
  const of = (...wanted: string[]): number => wanted.reduce((sum, code) => sum + (codes.get(code) ?? 0), 0)
  expect([handled, crashed, aborted, expired, refused]).toEqual([
    of('done'),
    of('ACTOR_CRASHED'),
    of('ABORTED'),
    of('DEADLINE'),
    of('DUPLICATE_KEY', 'OVERLOADED', 'UNAVAILABLE'),
  ])
  for (const kind of [handled, crashed, aborted, refused]) expect(kind).toBeGreaterThan(0)
})
