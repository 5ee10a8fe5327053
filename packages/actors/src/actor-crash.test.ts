import { type Commit, ConflictError } from '@repertory/core'
import { describe, expect, it } from 'vitest'
import { codeOf, NOTES, outcomeOf, rig, USERS } from './store.harness.js'
import { crash } from './testing.js'

const two = (supervision = {}) => rig({ buckets: { users: USERS, notes: NOTES }, supervision })

/** Throws in the middle of the next commit: after so many of its changes are applied. */
async function tornRig(afterChanges: number, error: unknown = new Error('torn')) {
  const world = await two()
  const { database } = world.parts
  let left = afterChanges
  const arm = (): void => {
    left = afterChanges
    database.fault = point => {
      if (point !== 'apply' || --left > 0) return
      database.fault = undefined
      throw error
    }
  }
  return { ...world, arm }
}

describe('a crash inside apply', () => {
  it.each([1, 2, 3, 4, 5])(
    'after %i of five changes is undone: nothing of the commit stands, nor in indexes, counts or order',
    async changes => {
      const { store, arm, parts, faults } = await tornRig(changes)
      const { users } = store.buckets
      await users.insertMany([
        { id: 'a', age: 1, email: 'a@x' },
        { id: 'b', age: 1 },
      ])
      const before = await users.all()
      const events: unknown[] = []
      await store.on('*', event => events.push(event))
      const { seq } = parts.database
      arm()
      const list = ['v', 'w', 'x', 'y', 'z'].map(id => ({ id, age: 1, email: `${id}@x` }))
      await expect(users.insertMany(list)).rejects.toMatchObject({ code: 'ACTOR_CRASHED', executed: 'no', cause: { message: 'torn' } })
      await store.settle()
      expect(await users.all()).toEqual(before)
      expect((await users.all())[0]).toBe(before[0])
      expect([(await users.where({ age: 1 })).length, await users.count({ email: 'v@x' }), parts.database.seq]).toEqual([2, 0, seq])
      expect(events).toEqual([])
      expect(parts.database.image('users').verifyCounts()).toBe(undefined)
      expect(parts.database.image('users').verifySlots(0, 100)).toBe(undefined)
      await users.insertMany(list)
      expect((await users.all()).map(({ id }) => id)).toEqual(['a', 'b', 'v', 'w', 'x', 'y', 'z'])
      expect(faults).toEqual([])
    },
  )

  it.each(['update', 'delete', 'clear', 'insert'] as const)('of %s leaves the record, its place and its unique value', async verb => {
    const { store, arm, parts } = await tornRig(1)
    const { users } = store.buckets
    await users.insertMany([
      { id: 'a', age: 1, email: 'a@x' },
      { id: 'b', age: 2, email: 'b@x' },
      { id: 'c', age: 3 },
    ])
    const before = await users.all()
    arm()
    const call = {
      update: () => users.update('b', { age: 9, email: 'new@x' }),
      delete: () => users.delete('b'),
      clear: () => users.clear(),
      insert: () => users.insert({ id: 'd' }),
    }[verb]
    await expect(call()).rejects.toMatchObject({ code: 'ACTOR_CRASHED' })
    expect(await users.all()).toEqual(before)
    expect(await users.where({ age: 2 })).toEqual([before[1]])
    await expect(users.insert({ id: 'e', email: 'b@x' })).rejects.toMatchObject({ code: 'UNIQUE_CONSTRAINT' })
    await users.insert({ id: 'f', email: 'new@x' })
    expect(parts.database.image('users').verifySlots(0, 100)).toBe(undefined)
    expect(store.deadLetters.map(({ bucket, verb: of }) => `${bucket} ${of}`)).toEqual([`users ${verb}`])
  })

  it('with an error that looks like a refusal is a crash all the same, and undone', async () => {
    const { store, arm } = await tornRig(2, new ConflictError('users', 'a', 1, 2))
    const { users } = store.buckets
    arm()
    await expect(users.insertMany([{ id: 'a' }, { id: 'b' }, { id: 'c' }])).rejects.toMatchObject({ code: 'ACTOR_CRASHED' })
    expect(await users.count()).toBe(0)
    await users.insert({ id: 'a' })
  })

  it('does not make a subscriber run for ever', async () => {
    const { store, arm } = await tornRig(1)
    let runs = 0
    store.defineQuery('all', async ctx => {
      runs++
      return ctx.bucket('users').all()
    })
    await store.subscribe('all', () => undefined)
    arm()
    await store.buckets.users.insert({ id: 'a' }).catch(() => 'crashed')
    await store.settle()
    expect(runs).toBe(1)
    await store.buckets.users.insert({ id: 'b' })
    await store.settle()
    expect(runs).toBe(2)
  })

  it('that cannot even be undone fails the bucket alone; the caller is answered and the process lives', async () => {
    const { store, arm, parts, faults } = await tornRig(1)
    const { users, notes } = store.buckets
    const { database } = parts
    const repair = database.repair.bind(database)
    database.repair = () => {
      database.repair = repair
      database.repair()
      throw new Error('no way back')
    }
    arm()
    const waiting = [users.insert({ id: 'a' }), users.get('a', { signal: new AbortController().signal })]
    expect(await Promise.all(waiting.map(outcomeOf))).toEqual(['ACTOR_CRASHED', 'CORRUPT'])
    await expect(users.get('a')).rejects.toMatchObject({ code: 'CORRUPT' })
    expect(store.health()).toMatchObject({ store: 'degraded', actors: { users: { state: 'failed' }, notes: { state: 'serving' } } })
    expect(faults.map(({ source }) => source)).toEqual(['bucket users'])
    await notes.insert({ text: 'lives' })
  })
})

describe('a crash outside apply', () => {
  it('at check: the caller is told once, nothing is touched, the next call is served', async () => {
    const { store } = await two()
    const { users } = store.buckets
    await users.insert({ id: 'a' })
    crash(store, 'users', new Error('boom'), { at: 'check' })
    await expect(users.update('a', { age: 1 })).rejects.toMatchObject({
      code: 'ACTOR_CRASHED',
      message: 'Actor "users" crashed on this message, which is not run again: boom',
    })
    expect(await users.get('a')).toMatchObject({ _version: 1 })
    expect(store.health().actors.users).toMatchObject({ state: 'serving', restarts: 1, lastError: { message: 'boom' } })
  })

  it('between two messages: waiting calls are answered after the restart, in order, once', async () => {
    const { store, clock } = await two()
    const { users } = store.buckets
    crash(store, 'users')
    crash(store, 'users')
    expect(store.health().actors.users!.state).toBe('waiting')
    const answers: string[] = []
    const calls = ['a', 'b', 'c'].map(id => users.insert({ id }).then(() => answers.push(id)))
    await clock.advance(89)
    expect(answers).toEqual([])
    await clock.advance(22)
    await Promise.all(calls)
    expect(answers).toEqual(['a', 'b', 'c'])
  })

  it('a waiting call whose deadline comes first is answered at its deadline and not run later', async () => {
    const { store, clock } = await two()
    const { users } = store.buckets
    crash(store, 'users')
    crash(store, 'users')
    const short = users.insert({ id: 'short' }, { timeoutMs: 50 }).catch(codeOf)
    const long = users.insert({ id: 'long' })
    await clock.advance(50)
    expect([await short, await outcomeOf(long)]).toEqual(['DEADLINE', 'pending'])
    await clock.advance(100)
    await long
    expect((await users.all()).map(({ id }) => id)).toEqual(['long'])
  })

  it('rebuilds what derives from the records when counts or fingerprint do not agree', async () => {
    const { store, parts } = await two()
    const { users } = store.buckets
    await users.insertMany([
      { id: 'a', age: 1 },
      { id: 'b', age: 1 },
    ])
    parts.database.image('users').slots.delete('a')
    expect(await users.get('a')).toBe(undefined)
    crash(store, 'users')
    expect(await users.get('a')).toMatchObject({ id: 'a' })
    expect(await users.count({ age: 1 })).toBe(2)
  })

  it('then verifies everything in slices behind, mends what is wrong and says so', async () => {
    const { store, parts, clock, faults } = await two()
    const { users } = store.buckets
    await users.insertMany(Array.from({ length: 2000 }, (_, at) => ({ id: `u${at}`, age: at })))
    const image = parts.database.image('users')
    image.indexes[1]!.remove(1900, image.records[1900]!)
    expect(await users.count({ age: 1900 })).toBe(0)
    crash(store, 'users')
    await clock.advance(0)
    expect(await users.count({ age: 1900 })).toBe(1)
    expect(faults.map(({ error }) => (error as Error).message)).toEqual([
      'after a restart index age does not hold key "u1900"; keys and indexes were rebuilt from the records',
    ])
  })

  it('many times is verified behind once, not once a crash', async () => {
    const { store, parts, clock } = await two({ restartsMax: 1000, backoffMinMs: 0, backoffMaxMs: 0 })
    await store.buckets.users.insertMany(Array.from({ length: 5000 }, (_, at) => ({ id: `u${at}` })))
    const image = parts.database.image('users')
    const verify = image.verifySlots.bind(image)
    let slices = 0
    image.verifySlots = (from, length) => {
      slices++
      return verify(from, length)
    }
    for (let at = 0; at < 100; at++) {
      crash(store, 'users')
      await clock.advance(1)
    }
    slices = 0
    for (let at = 0; at < 100; at++) crash(store, 'users')
    await clock.advance(1000)
    expect(slices).toBeLessThanOrEqual(2 * 10)
  })

  it('a failing verification is a crash, not the end of the process', async () => {
    const { store, parts, clock } = await two()
    await store.buckets.users.insert({ id: 'a' })
    const image = parts.database.image('users')
    image.verifySlots = () => {
      Reflect.deleteProperty(image, 'verifySlots')
      throw new Error('unreadable')
    }
    crash(store, 'users')
    await clock.advance(1000)
    expect(store.health().actors.users).toMatchObject({ state: 'serving', restarts: 2, lastError: { message: 'unreadable' } })
    expect(await store.buckets.users.count()).toBe(1)
  })
})

describe('past the intensity', () => {
  it('calls are refused at once until the back-off, then one probe serves and a clean window closes the circuit', async () => {
    const { store, clock } = await two()
    const { users, notes } = store.buckets
    await users.insert({ id: 'a' })
    const state = (): string => store.health().actors.users!.state
    for (let at = 0; at < 4; at++) {
      crash(store, 'users', new Error(`boom ${at}`))
      if (at < 3) await clock.advance(250)
    }
    expect(state()).toBe('open')
    expect(await outcomeOf(users.get('a'))).toBe('UNAVAILABLE')
    await expect(users.get('a')).rejects.toMatchObject({
      message: expect.stringMatching(/^Bucket "users" crashed too often and rests; it tries again in \d+ ms$/),
      executed: 'no',
      cause: { message: 'boom 3' },
    })
    expect(store.health().store).toBe('degraded')
    await notes.insert({ text: 'others serve' })
    await clock.advance(1000)
    expect(state()).toBe('probing')
    expect(await users.get('a')).toMatchObject({ id: 'a' })
    await clock.advance(5000)
    expect([state(), store.health().store]).toEqual(['serving', 'ready'])
  })

  it('calls that waited when the circuit opened are refused at once, with the reason', async () => {
    const { store, clock } = await two()
    const { users } = store.buckets
    crash(store, 'users')
    crash(store, 'users')
    const waiting = users.insert({ id: 'a' })
    await clock.advance(99)
    expect(await outcomeOf(waiting)).toBe('pending')
    await clock.advance(1)
    expect(await waiting).toMatchObject({ id: 'a' })
    crash(store, 'users')
    const late = users.insert({ id: 'b' })
    await clock.advance(200)
    await late
    crash(store, 'users')
    expect(await outcomeOf(users.insert({ id: 'c' }))).toBe('UNAVAILABLE')
    expect(await outcomeOf(users.insert({ id: 'd' }, { signal: new AbortController().signal }))).toBe('UNAVAILABLE')
  })
})

it('a fault of one bucket is heard by nobody else: the commits of the others go on in order', async () => {
  const { store, clock } = await two()
  const seqs: number[] = []
  await store.on('bucket.notes.*', ({ seq }: { seq: Commit['seq'] }) => seqs.push(seq))
  for (let at = 0; at < 50; at++) {
    crash(store, 'users')
    await store.buckets.notes.insert({ text: String(at) })
    if (at % 10 === 0) await clock.advance(100)
  }
  await store.settle()
  expect(seqs).toEqual(Array.from({ length: 50 }, (_, at) => at + 1))
})
