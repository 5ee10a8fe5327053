import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type LoneBucket, loneBucket, problemOf } from './bucket.harness.js'
import type { BucketDefinition, IndexDefinition } from './definition.js'
import { QueryError } from './errors.js'
import { type Filter, filterSpec, from, type Query } from './query.js'
import { Reader } from './reader.js'

function people(indexes: readonly IndexDefinition[], order: 'insertion' | 'key' = 'insertion'): LoneBucket & { readonly reader: Reader } {
  const definition: BucketDefinition = {
    key: 'id',
    order,
    schema: { id: { type: 'string', required: true }, role: { type: 'string' }, age: { type: 'number' }, born: { type: 'date' } },
    indexes,
  }
  const bucket = loneBucket(definition)
  return { ...bucket, reader: new Reader(bucket.image) }
}

const ids = (records: readonly { readonly id?: unknown }[]): unknown[] => records.map(({ id }) => id)
const rows = (reader: Reader, query: Query): unknown[] => ids(reader.rows(query.spec))

test('an ordered read leaves the index it came by in order', () => {
  const { reader, insert, remove, image } = people(['role'])
  for (const [id, age] of [
    ['a', 3],
    ['b', 1],
    ['c', 2],
  ] as const)
    insert({ id, age, role: 'x' })
  expect(rows(reader, from('things').where({ role: 'x' }).orderBy('age'))).toEqual(['b', 'c', 'a'])
  expect(problemOf(image)).toBeUndefined()
  expect(rows(reader, from('things').where({ role: 'x' }))).toEqual(['a', 'b', 'c'])
  remove('c')
  expect(rows(reader, from('things').where({ role: 'x' }))).toEqual(['a', 'b'])
})

test.each(['insertion', 'key'] as const)('no rows are asked for, in %s order: none are given, by every path', order => {
  const { reader, insert, remove } = people(['role', { fields: ['age'], sorted: true }], order)
  for (const id of ['d', 'c', 'b', 'a']) insert({ id, role: 'x', age: 1 })
  remove('c')
  const queries = [
    from('things'),
    from('things').where({ role: 'x' }),
    from('things').where({ age: { $gte: 1 } }),
    from('things').where({ id: 'a' }),
  ]
  for (const query of queries) {
    expect(rows(reader, query.limit(0))).toEqual([])
    expect(rows(reader, query.limit(0).orderBy('age'))).toEqual([])
    expect(rows(reader, query.limit(0).offset(2))).toEqual([])
    expect(reader.last(0, query.spec.where)).toEqual([])
  }
})

test('a first page out of many equal ones is in bucket order, after slots were reused', () => {
  const { reader, insert, remove } = people(['role'])
  for (let n = 0; n < 200; n++) insert({ id: `p${n}`, role: n % 2 === 0 ? 'x' : 'y' })
  for (let n = 0; n < 200; n += 6) remove(`p${n}`)
  for (let n = 0; n < 40; n++) insert({ id: `q${n}`, role: 'x' })
  const all = ids(reader.rows(filterSpec(undefined))).filter(id => reader.count({ id, role: 'x' } as Filter) === 1)
  for (const limit of [1, 31, 32, 33, 100]) expect(ids(reader.rows(filterSpec({ role: 'x' }, limit)))).toEqual(all.slice(0, limit))
  expect(ids(reader.last(5, { role: 'x' }))).toEqual(all.slice(-5))
})

test('a key that is a date is found by its instant, and ordered by it', () => {
  const { reader, insert, image } = (() => {
    const bucket = loneBucket({ key: 'day', order: 'key', schema: { day: { type: 'date' }, role: { type: 'string' } }, indexes: ['role'] })
    return { ...bucket, reader: new Reader(bucket.image) }
  })()
  for (const day of ['1970-01-03', 86_400_000, '1970-01-01T00:00:00Z', 0]) insert({ day, role: 'x' })
  const days = (filter?: Filter): unknown[] => reader.rows(filterSpec(filter)).map(({ day }) => day)
  expect(days()).toEqual(['1970-01-01T00:00:00Z', 0, 86_400_000, '1970-01-03'])
  expect(days({ role: 'x' })).toEqual(days())
  expect(days({ day: new Date(86_400_000) })).toEqual([86_400_000])
  expect(days({ day: 172_800_000 })).toEqual(['1970-01-03'])
  expect(days({ day: { $in: [new Date(0), 172_800_000] } })).toEqual(['1970-01-01T00:00:00Z', 0, '1970-01-03'])
  expect(problemOf(image)).toBeUndefined()
})

test('the list given is the caller’s: changing it changes nothing else', () => {
  const { reader, insert, image } = people(['role'])
  for (const id of ['a', 'b', 'c']) insert({ id, role: 'x' })
  for (const filter of [undefined, {}, { role: 'x' }, { id: 'a' }] as const) {
    const list = reader.rows(filterSpec(filter))
    list.reverse()
    list.length = 1
  }
  expect(ids(reader.rows(filterSpec({ role: 'x' })))).toEqual(['a', 'b', 'c'])
  expect(problemOf(image)).toBeUndefined()
})

describe('a compound index that is sorted', () => {
  const filled = (indexes: readonly IndexDefinition[]) => {
    const bucket = loneBucket({ key: 'id', schema: z.object({ id: z.string(), a: z.any(), b: z.any() }), indexes })
    const values = [1, 2, 'x', null, 1, 'x', 2, true]
    for (const [at, a] of values.entries()) bucket.insert({ id: `r${at}`, a, b: values[(at * 3) % values.length] })
    return new Reader(bucket.image)
  }
  const readers = [filled([{ fields: ['a', 'b'], sorted: true }]), filled([])] as const

  test('gives an order only when all its fields run the same way', () => {
    for (const [one, two] of [
      ['asc', 'asc'],
      ['asc', 'desc'],
      ['desc', 'asc'],
      ['desc', 'desc'],
    ] as const) {
      const query = from('things').orderBy('a', one).orderBy('b', two)
      for (const limited of [query, query.limit(3)]) expect(rows(readers[0], limited)).toEqual(rows(readers[1], limited))
    }
  })

  test('has no range between two types, and one of null alone', () => {
    for (const a of [
      { $gte: 1, $lte: 'x' },
      { $gte: null, $lte: 2 },
      { $gt: 1, $lt: true },
    ])
      expect(rows(readers[0], from('t').where({ a }))).toEqual([])
    for (const a of [{ $gte: null }, { $lte: null }, { $gte: null, $lte: null }])
      expect(rows(readers[0], from('t').where({ a }))).toEqual(['r3'])
    for (const a of [{ $gt: null }, { $lt: null }]) expect(rows(readers[0], from('t').where({ a }))).toEqual([])
    expect(rows(readers[0], from('t').where({ a: 1, b: { $gte: 1, $lte: 'x' } }))).toEqual([])
  })
})

describe('a filter that makes no sense is refused, its path told:', () => {
  const throwing = {
    get role(): string {
      throw Object.create(null)
    },
  }
  const cyclic: { [name: string]: unknown } = {}
  cyclic.self = cyclic
  let deep: object = {}
  for (let depth = 0; depth < 70; depth++) deep = { $and: [deep] }
  const cases: readonly (readonly [string, unknown, string])[] = [
    ['no object', 5, 'where'],
    ['null', null, 'where'],
    ['a list', [], 'where'],
    ['an unknown operator', { age: { $near: 1 } }, 'where.age.$near'],
    ['an operator of every object', { age: { $toString: 1 } }, 'where.age.$toString'],
    ['a field among operators', { age: { $gt: 1, lt: 2 } }, 'where.age.lt'],
    ['an unknown combination', { $nor: [] }, 'where.$nor'],
    ['$or without a list', { $or: {} }, 'where.$or'],
    ['$and of null', { $and: [{}, null] }, 'where.$and[1]'],
    ['$in without a list', { age: { $in: 1 } }, 'where.age.$in'],
    ['$in of a billion holes', { age: { $in: new Array(1e9) } }, 'where.age.$in'],
    ['a bad member of $in', { age: { $in: [1, Symbol('s')] } }, 'where.age.$in[1]'],
    ['NaN', { age: Number.NaN }, 'where.age'],
    ['a function', { age: () => 1 }, 'where.age'],
    ['a bigint', { age: { $gt: 1n } }, 'where.age.$gt'],
    ['a class instance', { age: new Map() }, 'where.age'],
    ['a cycle', { age: cyclic }, 'where.age'],
    ['a comparison with nothing', { age: { $gt: undefined } }, 'where.age.$gt'],
    ['a date field and no date', { born: 'tomorrow' }, 'where.born'],
    ['a date field and an invalid Date', { born: { $in: [new Date(Number.NaN)] } }, 'where.born.$in[0]'],
    ['a path', { 'role.name': 1 }, 'where.role.name'],
    ['__proto__', JSON.parse('{"__proto__": 1}'), 'where.__proto__'],
    ['constructor', { constructor: 1 }, 'where.constructor'],
    ['a reserved name', { _id: 1 }, 'where._id'],
    ['a getter that throws', throwing, 'where'],
    ['endless nesting', deep, `where${'.$and[0]'.repeat(64)}`],
    ['too many conditions', { $or: Array.from({ length: 1001 }, (_, age) => ({ age })) }, 'where.$or[1000]'],
  ]
  test.each(cases)('%s', (_, filter, path) => {
    const { reader, insert } = people(['role', { fields: ['age'], sorted: true }])
    insert({ id: 'a' })
    for (const read of [
      () => reader.rows(filterSpec(filter as Filter)),
      () => reader.count(filter as Filter),
      () => reader.last(1, filter as Filter),
    ]) {
      expect(read).toThrow(QueryError)
      expect(read).toThrow(expect.objectContaining({ code: 'QUERY', path }))
    }
  })
})

test('metadata can be asked for and ordered by', () => {
  const { reader, insert, update } = people([])
  for (const id of ['a', 'b']) insert({ id })
  update('a', { age: 1 })
  expect(ids(reader.rows(filterSpec({ _version: 2 })))).toEqual(['a'])
  expect(rows(reader, from('things').orderBy('_version', 'desc'))).toEqual(['a', 'b'])
})

test('a thousand conditions in one filter are answered in less than a second', () => {
  const { reader, insert } = people(['role', { fields: ['age'], sorted: true }])
  for (let n = 0; n < 100; n++) insert({ id: `p${n}`, role: `r${n % 5}`, age: n })
  const start = performance.now()
  expect(reader.count({ $or: Array.from({ length: 450 }, (_, age) => ({ age, role: 'r1' })) } as Filter)).toBe(20)
  expect(reader.count({ $and: Array.from({ length: 900 }, () => ({ role: { $in: ['r1', 'r2'] } })) } as Filter)).toBe(40)
  expect(performance.now() - start).toBeLessThan(1000)
})
