import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memory } from '@repertory/persistence/memory'
import { sqlite } from '@repertory/persistence/sqlite'
import { type Backend, type RecordEvent, Store } from 'repertory'
import { crash, createVirtualClock, seededRandom, type VirtualClock } from 'repertory/testing'
import { afterAll, describe, expect, test } from 'vitest'
import { type Account, BUCKETS, drawCall, make, NaiveAccounts, type Shop, textOf } from './accounts.harness.js'

const SEEDS = process.env.REPERTORY_SOAK === undefined ? [1] : Array.from({ length: 25 }, (_, at) => at + 1)
const MESSAGES = 1000

const folder = mkdtempSync(join(tmpdir(), 'repertory-crash-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A backend that survives the store: the same memory, or the same file. */
const PLACES: Readonly<Record<string, () => (() => Backend) | undefined>> = {
  none: () => undefined,
  memory: () => {
    const place = memory()
    return () => place
  },
  sqlite: () => {
    const path = join(mkdtempSync(join(folder, 'db-')), 'store.db')
    return () => sqlite({ path })
  },
}

function open(clock: VirtualClock, place: (() => Backend) | undefined): Promise<Shop> {
  return Store.start({
    buckets: BUCKETS,
    clock,
    callTimeoutMs: 600_000,
    supervision: { restartsMax: 1e9, backoffMinMs: 1, backoffMaxMs: 1 },
    persistence: place === undefined ? undefined : { backend: place() },
    logger: { warn: () => undefined },
  })
}

/** What a subscriber has seen, as a bucket of its own. */
async function mirror(store: Shop): Promise<() => string> {
  const held = new Map<unknown, object>()
  let last = 0
  await store.on('bucket.accounts.*', (event: RecordEvent) => {
    if (event.seq < last) throw new Error(`commit ${event.seq} after ${last}`)
    last = event.seq
    if (event.type === 'deleted' ? !held.has(event.key) : event.type === 'inserted' && held.has(event.key)) throw new Error('told twice')
    if (event.type === 'deleted') held.delete(event.key)
    else held.set(event.key, event.type === 'inserted' ? event.record : event.newRecord)
  })
  return () => textOf([...held.values()])
}

async function run(seed: number, at: 'now' | 'check' | 'apply', place: (() => Backend) | undefined): Promise<void> {
  const random = seededRandom(seed)
  const clock = createVirtualClock()
  const store = await open(clock, place)
  const model = new NaiveAccounts()
  const seen = await mirror(store)
  let runs = 0
  store.defineQuery('all', ctx => {
    runs++
    return ctx.bucket('accounts').all()
  })
  let result: readonly object[] = []
  await store.subscribe<readonly object[]>('all', rows => {
    result = rows
  })
  let sent = 0
  for (let message = 0; message < MESSAGES; message++) {
    const answers: Promise<string>[] = []
    const expected: string[] = []
    const send = (): void => {
      const call = drawCall(random)
      expected.push(`${JSON.stringify(call)} ${model.judge(call)}`)
      answers.push(
        make(store, call, random() < 0.5 ? { signal: new AbortController().signal } : {}).then(
          answer => `${JSON.stringify(call)} ${answer}`,
        ),
      )
      sent++
    }
    if (at !== 'now' && !model.isArmed) model.arm(store, at)
    for (let before = Math.floor(random() * 3); before > 0; before--) send()
    if (at === 'now') crash(store, 'accounts')
    for (let after = 1 + Math.floor(random() * 3); after > 0; after--) send()
    const other = store.buckets.others.insert({ n: message })
    await clock.advance(3)
    expect(await Promise.all(answers)).toEqual(expected)
    await other
  }
  await store.settle()
  const { counts, depth } = store.health().actors.accounts!.mailbox
  expect([depth, counts.sent, counts.expired + counts.aborted]).toEqual([0, sent + runs, 0])
  expect(store.deadLetters.length).toBe(Math.min(1000, counts.crashed))
  if (at === 'now') expect([counts.crashed, store.health().actors.accounts!.restarts]).toEqual([0, MESSAGES])
  else expect(counts.crashed).toBeGreaterThan(MESSAGES / 4)
  expect([textOf(await store.buckets.accounts.all()), seen(), textOf(result)]).toEqual([
    model.text,
    sameRows(seen(), model.text),
    model.text,
  ])
  await expectWhole(store, model, MESSAGES)
  await store.stop()
  if (place === undefined) return
  const again = await open(clock, place)
  await expectWhole(again, model, MESSAGES)
  await again.stop()
}

/** The mirror has the order of events, which is that of the bucket but for records that were deleted and inserted in one commit. */
function sameRows(text: string, other: string): string {
  return text.split(' ').sort().join() === other.split(' ').sort().join() ? text : `not ${other}`
}

async function expectWhole(store: Shop, model: NaiveAccounts, others: number): Promise<void> {
  const { accounts } = store.buckets
  const rows = await accounts.all()
  expect(textOf(rows)).toBe(model.text)
  for (const age of [0, 1, 2, 3]) expect(textOf(await accounts.where({ age }))).toBe(textOf(rows.filter(row => row.age === age)))
  for (const { email } of rows as readonly Account[]) if (email) expect((await accounts.where({ email })).length).toBe(1)
  const numbers = (await store.buckets.others.all()).map(({ id, n }) => `${id}:${n}`)
  expect(numbers).toEqual(Array.from({ length: others }, (_, n) => `${n + 1}:${n}`))
}

describe.each(Object.keys(PLACES))('with backend %s', name => {
  describe.each(['now', 'check', 'apply'] as const)('killed at "%s"', at => {
    test.each(SEEDS)(
      `at each message of a run of ${MESSAGES}: every caller has the answer of the model, subscribers see the same, others serve (seed %i)`,
      seed => run(seed, at, PLACES[name]!()),
    )
  })
})
