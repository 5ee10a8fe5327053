import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyValue } from './any-value.harness.js'
import { loneBucket } from './bucket.harness.js'
import { copyValue, isPlainObject, nameProblem } from './copy-value.js'
import type { Issue } from './errors.js'
import { runs } from './property-runs.harness.js'
import { StoredDate, type Value } from './value.js'

function copied(input: unknown): { readonly value: Value | undefined; readonly issues: readonly Issue[] } {
  const issues: Issue[] = []
  return { value: copyValue(input, 'f', issues), issues }
}

/** Every object in a value, itself included. */
function objectsIn(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return []
  return [value, ...Object.values(value).flatMap(objectsIn)]
}

test('what comes out equals what went in, is frozen through and through, and shares no object with it', () => {
  fc.assert(
    fc.property(anyValue, input => {
      const { value, issues } = copied(input)
      expect(issues).toEqual([])
      expect(value).toEqual(input)
      const mine = new Set(objectsIn(input))
      for (const object of objectsIn(value)) {
        expect(Object.isFrozen(object)).toBe(true)
        expect(mine.has(object)).toBe(false)
        if (object instanceof Date) expect(object).toBeInstanceOf(StoredDate)
      }
    }),
    runs(600),
  )
})

test('the path of a refusal leads to the value', () => {
  const paths = (input: unknown): string[] => copied(input).issues.map(({ field }) => field)
  expect(paths({ a: [{ b: [1, () => 1] }] })).toEqual(['f.a[0].b[1]'])
  expect(paths([1, [2, undefined]])).toEqual(['f[1][1]'])
  expect(paths({ a: { __proto__: null, _b: 1 } })).toEqual(['f.a._b'])
  expect(paths(Number.NaN)).toEqual(['f'])
})

describe('a name of a field', () => {
  test.each([
    'a',
    '',
    ' ',
    'a b',
    'toString',
    'hasOwnProperty',
    '\u{1F600}',
    "it's",
    '"',
    '\n',
    '\u2028',
    'a_',
    'a$',
    '1',
    'protos',
    'Constructor',
    '/',
    '\\',
  ])('may be %o', name => {
    expect(nameProblem(name)).toBeUndefined()
  })

  test.each([
    '_',
    '_id',
    '$',
    '$set',
    '__proto__',
    'constructor',
    'prototype',
    'a.b',
    '.',
    'a[0]',
    '[',
    ']',
    '\0',
    'a\0',
    '\uD800',
    '\uDC00a',
  ])('may not be %o', name => {
    expect(nameProblem(name)).toMatch(/^the field name /)
  })
})

test('plain is what a literal makes, or no prototype at all', () => {
  class Point {}
  const plain = [{}, Object.create(null), Object.create(Object.create(null)), new Proxy({}, {})]
  const not = [
    null,
    undefined,
    1,
    'x',
    [],
    new Point(),
    new Date(),
    new Map(),
    () => 1,
    Object.create({}),
    Object.create(new Point()),
    Object('x'),
  ]
  expect(plain.map(isPlainObject)).toEqual([true, true, true, true])
  expect(not.map(isPlainObject)).toEqual(not.map(() => false))
})

describe('nobody changes the store by a reference they hold:', () => {
  const schema = {
    id: { type: 'string', required: true },
    at: { type: 'date' },
    list: { type: 'array' },
    tree: { type: 'object' },
  } as const
  const filled = () => {
    const input = { id: 'a', at: new Date(5), list: [{ n: 1 }], tree: { deep: [1] }, extra: { more: [1] } }
    const bucket = loneBucket({ key: 'id', schema, indexes: [{ fields: ['list'], unique: true }] })
    return { input, bucket, record: bucket.insert(input) }
  }
  const untouched = {
    id: 'a',
    at: new Date(5),
    list: [{ n: 1 }],
    tree: { deep: [1] },
    extra: { more: [1] },
    _version: 1,
    _createdAt: 1,
    _updatedAt: 1,
  }

  test('the input of an insert', () => {
    const { input, record } = filled()
    input.at.setTime(0)
    input.list[0]!.n = 2
    input.list.push({ n: 3 })
    input.tree.deep.length = 0
    input.extra.more[0] = 9
    Object.assign(input, { id: 'b' })
    expect(record).toEqual(untouched)
  })

  test('the patch of an update', () => {
    const { bucket } = filled()
    const patch = { at: new Date(7), list: [{ n: 5 }], more: { deep: [1] } }
    const record = bucket.update('a', patch)
    patch.at.setTime(0)
    patch.list[0]!.n = 6
    patch.more.deep.push(2)
    expect(record).toMatchObject({ at: new Date(7), list: [{ n: 5 }], more: { deep: [1] } })
  })

  test('the record returned', () => {
    const { bucket, record } = filled()
    const open = record as unknown as { id: string; at: Date; list: { n: number }[]; tree: { deep: number[] } }
    const attempts: (() => unknown)[] = [
      () => (open.id = 'b'),
      () => Reflect.deleteProperty(open, 'id') || Reflect.defineProperty(open, 'x', { value: 1 }) || Reflect.setPrototypeOf(open, {}),
      () => open.at.setTime(0),
      () => open.list.push({ n: 2 }),
      () => open.list.sort(() => -1).reverse(),
      () => (open.list[0]!.n = 2),
      () => open.tree.deep.splice(0),
      () => Object.assign(open.tree, { more: 1 }),
    ]
    for (const attempt of attempts) {
      try {
        attempt()
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError)
      }
    }
    expect(bucket.image.get('a')).toEqual(untouched)
  })

  test('a value of one record that is put into another', () => {
    const { bucket, record } = filled()
    const other = bucket.insert({ id: 'b', list: [], tree: record.tree, at: record.at })
    expect([other.tree, other.at]).toEqual([record.tree, record.at])
    expect(bucket.update('b', { tree: null }).tree).toBeNull()
    expect(bucket.image.get('a')).toEqual(untouched)
  })

  test('a getter that hands out the same object', () => {
    const shared = { n: 1 }
    const { bucket } = filled()
    const input = {
      id: 'c',
      list: [5],
      get tree(): object {
        return shared
      },
    }
    const record = bucket.insert(input)
    shared.n = 2
    expect(record.tree).toEqual({ n: 1 })
  })
})

test('a record may have thousands of undeclared fields, and many sets of them', () => {
  const bucket = loneBucket({ key: 'id', schema: { id: { type: 'string', required: true } } })
  const fields = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`field ${n}`, n]))
  expect(bucket.insert({ id: 'many', ...fields })).toEqual({ id: 'many', ...fields, _version: 1, _createdAt: 1, _updatedAt: 1 })
  expect(bucket.update('many', { 'field 7': undefined, late: 1 })).toMatchObject({ 'field 8': 8, late: 1, _version: 2 })
  for (let n = 0; n < 100; n++) expect(bucket.insert({ id: `k${n}`, [`x${n}`]: n })[`x${n}`]).toBe(n)
  expect(bucket.update('k99', { x99: 5, more: 1 })).toMatchObject({ x99: 5, more: 1, _version: 2 })
})
