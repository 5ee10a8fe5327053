import { expect, it } from 'vitest'
import { Store } from './store.js'
import { crash } from './testing.js'
import { createVirtualClock } from './virtual-clock.js'

it('a subscription whose run met a resting bucket catches up by itself, without a further commit', async () => {
  const clock = createVirtualClock()
  const buckets = { users: { key: 'id', schema: { id: { type: 'string', required: true } } } } as const
  const supervision = { restartsMax: 0, backoffMinMs: 5000 }
  const store = await Store.start({ buckets, clock, random: () => 0.5, supervision, onError: () => undefined })
  store.defineQuery('count', context => context.bucket('users').count())
  const results: unknown[] = []
  const failures: unknown[] = []
  await store.subscribe('count', n => results.push(n), { onError: error => failures.push(error) })
  const inserted = store.buckets.users.insert({ id: 'u1' })
  crash(store, 'users')
  await inserted
  await clock.advance(2000)
  expect(results).toEqual([])
  expect(failures.length).toBeGreaterThan(0)
  await clock.advance(10_000)
  expect(results).toEqual([1])
  await store.stop()
})
