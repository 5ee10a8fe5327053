import { expect, it } from 'vitest'
import { actor, type Behaviour } from './runtime.js'
import { Store } from './store.js'
import { createVirtualClock } from './virtual-clock.js'

const schema = { id: { type: 'string', required: true } } as const
const buckets = { visits: { key: 'id', schema } } as const

it('an actor of the user lives beside the buckets, on the clock of the store, and restarts without disturbing them', async () => {
  const clock = createVirtualClock()
  const faults: unknown[] = []
  let visited = 0
  const store = await Store.start({ name: 'shop', buckets, clock, random: () => 0.5, onError: error => faults.push(error) })
  const counter: Behaviour<{ n: number }, 'visit' | 'fail', Promise<number>> = {
    init: () => ({ n: 0 }),
    handle: async (state, message) => {
      if (message === 'fail') throw new Error('by request')
      state.n++
      await store.buckets.visits.insert({ id: `v${++visited}` })
      return state.n
    },
  }
  const visits = await store.system.start('visits', actor(counter))
  expect(visits.path).toBe('shop/visits')
  expect(await visits.ask('visit')).toBe(1)
  await expect(visits.ask('fail')).rejects.toThrow(/crashed/)
  expect(await visits.ask('visit')).toBe(1)
  expect(await store.buckets.visits.count()).toBe(2)
  expect(store.health().actors.visits?.restarts).toBe(0)
  expect(faults.map(String)).toEqual(['Error: by request'])
  await store.stop()
})

it('actors of the user end before the buckets do, so what they write while they end is kept', async () => {
  const store = await Store.start({ buckets })
  const written: string[] = []
  const scribe: Behaviour<undefined, never, void> = {
    init: () => undefined,
    handle: () => undefined,
    stop: async () => {
      written.push((await store.buckets.visits.insert({ id: 'farewell' })).id)
    },
  }
  await store.system.start('scribe', actor(scribe))
  await store.stop()
  expect(written).toEqual(['farewell'])
  await expect(store.buckets.visits.count()).rejects.toMatchObject({ code: 'STOPPED' })
})
