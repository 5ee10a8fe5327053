import { from } from '@repertory/core'
import { describe, expect, it } from 'vitest'
import { deferred } from './fake-backend.harness.js'
import type { QueryContext } from './function-query.js'
import { codeOf, macrotask, NOTES, outcomeOf, rig, USERS } from './store.harness.js'

const shop = () => rig({ buckets: { users: USERS, notes: NOTES } })
const countUsers = (ctx: QueryContext): Promise<number> => ctx.bucket('users').count()

describe('defining and running', () => {
  it('takes any async function of reads and gives its parameters', async () => {
    const { store } = await shop()
    await store.buckets.users.insertMany([
      { id: 'a', age: 1 },
      { id: 'b', age: 2 },
    ])
    store.defineQuery('older', async (ctx, { than }: { than: number }) => {
      const rows = await ctx.bucket('users').where({ age: { $gt: than } })
      return { ids: rows.map(({ id }) => id) }
    })
    expect(await store.runQuery('older', { than: 1 })).toEqual({ ids: ['b'] })
    expect(await store.runQuery('older', { than: 0 })).toEqual({ ids: ['a', 'b'] })
  })

  it('takes one that returns a built query, also of no other reads, sync or async', async () => {
    const { store } = await shop()
    await store.buckets.users.insertMany([
      { id: 'a', age: 1 },
      { id: 'b', age: 2 },
    ])
    store.defineQuery('built', () => from('users').orderBy('age', 'desc').limit(1))
    store.defineQuery('built later', async (_, age: number) => from('users').where({ age }))
    expect(await store.runQuery('built')).toMatchObject([{ id: 'b' }])
    expect(await store.runQuery('built later', 1)).toMatchObject([{ id: 'a' }])
  })

  it('refuses a name twice, a name unknown, and what is no function', async () => {
    const { store } = await shop()
    store.defineQuery('n', countUsers)
    expect(() => store.defineQuery('n', countUsers)).toThrow(expect.objectContaining({ code: 'QUERY_ALREADY_DEFINED', query: 'n' }))
    await expect(store.runQuery('m')).rejects.toMatchObject({ code: 'QUERY_NOT_DEFINED', query: 'm' })
    await expect(store.subscribe('m', () => undefined)).rejects.toMatchObject({ code: 'QUERY_NOT_DEFINED' })
    expect(() => store.defineQuery('x', 7 as never)).toThrow(expect.objectContaining({ code: 'OPTION' }))
    expect(() => store.defineQuery('', countUsers)).toThrow(expect.objectContaining({ code: 'OPTION' }))
    await expect(store.subscribe('n', 7 as never)).rejects.toMatchObject({ code: 'OPTION', option: 'callback' })
    await expect(store.subscribe('n', () => undefined, { initail: true } as never)).rejects.toMatchObject({ option: 'initail' })
    expect(store.getStats().queries).toEqual({ defined: 1, activeSubscriptions: 0 })
  })

  it('a failure of the function is the caller’s', async () => {
    const { store, faults } = await shop()
    const failure = new Error('no')
    store.defineQuery('throws', () => {
      throw failure
    })
    store.defineQuery('missing', ctx => ctx.bucket('missing').all())
    await expect(store.runQuery('throws')).rejects.toBe(failure)
    await expect(store.subscribe('throws', () => undefined)).rejects.toBe(failure)
    await expect(store.runQuery('missing')).rejects.toMatchObject({ code: 'BUCKET_NOT_DEFINED' })
    expect([faults, store.getStats().queries.activeSubscriptions]).toEqual([[], 0])
  })
})

describe('subscribing', () => {
  it('awaits the first evaluation and does not call back for it, unless asked', async () => {
    const { store } = await shop()
    store.defineQuery('n', countUsers)
    const [silent, initial]: unknown[][] = [[], []]
    await store.subscribe<number>('n', result => silent!.push(result))
    await store.subscribe<number>('n', undefined, result => initial!.push(result), { initial: true })
    expect([silent, initial]).toEqual([[], [0]])
    await store.buckets.users.insert({ id: 'a' })
    await store.settle()
    expect([silent, initial]).toEqual([[1], [0, 1]])
  })

  it('calls back only when the result differs structurally; metadata counts, other buckets do not run it', async () => {
    const { store } = await shop()
    const { users, notes } = store.buckets
    await users.insertMany([
      { id: 'a', age: 1 },
      { id: 'b', age: 5 },
    ])
    let runs = 0
    store.defineQuery('adults', async ctx => {
      runs++
      return { rows: await ctx.bucket('users').where({ age: { $gte: 5 } }), at: new Date(0), nothing: Number.NaN }
    })
    const results: unknown[] = []
    await store.subscribe('adults', result => results.push(result))
    await notes.insert({ text: 'x' })
    await store.settle()
    expect([runs, results.length]).toEqual([1, 0])
    await users.update('a', { age: 2 })
    await store.settle()
    expect([runs, results.length]).toEqual([2, 0])
    await users.update('b', { age: 5 })
    await store.settle()
    expect([runs, results.length]).toEqual([3, 1])
    await users.delete('b')
    await store.settle()
    expect(results.at(-1)).toMatchObject({ rows: [] })
  })

  it('a change during the first evaluation is in the first result or in a later one', async () => {
    const { store } = await shop()
    const { users } = store.buckets
    const gate = deferred()
    store.defineQuery('slow', async ctx => {
      const before = await ctx.bucket('users').count()
      await gate.promise
      return before
    })
    const results: unknown[] = []
    const subscribed = store.subscribe('slow', result => results.push(result), { initial: true })
    await macrotask()
    await users.insert({ id: 'a' })
    await macrotask()
    gate.resolve()
    await subscribed
    await store.settle()
    expect(results).toEqual([0, 1])
  })

  it('so is the drop of a bucket that it had read by then', async () => {
    const { store } = await shop()
    await store.buckets.users.insert({ id: 'a' })
    const gate = deferred()
    store.defineQuery('slow', async ctx => {
      const known = await ctx.bucket('users').count()
      await gate.promise
      return known
    })
    const errors: unknown[] = []
    const subscribed = store.subscribe('slow', () => undefined, { onError: error => errors.push(codeOf(error)) })
    await macrotask()
    await store.dropBucket('users')
    gate.resolve()
    await subscribed
    await store.settle()
    expect(errors).toEqual(['BUCKET_NOT_DEFINED'])
  })
})

describe('order and bursts', () => {
  it('an older result never follows a newer one, however slow the runs are', async () => {
    const { store } = await shop()
    const { users } = store.buckets
    const gates = [deferred(), deferred(), deferred()]
    let run = 0
    store.defineQuery('slow', async ctx => {
      const count = await ctx.bucket('users').count()
      await gates[run++]?.promise
      return count
    })
    const results: unknown[] = []
    gates[0]!.resolve()
    await store.subscribe('slow', result => results.push(result))
    await users.insert({ id: 'a' })
    await macrotask()
    await users.insertMany([{ id: 'b' }, { id: 'c' }])
    await macrotask()
    gates[2]!.resolve()
    await macrotask()
    expect(results).toEqual([])
    gates[1]!.resolve()
    await store.settle()
    expect(results).toEqual([1, 3])
  })

  it('a burst of commits costs one run, and one more for what came during it', async () => {
    const { store } = await shop()
    let runs = 0
    const gates = [deferred(), deferred()]
    gates[0]!.resolve()
    store.defineQuery('n', async ctx => {
      await gates[runs++]?.promise
      return ctx.bucket('users').count()
    })
    const results: unknown[] = []
    await store.subscribe('n', result => results.push(result))
    for (let at = 0; at < 100; at++) void store.buckets.users.insert({ id: `a${at}` })
    await macrotask()
    expect(runs).toBe(2)
    for (let at = 0; at < 100; at++) void store.buckets.users.insert({ id: `b${at}` })
    await macrotask()
    gates[1]!.resolve()
    await store.settle()
    expect([runs, results]).toEqual([3, [200]])
  })

  it('settle waits for what was committed before the call, and not for what comes after', async () => {
    const { store } = await shop()
    const { users } = store.buckets
    const gates: ReturnType<typeof deferred>[] = []
    store.defineQuery('slow', async ctx => {
      const count = await ctx.bucket('users').count()
      const gate = deferred()
      gates.push(gate)
      await gate.promise
      return count
    })
    const results: unknown[] = []
    const subscribed = store.subscribe('slow', result => results.push(result))
    await macrotask()
    gates[0]!.resolve()
    await subscribed
    await users.insert({ id: 'a' })
    const settled = store.settle()
    await macrotask()
    expect(await outcomeOf(settled)).toBe('pending')
    await users.insert({ id: 'b' })
    gates[1]!.resolve()
    expect(await outcomeOf(settled)).toBe('resolved')
    expect(results).toEqual([1])
    await macrotask()
    expect(gates.length).toBe(3)
    gates[2]!.resolve()
    await store.settle()
    expect(results).toEqual([1, 2])
  })
})

describe('unsubscribing', () => {
  it('acts at once, may be called again and awaited, and ends a run under way', async () => {
    const { store } = await shop()
    const gate = deferred()
    let runs = 0
    store.defineQuery('n', async ctx => {
      const count = await ctx.bucket('users').count()
      if (runs++ > 0) await gate.promise
      return count
    })
    const results: unknown[] = []
    const off = await store.subscribe('n', result => results.push(result))
    await store.buckets.users.insert({ id: 'a' })
    await macrotask()
    void off()
    expect(store.getStats().queries.activeSubscriptions).toBe(0)
    await off()
    await off()
    gate.resolve()
    await store.buckets.users.insert({ id: 'b' })
    await store.settle()
    expect([runs, results]).toEqual([2, []])
  })

  it('leaves nothing behind: neither subscriptions nor dependencies nor what they hold', async () => {
    const { store } = await shop()
    store.defineQuery('n', countUsers)
    for (let round = 0; round < 200; round++) {
      const off = await store.subscribe('n', () => undefined)
      if (round % 2 === 0) void store.buckets.users.insert({ id: `u${round}` })
      await off()
    }
    await store.settle()
    let runs = 0
    store.defineQuery('counted', ctx => {
      runs++
      return countUsers(ctx)
    })
    const off = await store.subscribe('counted', () => undefined)
    await off()
    await store.buckets.users.insert({ id: 'z' })
    await store.settle()
    expect([runs, store.getStats().queries.activeSubscriptions]).toEqual([1, 0])
  })

  it('in the callback itself is heeded', async () => {
    const { store } = await shop()
    store.defineQuery('n', countUsers)
    const results: unknown[] = []
    const off = await store.subscribe('n', result => {
      results.push(result)
      void off()
    })
    await store.buckets.users.insert({ id: 'a' })
    await store.settle()
    await store.buckets.users.insert({ id: 'b' })
    await store.settle()
    expect(results).toEqual([1])
  })
})

describe('failures', () => {
  it('of callbacks, thrown or rejected, go to onError and disturb nobody', async () => {
    const { store, faults } = await shop()
    store.defineQuery('n', countUsers)
    const [own, results]: unknown[][] = [[], []]
    const boom = (): never => {
      throw new Error('thrown')
    }
    await store.subscribe('n', boom, { onError: error => own!.push((error as Error).message), initial: true })
    await store.subscribe('n', () => Promise.reject(new Error('rejected')), { onError: error => own!.push((error as Error).message) })
    await store.subscribe('n', boom)
    await store.subscribe('n', boom, { onError: boom })
    await store.subscribe('n', boom, { onError: () => Promise.reject(new Error('worse')) })
    await store.subscribe('n', result => results!.push(result))
    await store.buckets.users.insert({ id: 'a' })
    await store.buckets.users.insert({ id: 'b' })
    await store.settle()
    await macrotask()
    expect(own![0]).toBe('thrown')
    expect(new Set(own)).toEqual(new Set(['thrown', 'rejected']))
    expect(results!.at(-1)).toBe(2)
    expect(new Set(faults.map(({ source, error }) => `${source}: ${(error as Error).message}`))).toEqual(
      new Set(['query n: thrown', 'onError of query n: thrown', 'onError of query n: worse']),
    )
  })

  it('of a later run keep the subscription, which goes on with the next change, also when it failed before reading', async () => {
    const { store } = await shop()
    let isFailing = false
    store.defineQuery('n', async ctx => {
      if (isFailing) throw new Error('down')
      return ctx.bucket('users').count()
    })
    const [results, errors]: unknown[][] = [[], []]
    await store.subscribe('n', result => results!.push(result), { onError: error => errors!.push((error as Error).message) })
    isFailing = true
    await store.buckets.users.insert({ id: 'a' })
    await store.settle()
    isFailing = false
    await store.buckets.users.insert({ id: 'b' })
    await store.settle()
    expect([results, errors]).toEqual([[2], ['down']])
  })
})

describe('a bucket that is dropped and defined again', () => {
  it('makes the query fail, then gives its rows again', async () => {
    const { store } = await shop()
    store.defineQuery('all', ctx => ctx.bucket('users').all())
    store.defineQuery('built', () => from('users'))
    const [rows, errors]: unknown[][] = [[], []]
    for (const name of ['all', 'built']) {
      await store.subscribe<readonly unknown[]>(name, found => rows!.push(found.length), { onError: error => errors!.push(codeOf(error)) })
    }
    await store.buckets.users.insert({ id: 'a' })
    await store.settle()
    await store.dropBucket('users')
    await store.settle()
    expect(errors).toEqual(['BUCKET_NOT_DEFINED', 'BUCKET_NOT_DEFINED'])
    const again = await store.defineBucket('users', USERS)
    await again.insertMany([{ id: 'b' }, { id: 'c' }])
    await store.settle()
    expect(rows).toEqual([1, 1, 2, 2])
  })

  it('a query that begins to read another bucket follows that one, and no more the first', async () => {
    const { store } = await shop()
    let [source, runs] = ['users', 0]
    store.defineQuery('n', ctx => {
      runs++
      return ctx.bucket(source).count()
    })
    const results: unknown[] = []
    await store.subscribe('n', result => results.push(result))
    source = 'notes'
    await store.buckets.users.insert({ id: 'a' })
    await store.settle()
    await store.buckets.users.insert({ id: 'b' })
    await store.settle()
    expect(runs).toBe(2)
    await store.buckets.notes.insert({ text: 'x' })
    await store.settle()
    expect([runs, results]).toEqual([3, [1]])
  })
})

it('a query whose bucket rests is told, and catches up when it serves again', async () => {
  const { store, clock } = await rig({ buckets: { users: USERS }, callTimeoutMs: 60_000 })
  store.defineQuery('n', countUsers)
  const results: unknown[] = []
  await store.subscribe('n', result => results.push(result))
  const { crash } = await import('./testing.js')
  await store.buckets.users.insert({ id: 'a' })
  crash(store, 'users')
  crash(store, 'users')
  await macrotask()
  expect(results).toEqual([])
  await clock.advance(200)
  await store.settle()
  expect(results).toEqual([1])
})
