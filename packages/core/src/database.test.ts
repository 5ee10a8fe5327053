import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { StoredRecord } from './backend.js'
import { createDatabase, defineBucket, loneBucket, problemOf, recordsOf } from './bucket.harness.js'
import type { BucketImage } from './bucket-image.js'
import { changesOf } from './commit.js'
import { RefusedRecords } from './database.js'
import type { BucketDefinition } from './definition.js'
import { BucketAlreadyExistsError, BucketNotDefinedError, CorruptError, UniqueConstraintError, ValidationError } from './errors.js'
import type { StoreRecord } from './value.js'
import type { Write } from './write.js'

const people: BucketDefinition = {
  key: 'id',
  schema: { id: { type: 'string', required: true }, n: { type: 'number', unique: true } },
  indexes: ['n'],
}

describe('the buckets of a database', () => {
  test('have one name each, and are known by it', () => {
    const database = createDatabase()
    const image = defineBucket(database, 'a', people)
    expect(database.image('a')).toBe(image)
    expect(() => defineBucket(database, 'a', people)).toThrow(BucketAlreadyExistsError)
    expect(() => database.image('b')).toThrow(BucketNotDefinedError)
    expect([...database.images()]).toEqual([image])
    database.forget('a')
    expect(() => database.image('a')).toThrow(/Bucket "a" is not defined/)
    expect(database.lastSeqOf('a')).toBe(0)
    expect(() => defineBucket(database, 'a', people)).not.toThrow()
  })

  test('share one order of commits, which goes on after what a backend holds', () => {
    const database = createDatabase()
    database.resumeAt(41)
    const [a, b] = ['a', 'b'].map(name => defineBucket(database, name, people)) as [BucketImage, BucketImage]
    const insert = (image: BucketImage, id: string): Write => ({ type: 'insert', image, data: { id } })
    expect(database.commit([insert(a, 'x')], 5)).toMatchObject({ seq: 42, at: 5 })
    expect(database.commit([insert(b, 'x'), insert(a, 'y')], 3)).toMatchObject({
      seq: 43,
      at: 5,
      changes: [{ bucket: 'b' }, { bucket: 'a' }],
    })
    expect(database.commit([], 9)).toBeUndefined()
    expect([database.seq, database.lastSeqOf('a'), database.lastSeqOf('b')]).toEqual([43, 43, 43])
    expect(a.get('y')).toMatchObject({ _createdAt: 5, _updatedAt: 5 })
  })
})

test('a commit says who made it and why, and names each record once', () => {
  const { database, image } = loneBucket(people)
  const writes: Write[] = [
    { type: 'insert', image, data: { id: 'a' } },
    { type: 'update', image, key: 'a', patch: { n: 1 }, expect: 1 },
    { type: 'insert', image, data: { id: 'b' } },
    { type: 'delete', image, key: 'b', expect: undefined },
  ]
  const commit = database.commit(writes, 1, { by: 'ann', reason: 'because', correlationId: 'c' })!
  expect(commit).toMatchObject({
    seq: 1,
    changes: [{ type: 'inserted', key: 'a', cause: 'write', before: undefined, after: { n: 1, _version: 2 } }],
  })
  expect(commit.attribution).toEqual({ by: 'ann', reason: 'because', correlationId: 'c' })
  expect(commit.changes).toHaveLength(1)
})

test('a record that comes, goes and comes again within a commit comes last', () => {
  const { database, image } = loneBucket(people)
  const insert = (id: string): Write => ({ type: 'insert', image, data: { id } })
  const remove = (key: string): Write => ({ type: 'delete', image, key, expect: undefined })
  database.commit([remove('c'), insert('a'), insert('b'), insert('c'), remove('a'), insert('d'), insert('a')], 1)
  expect(recordsOf(image).map(({ id }) => id)).toEqual(['b', 'c', 'd', 'a'])
  database.commit([remove('b'), insert('e'), insert('b')], 1)
  expect(recordsOf(image).map(({ id, _version }) => `${id}${_version}`)).toEqual(['b1', 'c1', 'd1', 'a1', 'e1'])
})

test('unique values may be swapped, and passed on, within one commit', () => {
  const { database, image } = loneBucket(people)
  const update = (key: string, n: number | null): Write => ({ type: 'update', image, key, patch: { n }, expect: undefined })
  for (const [at, id] of ['a', 'b', 'c'].entries()) database.commit([{ type: 'insert', image, data: { id, n: at } }], 1)
  database.commit([update('a', 1), update('b', 0)], 1)
  database.commit(
    [
      { type: 'insert', image, data: { id: 'd', n: 2 } },
      { type: 'delete', image, key: 'c', expect: undefined },
    ],
    1,
  )
  expect(recordsOf(image).map(({ id, n }) => `${id}${n}`)).toEqual(['a1', 'b0', 'd2'])
  expect(problemOf(image)).toBeUndefined()
  expect(() => database.commit([update('a', 0), update('b', 0)], 1)).toThrow(UniqueConstraintError)
  expect(() => database.commit([update('a', 0)], 1)).toThrow(UniqueConstraintError)
  database.commit([update('a', null), update('b', null)], 1)
})

describe('clear', () => {
  const definition: BucketDefinition = { key: 'id', schema: { id: { type: 'number', generated: 'autoincrement' } } }

  test('is one commit that names every record; autoincrement goes on', () => {
    const { database, image, insert } = loneBucket(definition)
    expect(database.clear(image, 1, 'cleared')).toBeUndefined()
    const records = [insert({}), insert({})]
    const commit = database.clear(image, 7, 'cleared', { by: 'ann' })!
    expect(commit).toMatchObject({ seq: 3, at: 7, changes: [], attribution: { by: 'ann' } })
    expect([...changesOf(commit)].map(({ type, key, before, after, cause }) => [type, key, before, after, cause])).toEqual([
      ['deleted', 1, records[0], undefined, 'cleared'],
      ['deleted', 2, records[1], undefined, 'cleared'],
    ])
    expect([image.count, image.fingerprint]).toEqual([0, 0])
    expect(insert({}).id).toBe(3)
  })

  test('that crashes after it was done is taken back, and what is saved afterwards is everything', () => {
    const { database, image, insert, remove } = loneBucket(definition)
    for (let n = 0; n < 5; n++) insert({})
    image.clean(database.seq)
    remove(2)
    insert({})
    database.fault = point => {
      if (point === 'apply') throw new Error('crash')
    }
    expect(() => database.clear(image, 1, 'cleared')).toThrow('crash')
    database.fault = undefined
    expect(database.isInterrupted).toBe(true)
    database.repair()
    const [cut] = database.cut(['things'])
    expect([cut!.cleared, cut!.deletes, cut!.puts.map(({ record }) => record.id), cut!.count]).toEqual([false, [2], [6], 5])
    expect(problemOf(image)).toBeUndefined()
  })
})

describe('a cut', () => {
  test('never both puts and deletes a key', () => {
    const { database, insert, remove } = loneBucket(people)
    insert({ id: 'a' })
    insert({ id: 'b' })
    remove('a')
    insert({ id: 'a', n: 2 })
    remove('b')
    const [cut] = database.cut(['things'])
    expect([cut!.deletes, cut!.puts.map(({ record }) => record.id)]).toEqual([['b'], ['a']])
  })

  test('is empty for a bucket that no backend holds, and for one that is saved', () => {
    const kept = loneBucket(people, false)
    kept.insert({ id: 'a' })
    expect(kept.database.cut(['things'])).toEqual([])
    const { database, image, insert } = loneBucket(people)
    insert({ id: 'a' })
    image.clean(database.seq)
    expect(database.cut(['things', 'unknown'])).toEqual([])
  })
})

describe('loading', () => {
  const meta = { _version: 1, _createdAt: 1, _updatedAt: 1 }
  const stored = (ord: number, record: object): StoredRecord => ({ record: { ...meta, ...record } as StoreRecord, ord, seq: 1 })
  const load = (records: readonly StoredRecord[], definition = people, refused: RefusedRecords | undefined = undefined): BucketImage => {
    const { database, image } = loneBucket(definition)
    database.load(image, records, { isChecked: refused !== undefined, refused: refused ?? new RefusedRecords() })
    image.rebuild()
    return image
  }

  test('gives the records in the order of their ords, whatever order they come in', () => {
    const image = load([stored(3, { id: 'c' }), stored(1, { id: 'a', extra: [1] }), stored(2, { id: 'b', n: 5, _expiresAt: 9 })])
    expect(recordsOf(image)).toEqual([
      { id: 'a', extra: [1], ...meta },
      { id: 'b', n: 5, _expiresAt: 9, ...meta },
      { id: 'c', ...meta },
    ])
    expect(image.next).toEqual({ ord: 4, autoincrement: 1 })
    expect(image.unsaved!.isEmpty).toBe(true)
    expect(problemOf(image)).toBeUndefined()
  })

  test.each([
    ['no metadata', { id: 'a', _version: undefined }],
    ['metadata of another type', { id: 'a', _createdAt: '1' }],
    ['an expiry that is none', { id: 'a', _expiresAt: 'soon' }],
    ['no key', {}],
    ['a bad key', { id: '' }],
    ['a field name that cannot be', JSON.parse('{"id": "a", "__proto__": {"isAdmin": true}}')],
  ])('stops at a record with %s: it is damaged', (_, record) => {
    const bare = { record: Object.defineProperties({ ...meta }, Object.getOwnPropertyDescriptors(record)) as StoreRecord, ord: 1, seq: 1 }
    expect(() => load([bare])).toThrow(CorruptError)
  })

  test('stops at a key that comes twice', () => {
    expect(() => load([stored(1, { id: 'a' }), stored(2, { id: 'a' })])).toThrow(/two stored records have the key "a"/)
  })

  test('stops at records that share what must be unique today', () => {
    const records = [stored(1, { id: 'a', n: 1 }), stored(2, { id: 'b', n: 2 }), stored(3, { id: 'c', n: 1 })]
    expect(() => load(records)).toThrow(UniqueConstraintError)
    const pairs: BucketDefinition = {
      key: 'id',
      schema: { id: { type: 'string' }, n: { type: 'number' } },
      indexes: [{ fields: ['n', 'id'], unique: true }],
    }
    expect(load(records, pairs).count).toBe(3)
  })

  test('checks against the schema of today when asked, and tells what it refuses', () => {
    for (const schema of [
      { id: { type: 'string' }, n: { type: 'number', min: 2, required: true } },
      z.object({ id: z.string(), n: z.number().min(2) }),
    ] as const) {
      const refused = new RefusedRecords()
      load([stored(1, { id: 'a', n: 1 }), stored(2, { id: 'b', n: 2 }), stored(3, { id: 'c' })], { key: 'id', schema }, refused)
      expect(() => refused.throwIfAny('things')).toThrow(ValidationError)
      expect(() => refused.throwIfAny('things')).toThrow(
        /2 stored records do not satisfy the schema: "a" \(n .*\), "c" \(n .*\); nothing was changed/,
      )
    }
    expect(() => new RefusedRecords().throwIfAny('things')).not.toThrow()
  })
})

describe('verification finds', () => {
  const broken = (damage: (image: BucketImage) => void): string | undefined => {
    const bucket = loneBucket(people)
    for (const [at, id] of ['a', 'b', 'c'].entries()) bucket.insert({ id, n: at })
    expect(problemOf(bucket.image)).toBeUndefined()
    damage(bucket.image)
    return problemOf(bucket.image)
  }
  const other = (n: number): StoreRecord => Object.freeze({ id: 'b', n, _version: 1, _createdAt: 1, _updatedAt: 1 })

  test.each<readonly [string, (image: BucketImage) => void, RegExp]>([
    ['a record that is gone', image => (image.records[1] = undefined), /2 records but 3 keys/],
    ['a key that is gone', image => image.slots.delete('b'), /3 records but 2 keys/],
    ['a key that leads elsewhere', image => image.slots.set('b', 0), /key "b" does not lead to its record/],
    ['a version that no commit made', image => (image.seqs[1] = 9), /fingerprint/],
    ['a place that was changed', image => (image.ords[1] = 9), /fingerprint/],
    ['a record that was exchanged', image => (image.records[1] = other(5)), /index n unique does not hold key "b"/],
    ['an index that lost a record', image => image.indexes[1]!.remove(1, image.records[1]!), /index n does not hold key "b"/],
  ])('%s', (_, damage, problem) => {
    expect(broken(damage)).toMatch(problem)
  })

  test('nothing after everything was rebuilt', () => {
    expect(
      broken(image => {
        image.slots.clear()
        for (const index of image.indexes) index.clear()
        image.rebuild()
      }),
    ).toBeUndefined()
  })
})
