import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { compileSchema } from './compile-schema.js'
import { type BucketDefinition, checkDefinition, orderOf, refuseUnknownOptions } from './definition.js'
import { OptionError } from './errors.js'
import { shapeOf } from './shape.js'

const good: BucketDefinition = { key: 'id', schema: { id: { type: 'string' }, a: { type: 'number' }, b: { type: 'string', unique: true } } }

function shape(definition: Partial<BucketDefinition>): ReturnType<typeof shapeOf> {
  const whole = { ...good, ...definition }
  checkDefinition('things', whole)
  return shapeOf('things', whole, compileSchema('things', whole))
}

function refusal(run: () => unknown): OptionError {
  try {
    run()
  } catch (error) {
    if (error instanceof OptionError) return error
    throw error
  }
  throw new Error('was not refused')
}

describe('the name of a bucket', () => {
  test.each(['a', 'Users', 'a:b-c_1', 'x'.repeat(128)])('may be %s', name => {
    expect(() => checkDefinition(name, good)).not.toThrow()
  })

  test.each<unknown>([
    '',
    '1a',
    '$system',
    '_a',
    'a b',
    'a.b',
    'ä',
    'a/b',
    '__proto__',
    'x'.repeat(129),
    5,
    null,
    undefined,
    1n,
    Symbol('s'),
    {},
    ['a'],
  ])('may not be %o', name => {
    expect(refusal(() => checkDefinition(name as string, good))).toMatchObject({ code: 'OPTION', option: 'name' })
  })
})

describe('a definition is refused, the option named:', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['definition', undefined],
    ['definition', null],
    ['definition', 'id'],
    ['key', { ...good, key: undefined }],
    ['key', { ...good, key: 5 }],
    ['key', { ...good, key: 'x' }],
    ['schema', { ...good, schema: undefined }],
    ['schema', { ...good, schema: 'zod' }],
    ['schema', { ...good, schema: [] }],
    ['schema', { ...good, schema: new Map() }],
    ['schema', { ...good, schema: { ...(good.schema as object), 'a.b': { type: 'string' } } }],
    ['schema', { ...good, schema: z.object({ id: z.string(), _a: z.string() }) }],
    ['schema', { ...good, schema: JSON.parse('{"id": {"type": "string"}, "__proto__": {"type": "string"}}') }],
    ['schema.a', { ...good, schema: { id: { type: 'string' }, a: { type: 'text' } } }],
    ['unknown', { ...good, unknown: 'drop' }],
    ['order', { ...good, order: 'random' }],
    ['etsType', { ...good, etsType: 'bag' }],
    ['etsType', { ...good, etsType: 'duplicate_bag' }],
    ['persistent', { ...good, persistent: 1n }],
    ['indexs', { ...good, indexs: [] }],
    ['indexes', { ...good, indexes: 'all' }],
    ['indexes', { ...good, indexes: { a: 1 } }],
    ['indexes', { ...good, indexes: ['x'] }],
    ['indexes', { ...good, indexes: [5] }],
    ['indexes', { ...good, indexes: [null] }],
    ['indexes', { ...good, indexes: [{ fields: [] }] }],
    ['indexes', { ...good, indexes: [{ fields: 'a' }] }],
    ['indexes', { ...good, indexes: [{ fields: ['a', 5] }] }],
    ['indexes', { ...good, indexes: [{ fields: ['a', 'x'] }] }],
    ['indexes', { ...good, indexes: [{ fields: ['a'], sorted: 'yes' }] }],
    ['indexes', { ...good, indexes: [{ fields: ['a'], sorted: true, unique: true }] }],
    ['sort', { ...good, indexes: [{ fields: ['a'], sort: true }] }],
  ]
  test.each(cases)('%s (%#)', (option, definition) => {
    const error = refusal(() => {
      checkDefinition('things', definition as BucketDefinition)
      shape(definition as BucketDefinition)
    })
    expect(error.option).toBe(option)
    expect(error.message).toMatch(/^Bucket "things"/)
  })

  test('in the words that are promised', () => {
    expect(() => shape({ key: 'x' })).toThrow('key field "x" does not exist')
    expect(() => shape({ indexes: ['x'] })).toThrow('index field "x" does not exist')
    expect(() => shape({ indexes: ['toString'] })).toThrow('index field "toString" does not exist')
    expect(() => shape({ key: 'x', schema: z.object({ id: z.string() }) })).toThrow('key field "x" does not exist')
  })
})

test('undefined counts as absent', () => {
  const absent = { ...good, indexes: undefined, order: undefined, unknown: undefined, persistent: undefined, nonsense: undefined }
  expect(() => checkDefinition('things', absent as unknown as BucketDefinition)).not.toThrow()
  expect(() => refuseUnknownOptions('x', { a: undefined }, new Set())).not.toThrow()
  expect(() => refuseUnknownOptions('Store', { nope: 1 }, new Set(['name', 'clock']))).toThrow(
    'Store does not know the option "nope"; it takes name, clock',
  )
})

test('noex-store’s word for the order means the same', () => {
  expect([orderOf(good), orderOf({ ...good, etsType: 'set' }), orderOf({ ...good, etsType: 'ordered_set' })]).toEqual([
    'insertion',
    'insertion',
    'key',
  ])
  expect(orderOf({ ...good, order: 'insertion', etsType: 'ordered_set' })).toBe('insertion')
})

describe('a shape', () => {
  const named = (definition: Partial<BucketDefinition>): string[] =>
    shape(definition).indexes.map(({ name, kind, unique }) => `${name}/${kind}/${unique}`)

  test('has the indexes asked for, unique fields among them, each once', () => {
    expect(named({})).toEqual(['b unique/hash/true'])
    expect(
      named({
        indexes: ['a', { fields: ['a'] }, { fields: ['a'], sorted: true }, { fields: ['a', 'b'] }, { fields: ['b'], unique: true }],
      }),
    ).toEqual(['b unique/hash/true', 'a/hash/false', 'a sorted/sorted/false', 'a,b/hash/false'])
  })

  test('keeps apart indexes whose names would be alike', () => {
    const schema = {
      id: { type: 'string' },
      a: { type: 'string' },
      b: { type: 'string' },
      'a,b': { type: 'string' },
      'a unique': { type: 'string' },
    } as const
    const { indexes } = shape({
      schema,
      indexes: [
        'a,b',
        { fields: ['a', 'b'] },
        'a unique',
        { fields: ['a'], unique: true },
        { fields: ['a,b'], unique: true },
        { fields: ['a', 'b'], unique: true },
      ],
    })
    expect(indexes.map(({ fields }) => fields)).toEqual([['a,b'], ['a', 'b'], ['a unique'], ['a'], ['a,b'], ['a', 'b']])
    expect(new Set(indexes.map(({ name }) => name)).size).toBe(6)
  })

  test('with "auto" has a hash index on every declared scalar that has none yet', () => {
    const schema = {
      ...(good.schema as object),
      c: { type: 'date' },
      d: { type: 'boolean' },
      o: { type: 'object' },
      l: { type: 'array' },
    } as BucketDefinition['schema']
    expect(named({ schema, indexes: 'auto' })).toEqual(['b unique/hash/true', 'a/hash/false', 'c/hash/false', 'd/hash/false'])
    const zod = z.object({ id: z.string(), n: z.number().optional(), e: z.enum(['x']), any: z.any(), when: z.date().nullable() })
    expect(named({ schema: zod, indexes: 'auto' })).toEqual(['n/hash/false', 'e/hash/false', 'when/hash/false'])
  })

  test('knows the types of fields and of the key', () => {
    const zod = z.object({
      id: z.union([z.string(), z.number()]),
      s: z.string().min(1).default('x'),
      n: z.int().nullish(),
      b: z.boolean().readonly(),
      d: z.date().catch(new Date(0)),
    })
    expect(shape({ schema: zod }).fields.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'id other',
      's string',
      'n number',
      'b boolean',
      'd date',
    ])
    expect([shape({ schema: zod }).keyType, shape({}).keyType]).toEqual(['either', 'string'])
    expect(shape({ schema: z.union([z.object({ id: z.string() }), z.object({ id: z.number() })]) })).toMatchObject({
      fields: [],
      keyType: 'either',
      indexes: [],
    })
  })
})
