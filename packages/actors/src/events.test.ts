import { describe, expect, it } from 'vitest'
import type { RecordEvent } from './events.js'
import { macrotask, NOTES, rig, USERS } from './store.harness.js'

const shop = () => rig({ buckets: { users: USERS, notes: NOTES } })

async function heard(pattern = '*') {
  const world = await shop()
  const events: RecordEvent[] = []
  const topics: string[] = []
  const off = await world.store.on(pattern, (event, topic) => {
    events.push(event)
    topics.push(topic)
  })
  return { ...world, events, topics, off }
}

describe('the payload', () => {
  it('of an insert, an update and a delete is as specified, frozen, with the records themselves', async () => {
    const { store, events, topics } = await heard()
    const { users } = store.buckets
    const inserted = await users.insert({ id: 'u1', age: 1 })
    const updated = await users.update('u1', { age: 2 }, { by: 'ann', reason: 'birthday', correlationId: 'c1' })
    await users.delete('u1', { by: 'ann' })
    await store.settle()
    const base = { bucket: 'users', key: 'u1', cause: 'write' }
    expect(events).toEqual([
      { type: 'inserted', ...base, seq: 1, record: inserted },
      { type: 'updated', ...base, seq: 2, oldRecord: inserted, newRecord: updated, by: 'ann', reason: 'birthday', correlationId: 'c1' },
      { type: 'deleted', ...base, seq: 3, record: updated, by: 'ann' },
    ])
    expect(topics).toEqual(['bucket.users.inserted', 'bucket.users.updated', 'bucket.users.deleted'])
    expect(events.every(Object.isFrozen)).toBe(true)
    expect(events[1]).toMatchObject({ oldRecord: { _version: 1 }, newRecord: { _version: 2 } })
    expect((events[0] as { record: unknown }).record).toBe(inserted)
  })

  it('names nobody when nobody was named', async () => {
    const { store, events } = await heard()
    await store.buckets.users.insert({ id: 'u1' }, { by: undefined })
    await store.settle()
    expect(Object.keys(events[0]!)).toEqual(['type', 'bucket', 'key', 'seq', 'cause', 'record'])
  })

  it('of clear and of drop is one deleted a record, in insertion order, with its cause', async () => {
    const { store, events } = await heard('bucket.*.deleted')
    const { users, notes } = store.buckets
    await users.insertMany([{ id: 'b' }, { id: 'a' }, { id: 'c' }])
    await users.clear({ by: 'ann', reason: 'spring' })
    await notes.insertMany([{ text: 'x' }, { text: 'y' }])
    await store.dropBucket('notes')
    await store.settle()
    expect(events.map(({ key, cause, seq, by, reason }) => [key, cause, seq, by, reason])).toEqual([
      ...['b', 'a', 'c'].map(key => [key, 'cleared', 2, 'ann', 'spring']),
      ...[1, 2].map(key => [key, 'dropped', 4, undefined, undefined]),
    ])
  })
})

describe('what makes no event', () => {
  it('deleting what is absent, clearing what is empty, inserting an empty list, a refusal', async () => {
    const { store, events } = await heard()
    const { users } = store.buckets
    await users.delete('absent')
    await users.clear()
    await users.insertMany([])
    await users.insert({ id: 'u1', age: -1 }).catch(() => 'refused')
    await users.insertMany([{ id: 'u1' }, { id: 'u1' }]).catch(() => 'refused')
    await users.update('absent', {}).catch(() => 'refused')
    await store.dropBucket('notes')
    await store.settle()
    expect(events).toEqual([])
  })
})

describe('order', () => {
  it('is that of the commits, over all buckets; several records of one commit share its seq', async () => {
    const { store, events } = await heard()
    const { users, notes } = store.buckets
    void users.insert({ id: 'u1' })
    void notes.insertMany([{ text: 'a' }, { text: 'b' }])
    void users.update('u1', { age: 3 })
    await store.settle()
    expect(events.map(({ bucket, type, seq }) => `${bucket} ${type} ${seq}`)).toEqual([
      'users inserted 1',
      'notes inserted 2',
      'notes inserted 2',
      'users updated 3',
    ])
  })

  it('handlers are called in the order in which they came, after the call, never inside a turn, and not awaited', async () => {
    const { store } = await shop()
    const log: string[] = []
    await store.on('bucket.users.*', async () => {
      log.push('first')
      await macrotask()
      log.push('first, later')
    })
    await store.on('*', () => log.push('second'))
    const answer = store.buckets.users.insert({ id: 'u1' }).then(() => log.push('answer'))
    log.push('called')
    await answer
    await store.settle()
    expect(log.slice(0, 4).sort()).toEqual(['answer', 'called', 'first', 'second'])
    expect(log[0]).toBe('called')
    expect(log.indexOf('first')).toBeLessThan(log.indexOf('second'))
    expect(log).not.toContain('first, later')
  })

  it('what a handler commits comes behind what was committed before, for every handler', async () => {
    const { store } = await shop()
    const { users } = store.buckets
    const seen: string[][] = [[], []]
    await store.on('bucket.users.inserted', event => {
      seen[0]!.push(String(event.key))
      if (String(event.key).length < 3) void users.insert({ id: `${event.key}+` })
    })
    await store.on('*', event => seen[1]!.push(String(event.key)))
    void users.insert({ id: 'a' })
    void users.insert({ id: 'b' })
    await store.settle()
    await store.settle()
    await store.settle()
    expect(seen).toEqual([
      ['a', 'b', 'a+', 'b+', 'a++', 'b++'],
      ['a', 'b', 'a+', 'b+', 'a++', 'b++'],
    ])
  })

  it('a handler hears what is committed after on() was called, also when older commits still wait for delivery', async () => {
    const { store } = await shop()
    const { users } = store.buckets
    await store.on('*', () => undefined)
    void users.insert({ id: 'before' })
    const keys: unknown[] = []
    void store.on('*', ({ key }) => keys.push(key))
    void users.insert({ id: 'after' })
    await store.settle()
    expect(keys).toEqual(['after'])
  })
})

describe('the end of listening', () => {
  it('acts at once, also for events that are queued already; it may be called again', async () => {
    const { store, events, off } = await heard()
    void store.buckets.users.insert({ id: 'u1' })
    void off()
    await off()
    await store.settle()
    expect(events).toEqual([])
  })

  it('one handler may end another in the middle of a commit', async () => {
    const { store } = await shop()
    const keys: unknown[] = []
    let off = async (): Promise<void> => undefined
    await store.on('*', ({ key }) => {
      if (key === 'b') void off()
    })
    off = await store.on('*', ({ key }) => keys.push(key))
    await store.buckets.users.insertMany([{ id: 'a' }, { id: 'b' }, { id: 'c' }])
    await store.settle()
    expect(keys).toEqual(['a'])
  })

  it('a pattern that is none, and a handler that is none, reject', async () => {
    const { store } = await shop()
    await expect(store.on('', () => undefined)).rejects.toMatchObject({ code: 'OPTION', option: 'pattern' })
    await expect(store.on('*', 'x' as never)).rejects.toMatchObject({ code: 'OPTION', option: 'handler' })
  })
})

describe('handlers that fail', () => {
  it('by throwing or rejecting disturb nobody and are told with their pattern', async () => {
    const { store, faults, events } = await heard('bucket.users.*')
    await store.on('bucket.users.inserted', () => {
      throw new Error('thrown')
    })
    await store.on('bucket.*', () => Promise.reject(new Error('rejected')))
    await store.on('*', () => ({
      // biome-ignore lint/suspicious/noThenProperty: a thenable that is no promise is what this is about.
      then: (_: unknown, reject: (error: unknown) => void) => reject(new Error('thenable')),
    }))
    const later: unknown[] = []
    await store.on('*', ({ key }) => later.push(key))
    await store.buckets.users.insert({ id: 'u1' })
    await store.buckets.users.insert({ id: 'u2' })
    await store.settle()
    await macrotask()
    expect([events.length, later]).toEqual([2, ['u1', 'u2']])
    const told = faults.map(({ error, source }) => `${source}: ${(error as Error).message}`)
    expect(told.sort()).toEqual([
      ...Array(2).fill('handler *: thenable'),
      ...Array(2).fill('handler bucket.*: rejected'),
      ...Array(2).fill('handler bucket.users.inserted: thrown'),
    ])
  })

  it('without onError are logged once per cause', async () => {
    const logged: string[] = []
    const { store } = await rig({ buckets: { users: USERS }, onError: undefined, logger: { warn: message => logged.push(message) } })
    await store.on('*', () => {
      throw new Error('always')
    })
    for (let at = 0; at < 5; at++) await store.buckets.users.insert({ id: `u${at}` })
    await store.settle()
    expect(logged).toEqual(['[repertory rig] handler *: always (further ones of this kind are not logged)'])
  })

  it('and whose onError and logger fail as well, leave the store whole', async () => {
    const boom = (): never => {
      throw new Error('all is lost')
    }
    const { store } = await rig({ buckets: { users: USERS }, onError: boom, logger: { warn: boom } })
    const keys: unknown[] = []
    await store.on('*', boom)
    await store.on('*', ({ key }) => keys.push(key))
    for (const id of ['a', 'b', 'c']) await store.buckets.users.insert({ id })
    await store.settle()
    expect(keys).toEqual(['a', 'b', 'c'])
  })
})

describe('back-pressure', () => {
  it('25,000 commits made without a pause reach a handler once each and in order', async () => {
    const { store } = await rig({ buckets: { users: USERS }, mailbox: { max: 30_000 } })
    let last = 0
    let count = 0
    await store.on('bucket.users.inserted', ({ seq }) => {
      if (seq !== last + 1) throw new Error(`${seq} after ${last}`)
      last = seq
      count++
    })
    const calls = Array.from({ length: 25_000 }, (_, at) => store.buckets.users.insert({ id: `u${at}` }))
    await Promise.all(calls)
    await store.settle()
    expect([count, last]).toEqual([25_000, 25_000])
  })
})
