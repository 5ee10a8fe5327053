import { describe, expect, it } from 'vitest'
import { deferred, FakeBackend } from './fake-backend.harness.js'
import { codeOf, macrotask, NOTES, outcomeOf, rig, USERS } from './store.harness.js'
import { Store } from './store.js'
import { crash } from './testing.js'

const persisted = (backend = new FakeBackend(), options = {}) =>
  rig({ buckets: { users: USERS, notes: NOTES }, persistence: { backend }, ...options })

const failSaves = (backend: FakeBackend): void => {
  backend.before = call => {
    if (call.startsWith('save')) throw new Error('disk full')
  }
}

describe('stopping', () => {
  it('saves what is unsaved, then closes; twice is the same promise, also after the end and by `await using`', async () => {
    const backend = new FakeBackend()
    const { store } = await persisted(backend)
    await store.buckets.users.insert({ id: 'a' })
    const [first, second] = [store.stop(), store.stop()]
    expect(first).toBe(second)
    await first
    expect(store.stop()).toBe(first)
    expect(store[Symbol.asyncDispose]()).toBe(first)
    expect(backend.calls).toEqual(['open', 'save 1', 'close'])
    expect(backend.rows('users')).toEqual([{ id: 'a' }])
  })

  it('at the end of a block leaves nothing open', async () => {
    const backend = new FakeBackend()
    {
      await using store = await Store.start({ buckets: { users: USERS }, persistence: { backend } })
      await store.buckets.users.insert({ id: 'a' })
    }
    expect(backend.calls).toEqual(['open', 'save 1', 'close'])
  })

  it('a store that has nothing to save asks its backend for nothing', async () => {
    const backend = new FakeBackend()
    const { store } = await persisted(backend)
    await store.stop()
    expect(backend.calls).toEqual(['open', 'close'])
  })

  it('later verbs get StoppedError, every one of them', async () => {
    const { store } = await persisted()
    const { users } = store.buckets
    store.defineQuery('q', async () => 1)
    const stopped = store.stop()
    const attempts = (): Promise<unknown>[] => [
      users.insert({ id: 'a' }),
      users.insertMany([]),
      users.update('a', {}),
      users.delete('a'),
      users.clear(),
      users.get('a'),
      users.all(),
      users.count(),
      store.defineBucket('x', USERS),
      store.dropBucket('users'),
      store.flush(),
      store.on('*', () => undefined),
      store.subscribe('q', () => undefined),
      store.runQuery('q'),
    ]
    for (const when of ['at once', 'afterwards']) {
      const outcomes = await Promise.all(attempts().map(attempt => attempt.then(() => 'resolved', codeOf)))
      expect([when, ...outcomes]).toEqual([when, ...outcomes.map(() => 'STOPPED')])
      expect(() => store.bucket('users')).toThrow(expect.objectContaining({ code: 'STOPPED' }))
      expect(() => store.defineQuery('y', async () => 1)).toThrow(expect.objectContaining({ code: 'STOPPED' }))
      await stopped
    }
    await store.settle()
  })

  it('the last results reach subscribers and handlers, which are never told of the stopping as of a failure', async () => {
    const { store, faults } = await persisted()
    store.defineQuery('n', ctx => ctx.bucket('users').count())
    const [results, keys]: unknown[][] = [[], []]
    await store.subscribe('n', result => results!.push(result))
    await store.on('*', ({ key }) => keys!.push(key))
    void store.buckets.users.insert({ id: 'a' })
    void store.buckets.users.insert({ id: 'b' })
    await store.stop()
    expect([results, keys, faults]).toEqual([[2], ['a', 'b'], []])
    expect(store.getStats().queries.activeSubscriptions).toBe(0)
  })
})

describe('stopping with calls that wait', () => {
  it('answers them first, more than a mailbox holds, and saves what they did', async () => {
    const backend = new FakeBackend()
    const { store } = await persisted(backend, { mailbox: { max: 10, whenFull: 'wait' } })
    const { signal } = new AbortController()
    const calls = Array.from({ length: 200 }, (_, at) => store.buckets.users.insert({ id: `u${at}` }, { signal }))
    await store.stop()
    expect((await Promise.all(calls)).length).toBe(200)
    expect(backend.rows('users').length).toBe(200)
  })

  it('of a bucket with a full mailbox that refuses answers those that are in it', async () => {
    const { store } = await persisted(new FakeBackend(), { mailbox: { max: 10, whenFull: 'reject' } })
    const { signal } = new AbortController()
    const calls = Array.from({ length: 12 }, (_, at) => store.buckets.users.insert({ id: `u${at}` }, { signal }).then(() => 'done', codeOf))
    await store.stop()
    expect(await Promise.all(calls)).toEqual([...Array(10).fill('done'), 'OVERLOADED', 'OVERLOADED'])
  })

  it('of a bucket that is about to be restarted waits for it', async () => {
    const backend = new FakeBackend()
    const { store, clock } = await persisted(backend)
    crash(store, 'users')
    crash(store, 'users')
    const call = store.buckets.users.insert({ id: 'a' })
    const stopped = store.stop()
    await clock.advance(150)
    await stopped
    expect([await call, backend.rows('users')]).toEqual([expect.objectContaining({ id: 'a' }), [{ id: 'a' }]])
  })

  it('of a bucket that stays down gives up after half of the time, tells them, and saves the rest', async () => {
    const backend = new FakeBackend()
    const { store, clock } = await persisted(backend, {
      supervision: { backoffMinMs: 60_000, backoffMaxMs: 60_000 },
      callTimeoutMs: 60_000,
    })
    await store.buckets.notes.insert({ text: 'a' })
    crash(store, 'users')
    crash(store, 'users')
    const call = store.buckets.users.insert({ id: 'a' }).catch(codeOf)
    const stopped = store.stop()
    await clock.advance(2499)
    expect(await outcomeOf(call)).toBe('pending')
    await clock.advance(1)
    await stopped
    expect([await call, backend.rows('notes').length]).toEqual(['STOPPED', 1])
  })

  it('of a bucket that rests refuses none twice', async () => {
    const { store } = await persisted(new FakeBackend(), { supervision: { restartsMax: 0 } })
    crash(store, 'users')
    expect(store.health().actors.users!.state).toBe('open')
    await store.stop()
    expect(store.health().actors.users!.state).toBe('stopped')
  })
})

describe('stopping while something is under way', () => {
  it('a bucket being defined: its definition and its callers are told that the store stopped', async () => {
    const backend = new FakeBackend()
    const first = await persisted(backend)
    await first.store.buckets.users.insertMany(Array.from({ length: 500 }, (_, at) => ({ id: `u${at}` })))
    await first.store.stop()
    const { store, clock } = await rig({ persistence: { backend }, callTimeoutMs: 60_000 })
    const gate = deferred()
    backend.before = call => (call === 'load users 100' ? gate.promise : undefined)
    const defined = store.defineBucket('users', USERS).catch(codeOf)
    const call = store.bucket('users').count().catch(codeOf)
    await macrotask()
    const stopped = store.stop()
    await clock.advance(2500)
    gate.resolve()
    await stopped
    expect([await defined, await call, backend.writes]).toEqual(['STOPPED', 'STOPPED', 1])
  })

  it('a save: waits for it, saves what came after it, closes last', async () => {
    const backend = new FakeBackend()
    const { store, clock } = await persisted(backend)
    const gate = deferred()
    backend.before = call => (call === 'save 1' ? gate.promise : undefined)
    await store.buckets.users.insert({ id: 'a' })
    await clock.advance(100)
    await store.buckets.users.insert({ id: 'b' })
    const stopped = store.stop()
    await macrotask()
    expect(backend.calls).toEqual(['open', 'save 1'])
    gate.resolve()
    await stopped
    expect(backend.calls).toEqual(['open', 'save 1', 'save 2', 'close'])
  })

  it('a drop that keeps, with calls behind it: the drop is refused, the calls are answered and saved', async () => {
    const backend = new FakeBackend()
    const { store } = await persisted(backend)
    await store.buckets.users.insert({ id: 'a' })
    const gate = deferred()
    backend.before = call => (call === 'save 1' ? gate.promise : undefined)
    const dropped = store.dropBucket('users', { erase: false }).catch(codeOf)
    await macrotask()
    const call = store.buckets.users.insert({ id: 'b' })
    const stopped = store.stop()
    gate.resolve()
    await stopped
    expect([await dropped, await call, backend.rows('users')]).toEqual([
      'STOPPED',
      expect.objectContaining({ id: 'b' }),
      [{ id: 'a' }, { id: 'b' }],
    ])
  })

  it('a drop that keeps, while saves fail: it is told, and no stopped bucket comes back to life', async () => {
    const backend = new FakeBackend()
    const { store, clock } = await persisted(backend)
    await store.buckets.users.insert({ id: 'a' })
    const gate = deferred()
    backend.before = call => (call.startsWith('save') ? gate.promise : undefined)
    const dropped = store.dropBucket('users', { erase: false }).catch((error: unknown) => error)
    await macrotask()
    const stopped = store.stop().catch(codeOf)
    await clock.advance(10_000)
    gate.reject(new Error('disk full'))
    expect([await stopped, await dropped]).toEqual(['UNAVAILABLE', expect.any(Error)])
    expect(store.health().actors.users!.state).toBe('stopped')
  })

  it('a drop that keeps: the drop is told, and everything is saved', async () => {
    const backend = new FakeBackend()
    const { store } = await persisted(backend)
    await store.buckets.users.insert({ id: 'a' })
    const gate = deferred()
    backend.before = call => (call.startsWith('save') ? gate.promise : undefined)
    const dropped = store.dropBucket('users', { erase: false }).catch(codeOf)
    await macrotask()
    const stopped = store.stop()
    gate.resolve()
    await stopped
    expect([await dropped, backend.rows('users')]).toEqual(['STOPPED', [{ id: 'a' }]])
  })

  it('more deliveries than one macrotask takes: all are made', async () => {
    const { store } = await persisted()
    let count = 0
    await store.on('*', () => count++)
    void store.buckets.users.insertMany(Array.from({ length: 5000 }, (_, at) => ({ id: `u${at}` })))
    for (let at = 0; at < 2000; at++) void store.buckets.notes.insert({ text: 'x' })
    await store.stop()
    expect(count).toBe(7000)
  })
})

describe('stopping with a backend that fails', () => {
  it('rejects with how many commits are lost and why, and closes all the same', async () => {
    const backend = new FakeBackend()
    const { store } = await persisted(backend)
    await store.buckets.users.insert({ id: 'a' })
    await store.flush()
    await store.buckets.users.insert({ id: 'b' })
    await store.buckets.notes.insert({ text: 'c' })
    failSaves(backend)
    const stopped = store.stop()
    await expect(stopped).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      unflushed: 2,
      message: '2 commits could not be saved before the store stopped: disk full',
    })
    expect(store.stop()).toBe(stopped)
    expect(backend.calls.at(-1)).toBe('close')
  })

  it('in the middle of its back-off tries once more', async () => {
    const backend = new FakeBackend()
    const { store, clock } = await persisted(backend)
    failSaves(backend)
    await store.buckets.users.insert({ id: 'a' })
    await clock.advance(200)
    expect(store.health().backends.main!.state).toBe('retrying')
    backend.before = () => undefined
    await store.stop()
    expect(backend.rows('users')).toEqual([{ id: 'a' }])
  })

  it('that cannot be closed rejects, though nothing is lost', async () => {
    const backend = new FakeBackend()
    const { store } = await persisted(backend)
    await store.buckets.users.insert({ id: 'a' })
    backend.before = call => {
      if (call === 'close') throw new Error('stuck')
    }
    await expect(store.stop()).rejects.toMatchObject({ code: 'UNAVAILABLE', unflushed: 0, message: expect.stringContaining('stuck') })
    expect(backend.rows('users')).toEqual([{ id: 'a' }])
  })

  it('that never answers rejects after shutdownMs, not before, with what is lost', async () => {
    const backend = new FakeBackend()
    const { store, clock } = await persisted(backend, { shutdownMs: 300 })
    backend.before = call => (call.startsWith('save') ? deferred().promise : undefined)
    await store.buckets.users.insert({ id: 'a' })
    const stopped = store.stop().catch((error: unknown) => error)
    await clock.advance(299)
    expect(await outcomeOf(stopped)).toBe('pending')
    await clock.advance(1)
    expect(await stopped).toMatchObject({ code: 'UNAVAILABLE', unflushed: 1, message: expect.stringContaining('longer than 300 ms') })
    await clock.advance(60_000)
    expect(clock.pending).toBe(0)
  })

  it('that answers after stop gave it up is closed then', async () => {
    const backend = new FakeBackend()
    const { store, clock } = await persisted(backend, { shutdownMs: 300 })
    const gate = deferred()
    backend.before = call => (call.startsWith('save') ? gate.promise : undefined)
    await store.buckets.users.insert({ id: 'a' })
    const stopped = store.stop().catch(codeOf)
    await clock.advance(300)
    expect([await stopped, backend.calls.at(-1)]).toEqual(['UNAVAILABLE', 'save 1'])
    gate.resolve()
    await macrotask()
    expect([backend.calls.at(-1), backend.rows('users')]).toEqual(['close', [{ id: 'a' }]])
  })

  it('does not keep the others from saving and closing, whether it fails or hangs', async () => {
    for (const how of ['fails', 'hangs']) {
      const [good, bad] = [new FakeBackend('good'), new FakeBackend('bad')]
      const { store, clock } = await rig({
        buckets: { users: { ...USERS, backend: 'good' }, notes: { ...NOTES, backend: 'bad' } },
        persistence: { backends: { good, bad } },
      })
      if (how === 'fails') failSaves(bad)
      else bad.before = call => (call.startsWith('save') ? deferred().promise : undefined)
      await store.buckets.users.insert({ id: 'a' })
      await store.buckets.notes.insert({ text: 'x' })
      const stopped = store.stop().catch(codeOf)
      await clock.advance(5000)
      expect([how, await stopped, good.rows('users').length, good.calls.at(-1)]).toEqual([how, 'UNAVAILABLE', 1, 'close'])
    }
  })
})

describe('stopping with user code that never ends', () => {
  it('a query that hangs costs no record: everything is saved, and stop resolves after shutdownMs', async () => {
    const backend = new FakeBackend()
    const { store, clock } = await persisted(backend)
    let runs = 0
    store.defineQuery('hangs', async ctx => {
      await ctx.bucket('users').count()
      if (runs++ > 0) await deferred().promise
    })
    await store.subscribe('hangs', () => undefined)
    await store.buckets.users.insert({ id: 'a' })
    await macrotask()
    const stopped = store.stop()
    await macrotask()
    await macrotask()
    expect([backend.rows('users').length, backend.calls.at(-1), await outcomeOf(stopped)]).toEqual([1, 'close', 'pending'])
    await clock.advance(5000)
    expect(await outcomeOf(stopped)).toBe('resolved')
    expect(store.getStats().queries.activeSubscriptions).toBe(0)
  })

  it('a first evaluation under way is refused, and its callback is not called', async () => {
    const { store, clock } = await persisted()
    const gate = deferred()
    store.defineQuery('slow', () => gate.promise)
    const results: unknown[] = []
    const subscribed = store.subscribe('slow', result => results.push(result), { initial: true }).catch(codeOf)
    await macrotask()
    const stopped = store.stop()
    await clock.advance(5000)
    await stopped
    gate.resolve()
    expect([await subscribed, results]).toEqual(['STOPPED', []])
  })
})

it('stopping right after the start, and a start that fails, leave the backend closed and untouched', async () => {
  const backend = new FakeBackend()
  const { store } = await persisted(backend)
  await store.stop()
  await expect(Store.start({ buckets: { users: { ...USERS, key: 'x' } }, persistence: { backend } })).rejects.toThrow('key field "x"')
  expect([backend.calls, backend.writes]).toEqual([['open', 'close', 'open', 'close'], 0])
})
