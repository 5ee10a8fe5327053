import { describe, expect, it } from 'vitest'
import { FakeBackend } from './fake-backend.harness.js'
import { rig, USERS } from './store.harness.js'
import { Store } from './store.js'

const backend = (): FakeBackend => new FakeBackend()

describe('an option that is wrong', () => {
  it.each<[string, unknown, string]>([
    ['no object', 7, 'options'],
    ['null', null, 'options'],
    ['unknown', { nmae: 'x' }, 'nmae'],
    ['of another release', { ttlCheckMs: 5 }, 'ttlCheckMs'],
    ['an unknown one of mailbox', { mailbox: { maximum: 5 } }, 'maximum'],
    ['an unknown one of supervision', { supervision: { restarts: 5 } }, 'restarts'],
    ['an unknown one of persistence', { persistence: { backend: backend(), debounce: 5 } }, 'debounce'],
    ['a mailbox that is none', { mailbox: null }, 'mailbox'],
    ['a supervision that is none', { supervision: 5 }, 'supervision'],
    ['a persistence that is none', { persistence: null }, 'persistence'],
    ['a persistence that is a backend', { persistence: backend() }, 'name'],
    ['buckets as a list', { buckets: [USERS] }, 'buckets'],
    ['a name that is empty', { name: '' }, 'name'],
    ['a name that is no text', { name: 5 }, 'name'],
    ['a way of being full that is unknown', { mailbox: { whenFull: 'drop' } }, 'mailbox.whenFull'],
    ['a negative bound', { mailbox: { max: -1 } }, 'mailbox.max'],
    ['a bound that is no number', { mailbox: { waitersMax: '5' } }, 'mailbox.waitersMax'],
    ['a time that is NaN', { callTimeoutMs: Number.NaN }, 'callTimeoutMs'],
    ['a time that is negative', { shutdownMs: -5 }, 'shutdownMs'],
    ['a number of records that is none', { recordsMax: 'many' }, 'recordsMax'],
    ['a policy that is no number', { supervision: { restartsMax: 'three' } }, 'supervision.restartsMax'],
    ['onError that is no function', { onError: 'log' }, 'onError'],
    ['a logger that cannot warn', { logger: {} }, 'logger'],
    ['persistence without a backend', { persistence: {} }, 'persistence'],
    ['persistence with no backends', { persistence: { backends: {} } }, 'persistence'],
    ['one backend and several', { persistence: { backend: backend(), backends: { a: backend() } } }, 'persistence'],
    ['a backend that is none', { persistence: { backend: 'sqlite' } }, 'persistence'],
    ['a backend that keeps no records', { persistence: { backend: { ...backend(), open: () => 1, state: undefined } } }, 'persistence'],
    ['a save time that is none', { persistence: { backend: backend(), debounceMs: 'soon' } }, 'persistence.debounceMs'],
    [
      'a bucket on a backend that is not there',
      { persistence: { backend: backend() }, buckets: { users: { ...USERS, backend: 'b' } } },
      'backend',
    ],
  ])('%s is refused by name', async (_, options, option) => {
    await expect(Store.start(options as never)).rejects.toMatchObject({ code: 'OPTION', option })
  })
})

describe('an option that is absent', () => {
  it('may be undefined, at every place', async () => {
    const nothing = { max: undefined, whenFull: undefined, waitersMax: undefined, nonsense: undefined }
    const store = await Store.start({
      name: undefined,
      mailbox: nothing,
      supervision: { restartsMax: undefined },
      nonsense: undefined,
    } as never)
    await store.defineBucket('users', { ...USERS, mailbox: undefined, backend: undefined } as never)
    await store.bucket('users').insert({ id: 'a' }, { by: undefined, expect: undefined, signal: undefined, timeoutMs: undefined })
    await store.stop()
  })

  it('is named by a number where it is the name', async () => {
    const stores = [await Store.start(), await Store.start({}), await Store.start({ name: 'mine' })]
    const [first, second, third] = stores.map(({ name }) => name)
    expect([first, third]).toEqual([expect.stringMatching(/^store-\d+$/), 'mine'])
    expect(Number(second!.slice(6))).toBe(Number(first!.slice(6)) + 1)
    await Promise.all(stores.map(store => store.stop()))
  })
})

describe('an option of a call', () => {
  it.each<[string, object, string]>([
    ['unknown', { byy: 'x' }, 'byy'],
    ['an expectation of a delete that is no number', { expect: 'one' }, 'expect'],
    ['who, that is no text', { by: 5 }, 'by'],
    ['why, that is no text', { reason: {} }, 'reason'],
    ['a correlation that is no text', { correlationId: 1 }, 'correlationId'],
    ['a deadline that is past', { timeoutMs: 0 }, 'timeoutMs'],
    ['a deadline that is NaN', { timeoutMs: Number.NaN }, 'timeoutMs'],
    ['a signal that is none', { signal: true }, 'signal'],
  ])('%s is refused by name, and the call is not made', async (_, options, option) => {
    const { store } = await rig({ buckets: { users: USERS } })
    const { users } = store.buckets
    await users.insert({ id: 'a' })
    const given = options as never
    for (const call of [
      users.update('a', { age: 1 }, given),
      users.delete('a', given),
      users.clear(given),
      users.insert({ id: 'b' }, given),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'OPTION', option })
    }
    expect(await users.all()).toMatchObject([{ id: 'a', _version: 1 }])
  })

  it.each<[string, object, string]>([
    ['of a write', { by: 'ann' }, 'by'],
    ['that is past', { timeoutMs: -1 }, 'timeoutMs'],
  ])('%s is refused by reads', async (_, options, option) => {
    const { store } = await rig({ buckets: { users: USERS } })
    const { users } = store.buckets
    const given = options as never
    for (const call of [users.get('a', given), users.all(given), users.where({}, given), users.count({}, given), users.first(1, given)]) {
      await expect(call).rejects.toMatchObject({ code: 'OPTION', option })
    }
  })

  it.each([null, 'text', 5])('options that are %j are refused', async options => {
    const { store } = await rig({ buckets: { users: USERS } })
    await expect(store.buckets.users.insert({ id: 'a' }, options as never)).rejects.toMatchObject({ code: 'OPTION', option: 'options' })
    await expect(store.buckets.users.get('a', options as never)).rejects.toMatchObject({ code: 'OPTION', option: 'options' })
  })
})

describe('records at most', () => {
  it('an insert beyond is refused before anything happens, over all buckets; the rest goes on', async () => {
    const { store, parts } = await rig({ buckets: { users: USERS, others: USERS }, recordsMax: 3 })
    const { users, others } = store.buckets
    await users.insertMany([{ id: 'a' }, { id: 'b' }])
    const { seq } = parts.database
    await expect(others.insertMany([{ id: 'c' }, { id: 'd' }])).rejects.toMatchObject({
      code: 'OVERLOADED',
      executed: 'no',
      retryAfterMs: 1000,
    })
    await others.insert({ id: 'c' })
    await expect(users.insert({ id: 'e' })).rejects.toThrow(
      'the store holds 3 of at most 3 records, so 1 more do not fit; delete some or raise recordsMax',
    )
    await users.update('a', { age: 1 })
    await users.delete('a')
    await users.insert({ id: 'e' })
    expect([parts.database.seq, await users.count(), await others.count()]).toEqual([seq + 4, 2, 1])
  })

  it('what a backend holds beyond it is loaded all the same', async () => {
    const place = backend()
    const first = await rig({ buckets: { users: USERS }, persistence: { backend: place } })
    await first.store.buckets.users.insertMany(['a', 'b', 'c'].map(id => ({ id })))
    await first.store.stop()
    const { store } = await rig({ buckets: { users: USERS }, persistence: { backend: place }, recordsMax: 2 })
    expect(await store.buckets.users.count()).toBe(3)
    await expect(store.buckets.users.insert({ id: 'd' })).rejects.toMatchObject({ code: 'OVERLOADED' })
  })
})

describe('mailboxes', () => {
  it('of a bucket override those of the store', async () => {
    const { store } = await rig({
      buckets: { users: { ...USERS, mailbox: { max: 1, whenFull: 'reject' } }, others: USERS },
      mailbox: { max: 2 },
    })
    const { signal } = new AbortController()
    const send = (bucket: 'users' | 'others'): Promise<unknown> =>
      store
        .bucket(bucket)
        .get('a', { signal })
        .then(
          () => 'answered',
          error => error.code,
        )
    expect(await Promise.all([send('users'), send('users'), send('others'), send('others'), send('others')])).toEqual([
      'answered',
      'OVERLOADED',
      'answered',
      'answered',
      'answered',
    ])
  })
})
