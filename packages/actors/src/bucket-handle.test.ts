import { from } from '@repertory/core'
import { describe, expect, it } from 'vitest'
import { NOTES, rig, USERS } from './store.harness.js'

const { proxy: revoked, revoke } = Proxy.revocable({}, {})
revoke()
const cyclic: { self?: unknown } = {}
cyclic.self = cyclic
const throwing = new Proxy([], {
  get() {
    throw new Error('unreadable')
  },
})

/** What nobody should pass, and somebody will. */
const GARBAGE: readonly unknown[] = [
  ...[undefined, null, 0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '', 'x', '\0', '\ud800', true, 7n, Symbol('s'), () => 1],
  ...[[], [1], [undefined], [null], [{ id: 'q' }, revoked], {}, { a: undefined }, { $gt: 1 }, { id: { $gt: {} } }, { id: { $in: 5 } }],
  ...[{ id: { $nope: 1 } }, { $or: 5 }, { $and: [5] }, { $or: [null] }, { id: Symbol('s') }, { id: 1n }, { id: revoked }, { id: cyclic }],
  ...[revoked, cyclic, throwing, new Date(Number.NaN), new Map(), Object.create(null), JSON.parse('{"__proto__": {"id": 1}}')],
  {
    get id() {
      throw Object.create(null)
    },
  },
  { id: 'y', age: { toJSON: () => revoked } },
]

type Call = (...given: never[]) => Promise<unknown>

describe('whatever a caller passes', () => {
  it.each([false, true])('a call rejects and never throws, and no actor dies of it (waiting: %s)', async isWaiting => {
    const { store } = await rig({ buckets: { users: { ...USERS, order: 'key' }, notes: NOTES } })
    await store.buckets.users.insert({ id: 'a', age: 1 })
    const problems: string[] = []
    for (const bucket of ['users', 'notes'] as const) {
      const handle = store.bucket(bucket)
      const verbs = [
        'insert',
        'insertMany',
        'update',
        'delete',
        'clear',
        'get',
        'getMany',
        'all',
        'where',
        'findOne',
        'count',
        'first',
        'last',
      ] as const
      for (const [at, garbage] of GARBAGE.entries()) {
        if (isWaiting) void handle.count(undefined, { signal: new AbortController().signal })
        const calls = verbs.map(verb => [verb, () => (handle[verb] as Call).call(handle, garbage as never, undefined as never)] as const)
        calls.push(
          ['update', () => handle.update('a' as never, garbage as never)],
          ['insert', () => handle.insert({ id: 'a' } as never, garbage as never)],
        )
        for (const [verb, call] of calls) {
          try {
            await call().catch(error => {
              if (error?.code === 'ACTOR_CRASHED') problems.push(`${bucket}.${verb} with garbage ${at}: ${error.message}`)
            })
          } catch (thrown) {
            problems.push(`${bucket}.${verb} threw with garbage ${at}: ${String(thrown)}`)
          }
        }
        await store.query(garbage as never).catch(() => 'refused')
        const built = [() => from(bucket).where(garbage as never), () => from(bucket).limit(garbage as never), () => from(garbage as never)]
        for (const build of built)
          await Promise.resolve()
            .then(build)
            .then(query => store.query(query))
            .catch(() => 'refused')
      }
    }
    expect([problems, store.deadLetters, store.health().store]).toEqual([[], [], 'ready'])
  })
})

describe('verbs', () => {
  it('that take a list say so', async () => {
    const { store } = await rig({ buckets: { users: USERS } })
    const { users } = store.buckets
    await expect(users.insertMany('ab' as never)).rejects.toMatchObject({
      code: 'OPTION',
      message: 'insertMany on "users" takes a list, not ab',
    })
    await expect(users.getMany(new Set(['a']) as never)).rejects.toMatchObject({ code: 'OPTION', option: 'list' })
    expect([await users.insertMany([]), await users.getMany([])]).toEqual([[], []])
  })

  it('answer in the order of what they were given', async () => {
    const { store } = await rig({ buckets: { users: USERS } })
    const { users } = store.buckets
    const inserted = await users.insertMany([{ id: 'b' }, { id: 'a' }])
    expect(inserted.map(({ id }) => id)).toEqual(['b', 'a'])
    expect(await users.getMany(['a', 'x', 'b', 'a'])).toEqual([inserted[1], undefined, inserted[0], inserted[1]])
    expect([await users.first(1), await users.last(1), await users.first(0)]).toEqual([[inserted[0]], [inserted[1]], []])
    await expect(users.first(-1)).rejects.toMatchObject({ code: 'QUERY', path: 'first' })
    await expect(users.last(0.5)).rejects.toMatchObject({ code: 'QUERY', path: 'last' })
  })

  it('that find nothing say undefined, an empty list, 0', async () => {
    const { store } = await rig({ buckets: { users: USERS } })
    const { users } = store.buckets
    expect([await users.get('x'), await users.findOne({ age: 1 }), await users.where({ age: 1 }), await users.count()]).toEqual([
      undefined,
      undefined,
      [],
      0,
    ])
    expect(await users.delete('x')).toBe(undefined)
  })

  it('of a handle print what it is, not what it holds', async () => {
    const { store } = await rig({ buckets: { users: USERS } })
    await store.buckets.users.insert({ id: 'secret' })
    expect(String(store.buckets.users)).toBe('[object bucket users]')
  })
})
