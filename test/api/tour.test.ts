/**
 * The product as its users write it: the blocks of the tour that this release offers, with the types a user gets, on memory and on SQLite.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memory } from '@repertory/persistence/memory'
import { sqlite } from '@repertory/persistence/sqlite'
import { type Backend, type BucketHandle, from, type RecordEvent, Store } from 'repertory'
import { describe, expect, expectTypeOf, onTestFinished, test } from 'vitest'
import { z } from 'zod'

const BACKENDS: Readonly<Record<string, () => Backend>> = {
  memory: () => memory(),
  sqlite: () => {
    const folder = mkdtempSync(join(tmpdir(), 'repertory-tour-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    return sqlite({ path: join(folder, 'data', 'shop.db') })
  },
}

function startShop(backend: Backend) {
  return Store.start({
    name: 'shop',
    persistence: { backend },
    buckets: {
      users: {
        key: 'id',
        schema: z.object({ id: z.string(), name: z.string().min(1), email: z.email(), role: z.enum(['admin', 'user']).default('user') }),
        indexes: ['role', { fields: ['email'], unique: true }],
      },
    },
  })
}

const ORDERS = {
  key: 'id',
  schema: {
    id: { type: 'number', generated: 'autoincrement' },
    userId: { type: 'string', required: true, ref: 'users' },
    total: { type: 'number', required: true, min: 0 },
    state: { type: 'string', enum: ['open', 'paid', 'shipped'], default: 'open' },
    at: { type: 'date', generated: 'timestamp' },
  },
  indexes: ['userId', 'state', { fields: ['state', 'at'], sorted: true }],
} as const

type Orders = BucketHandle<typeof ORDERS>

async function fill(store: Awaited<ReturnType<typeof startShop>>): Promise<Orders> {
  const orders = await store.defineBucket('orders', ORDERS)
  await store.buckets.users.insert({ id: 'u1', name: 'Alice', email: 'alice@example.com' })
  await orders.insert({ userId: 'u1', total: 99.5 })
  return orders
}

describe.each(Object.entries(BACKENDS))('on %s', (_, makeBackend) => {
  test('embed in a service', async () => {
    const backend = makeBackend()
    {
      await using store = await startShop(backend)
      const orders = await store.defineBucket('orders', ORDERS)

      const alice = await store.buckets.users.insert({ id: 'u1', name: 'Alice', email: 'alice@example.com' })
      expectTypeOf(alice.role).toEqualTypeOf<'admin' | 'user'>()
      expect(alice).toMatchObject({ id: 'u1', role: 'user', _version: 1 })

      const order = await orders.insert({ userId: 'u1', total: 99.5 })
      expectTypeOf(order.id).toEqualTypeOf<number>()
      expectTypeOf(order.state).toEqualTypeOf<'open' | 'paid' | 'shipped' | null | undefined>()
      expect(order).toMatchObject({ id: 1, state: 'open', at: expect.any(Number) })

      const events: RecordEvent[] = []
      await store.on('bucket.orders.updated', event => events.push(event))
      await orders.update(1, { state: 'paid' }, { expect: 1, by: 'u1', reason: 'card' })
      await store.settle()
      expect(events).toMatchObject([{ type: 'updated', by: 'u1', reason: 'card', newRecord: { state: 'paid', _version: 2 } }])
      await expect(orders.update(1, { state: 'paid' }, { expect: 1 })).rejects.toMatchObject({ code: 'CONFLICT', actual: 2 })

      expect(await orders.where({ state: 'paid', total: { $gte: 50 } })).toMatchObject([{ id: 1 }])
      const rows = await store.query(from('orders').where({ userId: 'u1' }).orderBy('at', 'desc').limit(20))
      expect(rows).toMatchObject([{ id: 1, total: 99.5 }])
      const admins = await store.query(from('users').where({ role: 'user' }))
      expectTypeOf(admins[0]!.email).toEqualTypeOf<string>()
    }
    await using store = await startShop(backend)
    const orders = await store.defineBucket('orders', ORDERS)
    expect([await store.buckets.users.get('u1'), await orders.get(1)]).toMatchObject([{ name: 'Alice' }, { state: 'paid', _version: 2 }])
  })

  test('the compiler knows the schema', async () => {
    await using store = await startShop(makeBackend())
    const orders = await fill(store)
    // @ts-expect-error a field that the schema does not have is misspelt
    await expect(store.buckets.users.insert({ id: 'u2', nmae: 'Bob', email: 'bob@example.com' })).rejects.toMatchObject({
      code: 'VALIDATION',
    })
    // @ts-expect-error a required field is missing
    await expect(orders.insert({ userId: 'u1' })).rejects.toMatchObject({ issues: [{ field: 'total', code: 'required' }] })
    // @ts-expect-error a value that the enum does not have
    await expect(orders.update(1, { state: 'lost' })).rejects.toMatchObject({ issues: [{ field: 'state', code: 'enum' }] })
    // @ts-expect-error a key of the wrong type is simply not there
    expect(await orders.get('1')).toBe(undefined)
    await store.bucket('orders').insert({ userId: 'u1', total: 1, anything: ['goes', 'untyped'] })
    expect((await store.bucket('orders').get(2))?.anything).toEqual(['goes', 'untyped'])
  })

  test('function queries', async () => {
    await using store = await startShop(makeBackend())
    const orders = await fill(store)
    store.defineQuery('user-orders', async (ctx, { userId }: { userId: string }) => {
      const user = await ctx.bucket('users').get(userId)
      return user && { user, orders: await ctx.bucket('orders').where({ userId }) }
    })
    const shown: unknown[] = []
    const stop = await store.subscribe('user-orders', { userId: 'u1' }, result => shown.push(result), { initial: true })
    await orders.insert({ userId: 'u1', total: 5 })
    await store.settle()
    await orders.insert({ userId: 'somebody else', total: 5 })
    await store.settle()
    expect(shown).toMatchObject([{ orders: [{ id: 1 }] }, { user: { name: 'Alice' }, orders: [{ id: 1 }, { id: 2 }] }])
    await stop()
    await orders.clear()
    await store.settle()
    expect(shown.length).toBe(2)
    expect(await store.runQuery('user-orders', { userId: 'u1' })).toMatchObject({ orders: [] })
    expect(await store.runQuery('user-orders', { userId: 'nobody' })).toBe(undefined)
  })

  test('events', async () => {
    await using store = await startShop(makeBackend())
    const orders = await store.defineBucket('orders', ORDERS)
    const log: unknown[] = []
    const unsub = await store.on('bucket.orders.*', (event, topic) => log.push([topic, event.key, event.cause, event.by]))
    await orders.insert({ userId: 'u1', total: 1 }, { by: 'u1' })
    await orders.delete(1)
    await store.settle()
    await unsub()
    await orders.insert({ userId: 'u1', total: 1 })
    await store.settle()
    expect(log).toEqual([
      ['bucket.orders.inserted', 1, 'write', 'u1'],
      ['bucket.orders.deleted', 1, 'write', undefined],
    ])
  })

  test('durability, as far as flush', async () => {
    const backend = makeBackend()
    await using store = await startShop(backend)
    await fill(store)
    await store.flush()
    expect(store.health().backends.main).toMatchObject({ state: 'clean', savedSeq: 2, lagCommits: 0 })
  })
})

test('calls made by a zod refinement, on its own bucket and on another, are queued behind the call that runs', async () => {
  await using store = await Store.start({
    buckets: { notes: { key: 'id', schema: { id: { type: 'number', generated: 'autoincrement' } } } },
  })
  const seen: string[] = []
  const inner: Promise<unknown>[] = []
  const schema = z.object({ id: z.string() }).refine(({ id }) => {
    if (id !== 'outer') return true
    inner.push(
      store
        .bucket('users')
        .get('outer')
        .then(found => seen.push(`get ${found !== undefined}`)),
      store
        .bucket('users')
        .insert({ id: 'inner' })
        .then(() => seen.push('inner inserted')),
      store.buckets.notes.insert({}).then(() => seen.push('note inserted')),
    )
    seen.push('refined')
    return true
  })
  const users = await store.defineBucket('users', { key: 'id', schema })
  await users.insert({ id: 'outer' }).then(() => seen.push('outer inserted'))
  await Promise.all(inner)
  expect(seen.slice(0, 2)).toEqual(['refined', 'outer inserted'])
  expect(seen.slice(2).sort()).toEqual(['get true', 'inner inserted', 'note inserted'])
  expect((await users.all()).map(({ id }) => id)).toEqual(['outer', 'inner'])
})
