import { describe, expect, it } from 'vitest'
import { deferred, FakeBackend, fieldsOf } from './fake-backend.harness.js'
import { codeOf, macrotask, NOTES, outcomeOf, rig, USERS } from './store.harness.js'
import { crash } from './testing.js'

/** A backend that holds users a, b, c. */
async function filledBackend(): Promise<FakeBackend> {
  const backend = new FakeBackend()
  const { store } = await rig({ buckets: { users: USERS }, persistence: { backend } })
  await store.buckets.users.insertMany(['a', 'b', 'c'].map((id, age) => ({ id, age })))
  await store.stop()
  backend.calls.length = 0
  return backend
}

describe('defining', () => {
  it('the name is known at once: calls made right after wait until the bucket is ready, in order', async () => {
    const backend = await filledBackend()
    const { store } = await rig({ persistence: { backend } })
    const gate = deferred()
    backend.before = call => (call.startsWith('load') ? gate.promise : undefined)
    const defined = store.defineBucket('users', USERS)
    const order: string[] = []
    const calls = [
      store
        .bucket('users')
        .insert({ id: 'd' })
        .then(() => order.push('insert')),
      store
        .bucket('users')
        .count()
        .then(count => order.push(`count ${count}`)),
      defined.then(() => order.push('defined')),
    ]
    await macrotask()
    expect([order, store.health().actors.users]).toEqual([
      [],
      expect.objectContaining({ state: 'loading', mailbox: expect.objectContaining({ depth: 2 }) }),
    ])
    gate.resolve()
    await Promise.all(calls)
    expect(order.filter(step => step !== 'defined')).toEqual(['insert', 'count 4'])
    expect((await (await defined).all()).map(fieldsOf)).toMatchObject([{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }])
  })

  it('a call whose deadline passes during the load is answered at its deadline and not run', async () => {
    const backend = await filledBackend()
    const { store, clock } = await rig({ persistence: { backend } })
    const gate = deferred()
    backend.before = call => (call.startsWith('load') ? gate.promise : undefined)
    const defined = store.defineBucket('users', USERS)
    const call = store.bucket('users').insert({ id: 'd' }, { timeoutMs: 10 }).catch(codeOf)
    await clock.advance(10)
    expect(await call).toBe('DEADLINE')
    gate.resolve()
    expect(await (await defined).count()).toBe(3)
  })

  it.each([
    ['a name that is taken', 'users', USERS, 'BUCKET_ALREADY_EXISTS'],
    ['a name that is none', 'a.b', USERS, 'OPTION'],
    ['a name of the store’s own', '$own', USERS, 'OPTION'],
    ['no definition', 'x', undefined, 'OPTION'],
    ['an unknown option', 'x', { ...USERS, tll: '1d' }, 'OPTION'],
    ['a backend, though the store does not persist', 'x', { ...USERS, backend: 'main' }, 'OPTION'],
    ['a mailbox that is none', 'x', { ...USERS, mailbox: null }, 'OPTION'],
    ['an unknown option of the mailbox', 'x', { ...USERS, mailbox: { waitersMax: 1 } }, 'OPTION'],
    ['an unknown way of being full', 'x', { ...USERS, mailbox: { whenFull: 'explode' } }, 'OPTION'],
    ['a mailbox below nothing', 'x', { ...USERS, mailbox: { max: -1 } }, 'OPTION'],
    ['a schema that makes no sense', 'x', { key: 'id', schema: { id: { type: 'strin' } } }, 'OPTION'],
  ])('%s rejects, never throws', async (_, name, definition, code) => {
    const { store } = await rig({ buckets: { users: USERS } })
    const defined = store.defineBucket(name, definition as never)
    await expect(defined).rejects.toMatchObject({ code })
    expect(store.getStats().buckets.names).toEqual(['users'])
  })

  it('names the key or index field that the schema lacks', async () => {
    const { store } = await rig()
    await expect(store.defineBucket('x', { ...USERS, key: 'uid' })).rejects.toThrow('key field "uid" does not exist')
    await expect(store.defineBucket('x', { ...USERS, indexes: ['agee'] })).rejects.toThrow('index field "agee" does not exist')
    await expect(store.defineBucket('x', { ...USERS, indexes: [{ fields: ['age', 'nmae'] }] })).rejects.toThrow(
      'index field "nmae" does not exist',
    )
  })

  it('a failed definition frees its name, and whoever waited gets its error', async () => {
    const backend = await filledBackend()
    const { store } = await rig({ persistence: { backend } })
    const gate = deferred()
    backend.before = call => (call.startsWith('load') ? gate.promise : undefined)
    const defined = store.defineBucket('users', USERS)
    const waiting = store.bucket('users').count()
    const failure = new Error('unreadable')
    gate.reject(failure)
    await expect(defined).rejects.toBe(failure)
    await expect(waiting).rejects.toBe(failure)
    expect(() => store.bucket('users')).toThrow(expect.objectContaining({ code: 'BUCKET_NOT_DEFINED', bucket: 'users' }))
    backend.before = () => undefined
    expect(await (await store.defineBucket('users', USERS)).count()).toBe(3)
    expect(backend.writes).toBe(1)
  })

  it('the same name twice at once: the second is refused, the first goes on', async () => {
    const { store } = await rig()
    const [first, second] = [store.defineBucket('x', USERS), store.defineBucket('x', USERS)]
    await expect(second).rejects.toMatchObject({ code: 'BUCKET_ALREADY_EXISTS', bucket: 'x' })
    expect((await first).name).toBe('x')
  })

  it('handles are free and many, typed or not, and of one bucket', async () => {
    const { store } = await rig({ buckets: { users: USERS } })
    expect(store.bucket('users')).not.toBe(store.bucket('users'))
    await store.bucket('users').insert({ id: 'a' })
    expect(await store.buckets.users.get('a')).toBe(await store.bucket('users').get('a'))
    expect(() => store.bucket('usres' as string)).toThrow('Bucket "usres" is not defined')
  })
})

describe('dropping without a backend', () => {
  it('has its turn behind the calls before it, and those behind it are told that there is no such bucket', async () => {
    const { store } = await rig({ buckets: { users: USERS } })
    const { users } = store.buckets
    const before = users.insert({ id: 'a' })
    const dropped = store.dropBucket('users')
    const after = users.insert({ id: 'b' })
    expect(await Promise.all([before, dropped, after].map(outcomeOf))).toEqual(['resolved', 'resolved', 'BUCKET_NOT_DEFINED'])
    expect(await outcomeOf(users.get('a'))).toBe('BUCKET_NOT_DEFINED')
    expect(store.getStats().buckets.count).toBe(0)
  })

  it('of an unknown bucket, and twice at once, is refused', async () => {
    const { store } = await rig({ buckets: { users: USERS } })
    expect(await outcomeOf(store.dropBucket('x'))).toBe('BUCKET_NOT_DEFINED')
    await expect(store.dropBucket('users', { erase: 1 } as never)).rejects.toMatchObject({ code: 'OPTION', option: 'erase' })
    await expect(store.dropBucket('users', { ersae: true } as never)).rejects.toMatchObject({ code: 'OPTION', option: 'ersae' })
    const both = [store.dropBucket('users'), store.dropBucket('users')]
    expect(await Promise.all(both.map(outcomeOf))).toEqual(['resolved', 'BUCKET_NOT_DEFINED'])
  })

  it('then defining again starts empty, from number 1, and old handles work on', async () => {
    const { store } = await rig({ buckets: { notes: NOTES } })
    const { notes } = store.buckets
    await notes.insertMany([{ text: 'a' }, { text: 'b' }])
    await store.dropBucket('notes')
    await store.defineBucket('notes', NOTES)
    expect(await notes.insert({ text: 'c' })).toMatchObject({ id: 1 })
    expect(await notes.count()).toBe(1)
  })

  it('and defining again while it is dropped waits for it', async () => {
    const { store } = await rig({ buckets: { users: USERS } })
    await store.buckets.users.insert({ id: 'a' })
    const dropped = store.dropBucket('users')
    await Promise.resolve()
    await dropped
    const [defined] = await Promise.all([store.defineBucket('users', USERS)])
    expect(await defined.count()).toBe(0)
  })

  it('gives back the places of those who waited for one', async () => {
    const { store } = await rig({ buckets: { users: USERS, notes: NOTES }, mailbox: { max: 2, waitersMax: 4 } })
    const { signal } = new AbortController()
    const send = (name: 'users' | 'notes'): Promise<unknown> =>
      store
        .bucket(name)
        .count(undefined, { signal })
        .then(() => 'done', codeOf)
    const dropped = store.dropBucket('users')
    const waiting = Array.from({ length: 6 }, () => send('users'))
    expect(await send('notes')).toBe('done')
    await dropped
    expect(await Promise.all(waiting)).toEqual(Array(6).fill('BUCKET_NOT_DEFINED'))
    const others = Array.from({ length: 7 }, () => send('notes'))
    expect(await Promise.all(others)).toEqual([...Array(6).fill('done'), 'OVERLOADED'])
  })

  it('that crashes in the middle leaves no half: the bucket is gone, the others go on', async () => {
    const { store, faults } = await rig({ buckets: { users: USERS, notes: NOTES } })
    await store.buckets.users.insert({ id: 'a' })
    crash(store, 'users', new Error('boom'), { at: 'apply' })
    await store.dropBucket('users')
    expect(faults.map(({ source }) => source)).toEqual(['bucket users'])
    expect(await (await store.defineBucket('users', USERS)).count()).toBe(0)
    await store.buckets.notes.insert({ text: 'a' })
  })
})

describe('dropping with a backend', () => {
  it('erases what it holds there, also what was not saved yet, and nothing comes back later', async () => {
    const backend = await filledBackend()
    const { store, clock } = await rig({ buckets: { users: USERS, notes: NOTES }, persistence: { backend } })
    await store.buckets.users.insert({ id: 'd' })
    await store.buckets.notes.insert({ text: 'x' })
    await store.dropBucket('users')
    await clock.advance(5000)
    await store.stop()
    expect([...backend.buckets.keys()]).toEqual(['notes'])
  })

  it('without erasing saves first and keeps it: a later definition has everything', async () => {
    const backend = await filledBackend()
    const { store } = await rig({ buckets: { users: USERS }, persistence: { backend } })
    await store.buckets.users.insert({ id: 'd' })
    await store.dropBucket('users', { erase: false })
    expect(backend.rows('users')).toEqual([{ id: 'a', age: 0 }, { id: 'b', age: 1 }, { id: 'c', age: 2 }, { id: 'd' }])
    const again = await store.defineBucket('users', USERS)
    expect((await again.all()).map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd'])
    await again.delete('a')
    await store.flush()
    expect(backend.rows('users').length).toBe(3)
  })

  it('without erasing loses no write made while it saves: they wait and are told', async () => {
    const backend = await filledBackend()
    const { store } = await rig({ buckets: { users: USERS }, persistence: { backend } })
    const { users } = store.buckets
    const gate = deferred()
    backend.before = call => (call.startsWith('save') ? gate.promise : undefined)
    await users.insert({ id: 'd' })
    const dropped = store.dropBucket('users', { erase: false })
    await macrotask()
    const writes = Array.from({ length: 20 }, (_, at) => users.insert({ id: `w${at}` }))
    await macrotask()
    gate.resolve()
    await dropped
    const kept = new Set(backend.rows('users').map(row => (row as { id: string }).id))
    for (const [at, outcome] of (await Promise.all(writes.map(outcomeOf))).entries()) {
      expect([outcome, kept.has(`w${at}`)]).toEqual(outcome === 'resolved' ? ['resolved', true] : ['BUCKET_NOT_DEFINED', false])
    }
    expect([...kept]).toEqual(['a', 'b', 'c', 'd'])
  })

  it('without erasing, and the save fails: refused, and the bucket goes on as if nothing had been asked', async () => {
    const backend = await filledBackend()
    const { store } = await rig({ buckets: { users: USERS }, persistence: { backend } })
    const { users } = store.buckets
    await users.insert({ id: 'd' })
    backend.before = call => {
      if (call.startsWith('save')) throw new Error('disk full')
    }
    const dropped = store.dropBucket('users', { erase: false })
    const behind = users.count()
    await expect(dropped).rejects.toThrow('disk full')
    expect([await behind, await users.count()]).toEqual([4, 4])
    await users.insert({ id: 'e' })
  })

  it('while a save that holds its records is under way comes behind it', async () => {
    const backend = await filledBackend()
    const { store } = await rig({ buckets: { users: USERS, notes: NOTES }, persistence: { backend } })
    const gate = deferred()
    backend.before = call => (call.startsWith('save') ? gate.promise : undefined)
    await store.buckets.users.insert({ id: 'd' })
    await store.buckets.notes.insert({ text: 'x' })
    const flushed = store.flush()
    const dropped = store.dropBucket('users')
    await macrotask()
    expect(backend.calls.filter(call => call.startsWith('drop'))).toEqual([])
    const defined = store.defineBucket('users', USERS)
    gate.resolve()
    await Promise.all([flushed, dropped])
    expect(await (await defined).count()).toBe(0)
    await (await defined).insert({ id: 'new' })
    await store.flush()
    expect([backend.rows('users'), backend.rows('notes')]).toEqual([[{ id: 'new' }], [{ id: 1, text: 'x' }]])
  })

  it('and the backend fails: told, gone here, and gone there with the next save or the next definition', async () => {
    const backend = await filledBackend()
    const { store } = await rig({ buckets: { users: USERS, notes: NOTES }, persistence: { backend } })
    backend.before = call => {
      if (call.startsWith('drop')) throw new Error('away')
    }
    await expect(store.dropBucket('users')).rejects.toThrow('away')
    expect(() => store.bucket('users')).toThrow(expect.objectContaining({ code: 'BUCKET_NOT_DEFINED' }))
    await expect(store.defineBucket('users', USERS)).rejects.toThrow('away')
    await store.buckets.notes.insert({ text: 'x' })
    await store.flush()
    expect([...backend.buckets.keys()]).toEqual(['users', 'notes'])
    backend.before = () => undefined
    await store.buckets.notes.insert({ text: 'y' })
    await store.flush()
    expect([...backend.buckets.keys()]).toEqual(['notes'])
    expect(await (await store.defineBucket('users', USERS)).count()).toBe(0)
  })

  it('of a bucket that no backend holds asks none', async () => {
    const backend = new FakeBackend()
    const { store } = await rig({ buckets: { users: { ...USERS, persistent: false } }, persistence: { backend } })
    await store.buckets.users.insert({ id: 'a' })
    await store.dropBucket('users', { erase: false })
    await store.stop()
    expect(backend.calls).toEqual(['open', 'close'])
  })
})
