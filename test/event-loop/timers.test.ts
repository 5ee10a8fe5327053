import { Store } from 'repertory'
import { expect, onTestFinished, test } from 'vitest'

const AWAITED = process.env.REPERTORY_SOAK === undefined ? 400_000 : 1_000_000
const QUEUED = 100_000

/** Far above what is promised (20 ms, measured in `bench`): a busy machine must not fail a test. A starved timer waits for seconds. */
const LATE_MS_MAX = 400

const schema = { id: { type: 'number', required: true }, n: { type: 'number' } } as const

async function openShop(mailboxMax = 10_000) {
  const store = await Store.start({ buckets: { rows: { key: 'id', schema } }, mailbox: { max: mailboxMax }, callTimeoutMs: 120_000 })
  onTestFinished(() => store.stop())
  await store.buckets.rows.insert({ id: 1, n: 0 })
  return store
}

/** Macrotasks passed and the longest wait between two, until stopped. */
function watchLoop(): { readonly stop: () => { readonly macrotasks: number; readonly longestMs: number } } {
  let [macrotasks, longestMs, isStopped] = [0, 0, false]
  let last = performance.now()
  const look = (): void => {
    const now = performance.now()
    longestMs = Math.max(longestMs, now - last)
    last = now
    macrotasks++
    if (!isStopped) setImmediate(look)
  }
  setImmediate(look)
  return {
    stop: () => {
      isStopped = true
      return { macrotasks, longestMs }
    },
  }
}

function lateness(): Promise<number> {
  const armed = performance.now()
  return new Promise(resolve => setTimeout(() => resolve(performance.now() - armed), 0))
}

test.each(['get', 'update', 'insert'] as const)(`${AWAITED} awaited calls of %s give the event loop its turn all the time`, async verb => {
  const { rows } = (await openShop()).buckets
  const call = {
    get: () => rows.get(1),
    update: (at: number) => rows.update(1, { n: at }),
    insert: (at: number) => rows.insert({ id: at + 2 }),
  }[verb]
  const calls = verb === 'get' ? AWAITED : AWAITED / 4
  const loop = watchLoop()
  const late = lateness()
  const start = performance.now()
  for (let at = 0; at < calls; at++) await call(at)
  const tookMs = performance.now() - start
  const { macrotasks, longestMs } = loop.stop()
  expect(longestMs).toBeLessThan(LATE_MS_MAX)
  expect(await late).toBeLessThan(LATE_MS_MAX)
  expect(macrotasks).toBeGreaterThan(tookMs / 100)
})

test(`a timer armed behind ${QUEUED} calls that nobody awaits fires long before they are answered`, async () => {
  const { rows } = (await openShop(QUEUED)).buckets
  let answered = 0
  const calls = Array.from({ length: QUEUED }, () => rows.where({ n: 0 }).then(() => answered++))
  const loop = watchLoop()
  const late = await lateness()
  const answeredThen = answered
  await Promise.all(calls)
  expect(late).toBeLessThan(LATE_MS_MAX)
  expect(answeredThen).toBeLessThan(QUEUED)
  expect(loop.stop().macrotasks).toBeGreaterThan(5)
})

test('many buckets share one budget: a timer does not wait for each of them', async () => {
  const names = Array.from({ length: 200 }, (_, at) => `b${at}`)
  const store = await Store.start({ buckets: Object.fromEntries(names.map(name => [name, { key: 'id', schema }])), callTimeoutMs: 120_000 })
  onTestFinished(() => store.stop())
  const calls = names.flatMap(name => Array.from({ length: 300 }, (_, id) => store.bucket(name).insert({ id })))
  const loop = watchLoop()
  expect(await lateness()).toBeLessThan(LATE_MS_MAX)
  await Promise.all(calls)
  expect(loop.stop().longestMs).toBeLessThan(LATE_MS_MAX)
})

test('handlers that always commit again, and slow ones, leave the event loop alive', async () => {
  const store = await openShop()
  const { rows } = store.buckets
  let isOver = false
  let told = 0
  await store.on('bucket.rows.updated', () => {
    told++
    const until = performance.now() + 0.5
    while (performance.now() < until);
    if (!isOver) void rows.update(1, { n: told })
  })
  const loop = watchLoop()
  await rows.update(1, { n: -1 })
  for (let round = 0; round < 10; round++) expect(await lateness()).toBeLessThan(LATE_MS_MAX)
  isOver = true
  expect(told).toBeGreaterThan(10)
  expect(loop.stop().longestMs).toBeLessThan(LATE_MS_MAX)
})

test('a function query that is touched by every call leaves the event loop alive', async () => {
  const store = await openShop()
  store.defineQuery('sum', ctx => ctx.bucket('rows').count())
  await store.subscribe('sum', () => undefined)
  const loop = watchLoop()
  for (let at = 0; at < 30_000; at++) await store.buckets.rows.update(1, { n: at })
  expect(loop.stop().longestMs).toBeLessThan(LATE_MS_MAX)
})
