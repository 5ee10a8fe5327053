import { describe, expect, test } from 'vitest'
import { QueryError } from './errors.js'
import { checkCount, filterSpec, from } from './query.js'

test('a builder gives a query as data, and changes none it was made from', () => {
  const base = from('users').where({ role: 'admin' })
  const page = base.orderBy('age', 'desc').orderBy('name').limit(10).offset(5)
  expect(page.bucket).toBe('users')
  expect(page.spec).toEqual({
    where: { role: 'admin' },
    orderBy: [
      { field: 'age', isDescending: true },
      { field: 'name', isDescending: false },
    ],
    limit: 10,
    offset: 5,
  })
  expect(base.spec).toEqual({ where: { role: 'admin' }, orderBy: [], limit: Number.POSITIVE_INFINITY, offset: 0 })
  expect(base.where({ age: 1 }).spec.where).toEqual({ $and: [{ role: 'admin' }, { age: 1 }] })
  expect(page.limit(3).offset(0).spec).toMatchObject({ limit: 3, offset: 0 })
  expect(from('users').spec).toEqual(filterSpec(undefined))
})

describe('what makes no sense is refused where it is said', () => {
  const counts = [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '3', null, undefined, 1n, Symbol('s'), {}]

  test.each(counts)('a count of %o', count => {
    for (const [path, run] of [
      ['limit', () => from('u').limit(count as number)],
      ['offset', () => from('u').offset(count as number)],
      ['first', () => checkCount('first', count as number)],
    ] as const) {
      expect(run).toThrow(QueryError)
      expect(run).toThrow(expect.objectContaining({ path, code: 'QUERY' }))
      expect(run).toThrow(/must be a whole number, 0 or more/)
    }
  })

  test.each<readonly [unknown, unknown]>([
    [5, 'asc'],
    [undefined, 'asc'],
    ['a.b', 'asc'],
    ['list[0]', 'asc'],
    ['__proto__', 'asc'],
    ['_id', 'asc'],
    ['age', 'up'],
    ['age', null],
    ['age', 1n],
  ])('an order by %o, %o', (field, direction) => {
    const run = (): unknown => from('u').orderBy(field as string, direction as 'asc')
    expect(run).toThrow(QueryError)
    expect(run).toThrow(expect.objectContaining({ path: 'orderBy' }))
  })

  test('nothing, and all there is, can be asked for', () => {
    expect(from('u').limit(0).offset(0).spec).toMatchObject({ limit: 0, offset: 0 })
    expect(checkCount('last', Number.MAX_SAFE_INTEGER)).toBe(Number.MAX_SAFE_INTEGER)
    expect(from('u').orderBy('_updatedAt').orderBy('toString').spec.orderBy).toHaveLength(2)
  })
})
