import { describe, expect, it } from 'vitest'
import { deferred, FakeBackend } from './fake-backend.harness.js'
import { macrotask, NOTES, outcomeOf, rig, USERS } from './store.harness.js'

async function two(options = {}) {
  const [first, second] = [new FakeBackend('first'), new FakeBackend('second')]
  const world = await rig({
    buckets: { users: USERS, notes: { ...NOTES, backend: 'second' }, scratch: { ...USERS, persistent: false } },
    persistence: { backends: { first, second }, ...options },
  })
  return { ...world, first, second }
}

const savesOf = (backend: FakeBackend): string[] => backend.calls.filter(call => call.startsWith('save'))

describe('which backend a commit goes to', () => {
  it('is the one its bucket names, the first where it names none, and none where it is not persistent', async () => {
    const { store, first, second } = await two()
    await store.buckets.users.insert({ id: 'a' })
    await store.buckets.notes.insert({ text: 'x' })
    await store.buckets.scratch.insert({ id: 'b' })
    await store.flush()
    expect([[...first.buckets.keys()], [...second.buckets.keys()]]).toEqual([['users'], ['notes']])
  })

  it('and the others are not asked to save', async () => {
    const { store, clock, first, second } = await two()
    await store.buckets.notes.insert({ text: 'x' })
    await store.buckets.scratch.insert({ id: 'b' })
    await clock.advance(2000)
    expect([savesOf(first), savesOf(second)]).toEqual([[], ['save 2']])
    expect(store.health().backends).toMatchObject({ first: { lagCommits: 0, state: 'clean' }, second: { lagCommits: 0 } })
  })

  it('a definition that names a backend that is not there is told which there are', async () => {
    const { store } = await two()
    await expect(store.defineBucket('x', { ...USERS, backend: 'third' })).rejects.toThrow(
      'names the backend "third"; there are first, second',
    )
  })

  it('noex-store’s word adapter is one backend too', async () => {
    const adapter = new FakeBackend()
    const { store } = await rig({ buckets: { users: USERS }, persistence: { adapter } })
    await store.buckets.users.insert({ id: 'a' })
    await store.stop()
    expect(adapter.rows('users')).toEqual([{ id: 'a' }])
  })
})

describe('when commits are saved', () => {
  it('after the debounce, at most the maximum wait after the first, as one cut of the newest versions', async () => {
    const backend = new FakeBackend()
    const { store, clock } = await rig({ buckets: { users: USERS }, persistence: { backend, debounceMs: 50, maxWaitMs: 200 } })
    const { users } = store.buckets
    await users.insert({ id: 'a', age: 0 })
    for (let at = 1; at <= 8; at++) {
      await clock.advance(40)
      await users.update('a', { age: at })
    }
    expect(savesOf(backend)).toEqual(['save 5'])
    await clock.advance(50)
    expect(savesOf(backend)).toEqual(['save 5', 'save 9'])
    expect(backend.cuts.map(({ from, to, buckets }) => [from, to, buckets[0]!.puts.length])).toEqual([
      [0, 5, 1],
      [5, 9, 1],
    ])
  })

  it('what is deleted and inserted again, cleared, or never seen by a save, is right there', async () => {
    const backend = new FakeBackend()
    const { store } = await rig({ buckets: { users: USERS }, persistence: { backend } })
    const { users } = store.buckets
    await users.insertMany([{ id: 'a' }, { id: 'b' }, { id: 'c' }])
    await store.flush()
    await users.delete('a')
    await users.insert({ id: 'a', age: 1 })
    await users.insert({ id: 'brief' })
    await users.delete('brief')
    await users.delete('b')
    await store.flush()
    expect(backend.rows('users')).toEqual([{ id: 'c' }, { id: 'a', age: 1 }])
    await users.clear()
    await users.insert({ id: 'z' })
    await store.flush()
    expect(backend.rows('users')).toEqual([{ id: 'z' }])
  })

  it('what is written while a save runs is in the next one', async () => {
    const backend = new FakeBackend()
    const { store, clock } = await rig({ buckets: { users: USERS }, persistence: { backend } })
    const { users } = store.buckets
    const gate = deferred()
    backend.before = call => (call === 'save 1' ? gate.promise : undefined)
    await users.insert({ id: 'a', age: 1 })
    await clock.advance(100)
    await users.update('a', { age: 2 })
    await users.insert({ id: 'b' })
    gate.resolve()
    await clock.advance(500)
    expect(savesOf(backend)).toEqual(['save 1', 'save 3'])
    expect(backend.rows('users')).toEqual([{ id: 'a', age: 2 }, { id: 'b' }])
  })
})

describe('flush', () => {
  it('resolves when everything committed before the call is saved, everywhere or where asked', async () => {
    const { store, first, second } = await two()
    const gate = deferred()
    second.before = call => (call.startsWith('save') ? gate.promise : undefined)
    await store.buckets.users.insert({ id: 'a' })
    await store.buckets.notes.insert({ text: 'x' })
    const [all, there, here] = [store.flush(), store.flush({ backend: 'second' }), store.flush({ bucket: 'users' })]
    expect(await Promise.all([all, there, here].map(outcomeOf))).toEqual(['pending', 'pending', 'resolved'])
    expect([first.rows('users').length, second.rows('notes').length]).toEqual([1, 0])
    gate.resolve()
    expect(await Promise.all([all, there].map(outcomeOf))).toEqual(['resolved', 'resolved'])
  })

  it('does not wait for what is committed after the call', async () => {
    const backend = new FakeBackend()
    const { store } = await rig({ buckets: { users: USERS }, persistence: { backend } })
    const gates = new Map([
      ['save 1', deferred()],
      ['save 2', deferred()],
    ])
    backend.before = call => gates.get(call)?.promise
    await store.buckets.users.insert({ id: 'a' })
    const flushed = store.flush()
    await macrotask()
    await store.buckets.users.insert({ id: 'b' })
    gates.get('save 1')!.resolve()
    expect(await outcomeOf(flushed)).toBe('resolved')
  })

  it('rejects with the failure, of each backend that fails, and knows its names', async () => {
    const { store, second } = await two()
    const failure = new Error('away')
    second.before = call => {
      if (call.startsWith('save')) throw failure
    }
    await store.buckets.users.insert({ id: 'a' })
    await store.buckets.notes.insert({ text: 'x' })
    await expect(store.flush()).rejects.toBe(failure)
    expect(await outcomeOf(store.flush({ backend: 'first' }))).toBe('resolved')
    await expect(store.flush({ backend: 'third' })).rejects.toMatchObject({ code: 'OPTION', option: 'backend' })
    await expect(store.flush({ bucket: 'x' })).rejects.toMatchObject({ code: 'BUCKET_NOT_DEFINED' })
    await expect(store.flush({ buckte: 'x' } as never)).rejects.toMatchObject({ code: 'OPTION', option: 'buckte' })
  })

  it('of a store that does not persist, or of a bucket that no backend holds, has nothing to wait for', async () => {
    const { store } = await rig({ buckets: { users: USERS } })
    await store.buckets.users.insert({ id: 'a' })
    await store.flush()
    const world = await two()
    await world.store.buckets.scratch.insert({ id: 'a' })
    await world.store.flush({ bucket: 'scratch' })
  })
})

describe('failures of saves', () => {
  it('go to the onError of persistence where there is one, and what that throws or rejects with to that of the store', async () => {
    const told: unknown[] = []
    const failing = new FakeBackend()
    failing.before = call => {
      if (call.startsWith('save')) throw new Error('disk full')
    }
    for (const onError of [(error: unknown) => told.push(error), () => Promise.reject(new Error('rejected')), () => JSON.parse('{')]) {
      const { store, clock, faults } = await rig({ buckets: { users: USERS }, persistence: { backend: failing, onError } })
      await store.buckets.users.insert({ id: 'a' })
      await clock.advance(150)
      const sources = faults.map(({ source }) => source)
      expect(sources).toEqual(told.length === 1 && faults.length === 0 ? [] : ['onError of backend main'])
      await store.stop().catch(() => 'unsaved')
    }
    expect(told.length).toBe(2)
  })
})

describe('opening', () => {
  it('in the order given; when one cannot be opened those before are closed again and nothing is served', async () => {
    const [first, second, third] = [new FakeBackend(), new FakeBackend(), new FakeBackend()]
    const failure = new Error('locked')
    second.before = () => {
      throw failure
    }
    await expect(rig({ persistence: { backends: { first, second, third } } })).rejects.toBe(failure)
    expect([first.calls, second.calls, third.calls]).toEqual([['open', 'close'], ['open'], []])
  })

  it('the seq goes on behind the newest that any backend holds', async () => {
    const [first, second] = [new FakeBackend(), new FakeBackend()]
    const buckets = { users: { ...USERS, backend: 'first' }, notes: { ...NOTES, backend: 'second' } }
    const before = await rig({ buckets, persistence: { backends: { first, second } } })
    for (let at = 0; at < 5; at++) await before.store.buckets.users.insert({ id: `u${at}` })
    await before.store.buckets.notes.insert({ text: 'x' })
    await before.store.stop()
    expect([first.seq, second.seq]).toEqual([6, 6])
    const { store, parts } = await rig({ buckets, persistence: { backends: { first, second } } })
    expect(parts.database.seq).toBe(6)
    await store.buckets.notes.insert({ text: 'y' })
    await store.flush()
    expect([second.seq, second.rows('notes').length]).toEqual([7, 2])
  })
})
