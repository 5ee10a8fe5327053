/**
 * A failing save is retried for ever, shows in `health()`, and ends with everything saved. Under virtual time.
 */

import { memory } from '@repertory/persistence/memory'
import { type StatusChange, Store, UnavailableError } from 'repertory'
import { createVirtualClock } from 'repertory/testing'
import { expect, test } from 'vitest'
import { brokenBackend } from './broken-backend.harness.js'

const schema = { id: { type: 'string', required: true } } as const
const buckets = { users: { key: 'id', schema }, orders: { key: 'id', schema } } as const

async function openShop() {
  const place = memory()
  const backend = brokenBackend(place)
  const clock = createVirtualClock()
  const failures: unknown[] = []
  const store = await Store.start({ buckets, clock, random: () => 0.5, persistence: { backend, onError: error => failures.push(error) } })
  return { place, backend, clock, failures, store }
}

test('while saves fail the store serves, is degraded and says since when and how far behind', async () => {
  const { backend, clock, failures, store } = await openShop()
  const moves: string[] = []
  store.watch((change: StatusChange) => moves.push(`${change.name} ${change.state}`))
  backend.broken.save = new Error('the disk is full')
  await store.buckets.users.insert({ id: 'u1' })
  await store.buckets.orders.insert({ id: 'o1' })
  await clock.advance(150)
  const { store: state, backends } = store.health()
  expect(state).toBe('degraded')
  expect(backends.main).toMatchObject({ state: 'retrying', savedSeq: 0, lagCommits: 2, failingSince: expect.any(Number) })
  expect(String(backends.main?.lastError)).toMatch(/disk is full/)
  expect(failures.length).toBe(1)
  expect(moves).toContain('main retrying')
  await expect(store.flush()).rejects.toThrow(/disk is full/)
  expect(await store.buckets.users.count()).toBe(1)

  const before = backend.written.attempts
  await clock.advance(60_000)
  expect(backend.written.attempts).toBeGreaterThanOrEqual(before + 3)
  backend.broken.save = undefined as never
  await clock.advance(66_000)
  expect(store.health()).toMatchObject({ store: 'ready', backends: { main: { savedSeq: 2, lagCommits: 0, failingSince: undefined } } })
  await store.stop()
})

test('what was committed while saves failed is all there after a restart', async () => {
  const { place, backend, clock, store } = await openShop()
  backend.broken.save = new Error('away')
  for (let n = 0; n < 50; n++) {
    await store.buckets.users.insert({ id: `u${n}` })
    await store.buckets.orders.insert({ id: `o${n}` })
    if (n % 10 === 5) await clock.advance(700)
    if (n % 3 === 0) await store.buckets.users.delete(`u${n}`)
  }
  backend.broken.save = undefined as never
  await store.stop()
  const again = await Store.start({ buckets, persistence: { backend: place } })
  expect(await again.buckets.orders.count()).toBe(50)
  expect((await again.buckets.users.all()).map(({ id }) => id)).toEqual(
    Array.from({ length: 50 }, (_, n) => n).flatMap(n => (n % 3 === 0 ? [] : [`u${n}`])),
  )
  await again.stop()
})

test('stopping a store whose backend fails says how many commits are lost with it', async () => {
  const { backend, store } = await openShop()
  backend.broken.save = new Error('away')
  await store.buckets.users.insert({ id: 'u1' })
  await store.buckets.users.insert({ id: 'u2' })
  const refusal = await store.stop().catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(UnavailableError)
  expect(refusal).toMatchObject({ unflushed: 2 })
  await expect(store.stop()).rejects.toBe(refusal)
})
