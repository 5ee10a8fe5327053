import { describe, expect, it } from 'vitest'
import { deferred, FakeBackend } from './fake-backend.harness.js'
import { macrotask, NOTES, outcomeOf, rig, USERS } from './store.harness.js'
import { crash } from './testing.js'

const NO_CALLS = { sent: 0, handled: 0, refused: 0, expired: 0, aborted: 0, crashed: 0 }

describe('getStats', () => {
  it('has the shape of the specification, unique fields counted as indexes', async () => {
    const { store } = await rig({ buckets: { users: USERS, notes: NOTES } })
    await store.buckets.users.insertMany([{ id: 'a' }, { id: 'b' }])
    store.defineQuery('q', async () => 1)
    store.defineQuery('r', async () => 1)
    await store.subscribe('q', () => undefined)
    expect(store.getStats()).toEqual({
      name: 'rig',
      buckets: { count: 2, names: ['users', 'notes'] },
      records: { total: 2, perBucket: { users: 2, notes: 0 } },
      indexes: { total: 2, perBucket: { users: 2, notes: 0 } },
      queries: { defined: 2, activeSubscriptions: 1 },
      persistence: { enabled: false },
      ttl: { enabled: false, checkIntervalMs: 0 },
    })
  })

  it('says whether the store persists', async () => {
    const { store } = await rig({ persistence: { backend: new FakeBackend() } })
    expect(store.getStats().persistence).toEqual({ enabled: true })
  })
})

describe('health', () => {
  it('of a store that serves: ready, per actor its state, restarts, mailbox and last error', async () => {
    const { store } = await rig({ buckets: { users: USERS } })
    await store.buckets.users.insert({ id: 'a' })
    await store.buckets.users.insert({ id: 'a' }).catch(() => 'refused')
    expect(store.health()).toEqual({
      store: 'ready',
      actors: {
        users: {
          state: 'serving',
          restarts: 0,
          mailbox: { depth: 0, ageMs: 0, counts: { ...NO_CALLS, sent: 2, handled: 1, refused: 1 } },
          lastError: undefined,
        },
      },
      backends: {},
    })
  })

  it('of an actor that is down: degraded, with the depth and age of what waits', async () => {
    const { store, clock } = await rig({ buckets: { users: USERS } })
    const boom = new Error('boom')
    crash(store, 'users', boom)
    crash(store, 'users', boom)
    const call = store.buckets.users.insert({ id: 'a' })
    await clock.advance(30)
    expect(store.health()).toMatchObject({
      store: 'degraded',
      actors: { users: { state: 'waiting', restarts: 1, mailbox: { depth: 1, ageMs: 30 }, lastError: boom } },
    })
    await clock.advance(100)
    await call
    expect(store.health().store).toBe('ready')
  })

  it('of a backend: what it holds, what it lacks in commits and ms, and since when it fails', async () => {
    const backend = new FakeBackend('disk')
    const { store, clock, faults } = await rig({ buckets: { users: USERS }, persistence: { backend } })
    const { users } = store.buckets
    const main = (): object => store.health().backends.main!
    const clean = { backend: 'disk', state: 'clean', savedSeq: 0, lagCommits: 0, lagMs: 0, failingSince: undefined, lastError: undefined }
    expect(main()).toEqual(clean)
    await users.insert({ id: 'a' })
    await users.insert({ id: 'b' })
    await clock.advance(60)
    expect(main()).toEqual({ ...clean, state: 'dirty', lagCommits: 2, lagMs: 60 })
    const full = new Error('disk full')
    backend.before = call => {
      if (call.startsWith('save')) throw full
    }
    await clock.advance(40)
    expect(store.health().store).toBe('degraded')
    expect(main()).toMatchObject({ state: 'retrying', savedSeq: 0, lagCommits: 2, lagMs: 100, failingSince: clock.now(), lastError: full })
    expect(faults).toEqual([{ error: full, source: 'backend main' }])
    backend.before = () => undefined
    await clock.advance(3000)
    expect(main()).toEqual({ ...clean, savedSeq: 2 })
    expect([store.health().store, backend.rows('users')]).toEqual(['ready', [{ id: 'a' }, { id: 'b' }]])
  })

  it('of a backend that was fenced: degraded for good, and everybody who asks is told', async () => {
    const backend = new FakeBackend()
    const { store } = await rig({ buckets: { users: USERS }, persistence: { backend } })
    await store.buckets.users.insert({ id: 'a' })
    const { FencedError } = await import('@repertory/core')
    backend.context!.lost(new FencedError('another writer came'))
    expect(store.health()).toMatchObject({ store: 'degraded', backends: { main: { state: 'lost' } } })
    expect(await outcomeOf(store.flush())).toBe('FENCED')
    await store.buckets.users.insert({ id: 'b' })
    await expect(store.stop()).rejects.toMatchObject({ code: 'UNAVAILABLE', cause: { code: 'FENCED' } })
  })

  it('of a store that stopped says so, and still answers', async () => {
    const { store } = await rig({ buckets: { users: USERS } })
    await store.stop()
    expect(store.health()).toMatchObject({ store: 'stopped', actors: { users: { state: 'stopped' } } })
    expect(store.getStats().buckets.count).toBe(1)
    expect(store.deadLetters).toEqual([])
  })

  it('of a bucket that loads is no reason to call the store degraded', async () => {
    const backend = new FakeBackend()
    const first = await rig({ buckets: { users: USERS }, persistence: { backend } })
    await first.store.buckets.users.insert({ id: 'a' })
    await first.store.stop()
    const { store } = await rig({ persistence: { backend } })
    const gate = deferred()
    backend.before = call => (call.startsWith('load') ? gate.promise : undefined)
    const defined = store.defineBucket('users', USERS)
    await macrotask()
    expect(store.health()).toMatchObject({ store: 'ready', actors: { users: { state: 'loading' } } })
    gate.resolve()
    await defined
  })
})

describe('dead letters', () => {
  it('name the bucket, the verb, the time and the error, oldest first, a thousand at most', async () => {
    const { store, clock } = await rig({ buckets: { users: USERS }, supervision: { restartsMax: 1e6, backoffMinMs: 0, backoffMaxMs: 0 } })
    for (let at = 0; at < 1200; at++) {
      crash(store, 'users', new Error(String(at)), { at: 'check' })
      await store.buckets.users.insert({ id: 'a' }).catch(() => 'crashed')
      await clock.advance(1)
    }
    const letters = store.deadLetters
    expect([letters.length, letters[0], letters.at(-1)]).toEqual([
      1000,
      { bucket: 'users', verb: 'insert', at: expect.any(Number), error: new Error('200') },
      { bucket: 'users', verb: 'insert', at: clock.now() - 1, error: new Error('1199') },
    ])
    expect(letters).not.toBe(store.deadLetters)
  })
})
