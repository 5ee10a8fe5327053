import { EventEmitter } from 'node:events'
import { Store } from 'repertory'
import { afterEach, expect, test } from 'vitest'
import { bridgeStoreToRules } from './rules.js'

const faults: unknown[] = []

async function openShop() {
  const schema = { id: { type: 'string', required: true }, state: { type: 'string' } } as const
  const store = await Store.start({
    buckets: { orders: { key: 'id', schema }, users: { key: 'id', schema } },
    onError: error => faults.push(error),
  })
  return store
}

afterEach(() => {
  faults.length = 0
})

test('every record event reaches a real emitter under its own topic, in commit order', async () => {
  const store = await openShop()
  const engine = new EventEmitter()
  const heard: unknown[] = []
  for (const type of ['inserted', 'updated', 'deleted'])
    engine.on(`bucket.orders.${type}`, event => heard.push([event.type, event.key, event.seq]))
  await bridgeStoreToRules(store, engine)
  await store.buckets.orders.insert({ id: 'o1', state: 'open' })
  await store.buckets.orders.update('o1', { state: 'paid' })
  await store.buckets.orders.delete('o1')
  await store.settle()
  expect(heard).toEqual([
    ['inserted', 'o1', 1],
    ['updated', 'o1', 2],
    ['deleted', 'o1', 3],
  ])
  await store.stop()
})

test('filter, mapTopic and mapData decide what the receiver sees', async () => {
  const store = await openShop()
  const heard: unknown[] = []
  const receiver = { emit: (topic: string, data: string) => heard.push([topic, data]) }
  await bridgeStoreToRules(store, receiver, {
    filter: event => event.bucket === 'orders',
    mapTopic: event => `order:${event.type}`,
    mapData: event => String(event.key),
  })
  await store.buckets.users.insert({ id: 'u1' })
  await store.buckets.orders.insert({ id: 'o1' })
  await store.settle()
  expect(heard).toEqual([['order:inserted', 'o1']])
  await store.stop()
})

test('a receiver that throws or rejects disturbs neither the store nor the next event', async () => {
  const store = await openShop()
  const heard: string[] = []
  await bridgeStoreToRules(store, {
    emit: (_topic, event) => {
      heard.push(String(event.key))
      if (event.key === 'o1') throw new Error('thrown')
      return event.key === 'o2' ? Promise.reject(new Error('rejected')) : undefined
    },
  })
  for (const id of ['o1', 'o2', 'o3']) await store.buckets.orders.insert({ id })
  await store.settle()
  expect(heard).toEqual(['o1', 'o2', 'o3'])
  expect(await store.buckets.orders.count()).toBe(3)
  expect(faults.map(String)).toEqual(['Error: thrown', 'Error: rejected'])
  await store.stop()
})

test('after the teardown nothing is forwarded, not even what was committed before it and not delivered yet', async () => {
  const store = await openShop()
  const heard: unknown[] = []
  const unbridge = await bridgeStoreToRules(store, { emit: topic => heard.push(topic) })
  const insert = store.buckets.orders.insert({ id: 'o1' })
  const off = unbridge()
  await Promise.all([insert, off, unbridge()])
  await store.buckets.orders.insert({ id: 'o2' })
  await store.settle()
  expect(heard).toEqual([])
  await store.stop()
})
