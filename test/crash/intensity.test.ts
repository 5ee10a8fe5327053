/**
 * Past the intensity a bucket rests: it answers UnavailableError at once, tries again after the back-off, and the rest serves.
 */

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Store, UnavailableError } from 'repertory'
import { crash, createVirtualClock } from 'repertory/testing'
import { expect, test } from 'vitest'

const schema = { id: { type: 'string', required: true } } as const
const buckets = { users: { key: 'id', schema }, orders: { key: 'id', schema } } as const

async function openShop() {
  const clock = createVirtualClock()
  const store = await Store.start({ buckets, clock, random: () => 0.5, onError: () => undefined })
  return { clock, store }
}

/** Crashes, and lets each back-off pass, until the circuit opens. */
async function exhaust({ clock, store }: Awaited<ReturnType<typeof openShop>>): Promise<void> {
  for (let crashes = 0; crashes < 4; crashes++) {
    crash(store, 'users')
    if (crashes < 3) await clock.advance(crashes === 0 ? 0 : 250)
  }
}

test('past the intensity calls are refused at once, and after the back-off the bucket serves again with everything it held', async () => {
  const shop = await openShop()
  const { clock, store } = shop
  await store.buckets.users.insert({ id: 'u1' })
  await exhaust(shop)
  expect(store.health()).toMatchObject({ store: 'degraded', actors: { users: { state: 'open' }, orders: { state: 'serving' } } })
  const refusal = await store.buckets.users.get('u1').catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(UnavailableError)
  expect((refusal as Error).message).toMatch(/tries again in \d+ ms/)
  await store.buckets.orders.insert({ id: 'o1' })

  await clock.advance(1000)
  expect(store.health().actors.users?.state).toBe('probing')
  expect(await store.buckets.users.get('u1')).toMatchObject({ id: 'u1' })
  await clock.advance(6000)
  expect(store.health()).toMatchObject({ store: 'ready', actors: { users: { state: 'serving' } } })
  await store.stop()
})

test('who waits when the circuit opens is answered at once, exactly once', async () => {
  const shop = await openShop()
  const { clock, store } = shop
  for (let crashes = 0; crashes < 3; crashes++) {
    crash(store, 'users')
    if (crashes === 1) await clock.advance(250)
  }
  let answers = 0
  const waiting = store.buckets.users.count().then(
    () => answers++,
    () => answers++,
  )
  expect(store.health().actors.users?.state).toBe('waiting')
  await clock.advance(250)
  crash(store, 'users')
  await waiting
  expect(answers).toBe(1)
  await store.stop()
})

test('a hundred crashes in a second end no process: it goes on to exit by itself with what it held', async () => {
  const fixture = fileURLToPath(new URL('./hundred-crashes.fixture.mjs', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [fixture])
  expect(JSON.parse(stdout)).toMatchObject({ crashes: 100, orders: 1, usersRefused: true, usersLater: 1 })
})
