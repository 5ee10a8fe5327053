import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { anyValue } from './any-value.harness.js'
import { loneBucket } from './bucket.harness.js'
import { OptionError, StoreError, ValidationError } from './errors.js'
import type { FieldSchema, Format } from './field-schema.js'
import { runs } from './property-runs.harness.js'
import type { Value } from './value.js'

/** What a bucket with one field `f` makes of a value: what it stores, or the codes of its issues. */
function outcome(
  schema: z.ZodType | { readonly [field: string]: FieldSchema },
  value: unknown,
): { readonly stored: unknown } | { readonly codes: string[] } {
  const bucket = loneBucket({ key: 'id', schema })
  try {
    return { stored: bucket.insert({ id: 'a', f: value }).f }
  } catch (error) {
    if (error instanceof ValidationError) return { codes: error.issues.map(({ field, code }) => `${field} ${code}`) }
    throw error
  }
}

const fields = (f: FieldSchema): { readonly [field: string]: FieldSchema } => ({ id: { type: 'string', required: true }, f })
const codesOf = (f: FieldSchema, value: unknown): string[] | undefined => {
  const made = outcome(fields(f), value)
  return 'codes' in made ? made.codes.map(code => code.replace(/^f /, '')) : undefined
}
const storedOf = (f: FieldSchema, value: unknown): unknown => {
  const made = outcome(fields(f), value)
  return 'stored' in made ? made.stored : made
}

describe('a field schema accepts what the zod schema of the same meaning accepts:', () => {
  const text = fc.constantFrom<unknown>('', 'a', 'ab', 'abc', 'abcd', 'ABC', 'b', '\u{1F600}', 'a\n', 'lone\uD800', 'nul\0')
  const numbers = fc.constantFrom<unknown>(0, -0, 1, 2, 2.5, 5, 6, -1, Number.NaN, Number.POSITIVE_INFINITY, '2')
  const mails = fc.oneof(fc.emailAddress(), fc.constantFrom<unknown>('a@b', 'a@b.c', 'a@b.co', '@b.co', 'a b@c.de', 'ä@b.co'))
  const urls = fc.oneof(fc.webUrl(), fc.constantFrom<unknown>('http://a', 'a.b', 'ftp://x/y', 'http://', 'javascript:1', '//a'))
  const uuids = fc.oneof(
    fc.uuid(),
    fc.constantFrom<unknown>('0', '00000000-0000-0000-0000-000000000000', 'A987FBC9-4BED-3078-CF07-9141BA07C9F3'),
  )
  const lists = fc.array(fc.constantFrom<unknown>(1, 'a', null), { maxLength: 4 })
  const pairs: readonly (readonly [string, FieldSchema, z.ZodType, fc.Arbitrary<unknown>])[] = [
    ['string', { type: 'string' }, z.string(), text],
    ['string of length', { type: 'string', minLength: 1, maxLength: 3 }, z.string().min(1).max(3), text],
    ['string of pattern', { type: 'string', pattern: /^[a-c]+$/g }, z.string().regex(/^[a-c]+$/g), text],
    ['string of pattern, sticky', { type: 'string', pattern: /b/y }, z.string().regex(/b/y), text],
    ['string of pattern as text', { type: 'string', pattern: 'b' }, z.string().regex(/b/), text],
    ['enum', { type: 'string', enum: ['a', 'b', ''] }, z.enum(['a', 'b', '']), text],
    ['enum of numbers', { type: 'number', enum: [0, 2] }, z.literal([0, 2]), numbers],
    ['number', { type: 'number' }, z.number(), numbers],
    ['number between', { type: 'number', min: 0, max: 5 }, z.number().min(0).max(5), numbers],
    ['boolean', { type: 'boolean' }, z.boolean(), fc.constantFrom<unknown>(true, false, 0, 'true')],
    ['array', { type: 'array' }, z.array(z.any()), lists],
    ['array of length', { type: 'array', minLength: 1, maxLength: 3 }, z.array(z.any()).min(1).max(3), lists],
    [
      'object',
      { type: 'object' },
      z.record(z.string(), z.any()),
      fc.constantFrom<unknown>({}, { a: 1 }, [], new Date(0), Object.create(null)),
    ],
    ['email', { type: 'string', format: 'email' }, z.email(), mails],
    ['url', { type: 'string', format: 'url' }, z.url(), urls],
    ['uuid', { type: 'string', format: 'uuid' }, z.uuid(), uuids],
  ]

  test.each(pairs)('%s', (_, schema, zod, likely) => {
    const required = { fields: fields({ ...schema, required: true }), zod: z.object({ id: z.string(), f: zod }) }
    const optional = { fields: fields(schema), zod: z.object({ id: z.string(), f: zod.nullish() }) }
    const value = fc.oneof(
      { weight: 4, arbitrary: likely },
      { weight: 1, arbitrary: anyValue },
      { weight: 1, arbitrary: fc.constantFrom(undefined, null) },
    )
    fc.assert(
      fc.property(value, fc.constantFrom(required, optional), (given, both) => {
        const [ours, theirs] = [outcome(both.fields, given), outcome(both.zod, given)]
        if ('stored' in ours && 'stored' in theirs) expect(ours.stored).toEqual(theirs.stored)
        else expect('codes' in ours).toBe('codes' in theirs)
      }),
      runs(60),
    )
  })
})

describe('the rules of a field', () => {
  test('null and missing are missing to required, null may stand in a field that is not', () => {
    for (const value of [null, undefined]) expect(codesOf({ type: 'string', required: true }, value)).toEqual(['required'])
    expect(storedOf({ type: 'string', minLength: 3, enum: ['abc'] }, null)).toBeNull()
    expect(storedOf({ type: 'string', minLength: 3 }, undefined)).toBeUndefined()
  })

  test('a failure of type hides the others; otherwise all are told', () => {
    expect(codesOf({ type: 'string', minLength: 3, pattern: /x/, enum: ['xxx'] }, 5)).toEqual(['type'])
    expect(codesOf({ type: 'string', minLength: 3, pattern: /x/, enum: ['xxx'], format: 'slug' }, '-')).toEqual([
      'enum',
      'minLength',
      'pattern',
      'format',
    ])
    expect(codesOf({ type: 'number', min: 1, max: 0 }, 0.5)).toEqual(['min', 'max'])
  })

  test.each<readonly [FieldSchema['type'], readonly unknown[], readonly unknown[]]>([
    ['string', [''], [1, true, {}, [], new Date(0), Object('x')]],
    ['number', [0, -1.5], ['1', Number.NaN, Number.NEGATIVE_INFINITY, true, new Date(0), Object(1)]],
    ['boolean', [true, false], [0, 'true', Object(true)]],
    ['object', [{}, { a: [1] }, Object.create(null)], [[], 'x', new Date(0)]],
    ['array', [[], [1, [2]]], [{}, 'x', { length: 0 }]],
    [
      'date',
      [0, new Date(0), '2024-02-29', '2024-01-01T10:00', '2024-01-01T10:00:00.5Z', '0000-02-29'],
      ['2023-02-29', '2024-13-01', 'now', '', '1', new Date(Number.NaN), Number.NaN, true, {}],
    ],
  ])('%s', (type, good, bad) => {
    for (const value of good) expect(storedOf({ type }, value)).toEqual(value)
    for (const value of bad) expect(codesOf({ type }, value)).toEqual(['type'])
  })

  test('a date is kept in the form given, and bounded and listed by its instant', () => {
    const early: FieldSchema = { type: 'date', min: '1970-01-02', max: new Date(172_800_000) }
    for (const value of [86_400_000, new Date(86_400_000), '1970-01-02', '1970-01-03T00:00:00Z', '1970-01-02T01:00+01:00']) {
      expect(storedOf(early, value)).toEqual(value)
    }
    expect(codesOf(early, '1970-01-01')).toEqual(['min'])
    expect(codesOf(early, new Date(172_800_001))).toEqual(['max'])
    for (const value of [0, new Date(0), '1970-01-01']) expect(storedOf({ type: 'date', enum: ['1970-01-01'] }, value)).toEqual(value)
    expect(codesOf({ type: 'date', enum: [new Date(0)] }, 1)).toEqual(['enum'])
  })

  test.each<readonly [Format, readonly string[], readonly string[]]>([
    ['iso-date', ['2024-02-29', '2024-01-01T10:00:00+02:00'], ['2023-02-29', 'x', '2024', '2024-1-1', '2024-01-01T25:00']],
    ['slug', ['a', 'a-b', '0-1'], ['', '-', 'a-', 'A', 'a--b', 'a b']],
  ])('format %s', (format, good, bad) => {
    for (const value of good) expect(storedOf({ type: 'string', format }, value)).toBe(value)
    for (const value of bad) expect(codesOf({ type: 'string', format }, value)).toEqual(['format'])
  })

  test('an object with toJSON counts as what that gives', () => {
    const giving = (value: unknown): object => ({ toJSON: () => value })
    expect(storedOf({ type: 'string', minLength: 3 }, new URL('http://x/'))).toBe('http://x/')
    expect(storedOf({ type: 'date' }, giving('2024-01-01'))).toBe('2024-01-01')
    expect(codesOf({ type: 'object' }, giving('x'))).toEqual(['type'])
    expect(codesOf({ type: 'array' }, Object.assign([1], giving({})))).toEqual(['type'])
    expect(codesOf({ type: 'string', required: true }, giving(undefined))).toEqual(['required'])
    expect(codesOf({ type: 'string', required: true }, giving(null))).toEqual(['required'])
    expect(storedOf({ type: 'string' }, giving(undefined))).toBeUndefined()
  })

  test('an enum compares lists and objects by value', () => {
    const schema: FieldSchema = { type: 'object', enum: [{ a: 1, b: [2] }, null] }
    expect(storedOf(schema, { b: [2], a: 1 })).toEqual({ a: 1, b: [2] })
    expect(codesOf(schema, { a: 1 })).toEqual(['enum'])
  })
})

describe('defaults and generated values', () => {
  test('a default is copied: changing it later changes nothing', () => {
    const mine = { a: [1] }
    const bucket = loneBucket({ key: 'id', schema: fields({ type: 'object', default: mine }) })
    mine.a.push(2)
    expect(bucket.insert({ id: 'a' }).f).toEqual({ a: [1] })
  })

  test('a function makes it anew each time; what it gives is checked, what it throws is told', () => {
    let calls = 0
    const bucket = loneBucket({ key: 'id', schema: fields({ type: 'number', max: 2, default: () => ++calls }) })
    expect([bucket.insert({ id: 'a' }).f, bucket.insert({ id: 'b', f: 0 }).f, bucket.insert({ id: 'c' }).f]).toEqual([1, 0, 2])
    expect(() => bucket.insert({ id: 'd' })).toThrow(/f: must be at most 2/)
    const failing = (): never => {
      throw new Error('not today')
    }
    for (const extra of [{}, { more: 1 }]) {
      const throwing = loneBucket({ key: 'id', schema: fields({ type: 'number', default: failing }) })
      expect(() => throwing.insert({ id: 'a', ...extra })).toThrow(
        expect.objectContaining({ code: 'VALIDATION', issues: [expect.objectContaining({ field: 'f' })] }),
      )
    }
    expect(codesOf({ type: 'number', required: true, default: () => undefined }, undefined)).toEqual(['required'])
  })

  test('are taken for what is missing, not for null', () => {
    expect(storedOf({ type: 'string', default: 'd' }, undefined)).toBe('d')
    expect(storedOf({ type: 'string', default: 'd' }, null)).toBeNull()
  })

  test('generated values fill what was left out and are ignored in patches', () => {
    const schema = {
      id: { type: 'number', generated: 'autoincrement' },
      at: { type: 'date', generated: 'timestamp' },
      u: { type: 'string', generated: 'uuidv7' },
    } as const
    const bucket = loneBucket({ key: 'id', schema })
    expect(bucket.insert({}, 7)).toMatchObject({ id: 1, at: 7, u: 'uuidv7-1' })
    expect(bucket.insert({ id: 5.5, u: 'mine' }, 8)).toMatchObject({ id: 5.5, at: 8, u: 'mine' })
    expect(bucket.insert({}).id).toBe(6)
    for (const patch of [
      { id: 9, at: 1, u: 'other' },
      { id: 9, at: undefined, more: 1 },
    ]) {
      expect(bucket.update(1, patch)).toMatchObject({ id: 1, at: 7, u: 'uuidv7-1' })
    }
  })

  test('autoincrement is not led astray by numbers that have no next one', () => {
    const bucket = loneBucket({ key: 'id', schema: { id: { type: 'number', generated: 'autoincrement' } } })
    for (const id of [1e300, Number.MAX_SAFE_INTEGER, -5, 2]) bucket.insert({ id })
    expect([bucket.insert({}).id, bucket.insert({}).id]).toEqual([3, 4])
  })
})

test.each<readonly [string, unknown]>([
  ['a field schema is an object', 'string'],
  ['a field schema is an object', null],
  ['unknown property "requird"', { type: 'string', requird: true }],
  ['unknown type "text"', { type: 'text' }],
  ['unknown type undefined', {}],
  ['unknown type 1n', { type: 1n }],
  ['unknown generator "serial"', { type: 'number', generated: 'serial' }],
  ['needs type number', { type: 'string', generated: 'autoincrement' }],
  ['unknown format "toString"', { type: 'string', format: 'toString' }],
  ['min needs type number or date', { type: 'string', min: 1 }],
  ['pattern needs type string', { type: 'number', pattern: /x/ }],
  ['min is not a number or a date', { type: 'number', min: Number.NaN }],
  ['minLength is a whole number', { type: 'string', minLength: -1 }],
  ['maxLength is a whole number', { type: 'string', maxLength: '3' }],
  ['pattern is a regular expression', { type: 'string', pattern: '(' }],
  ['enum is a list', { type: 'string', enum: 'abc' }],
  ['required is true or false', { type: 'string', required: 'yes' }],
  ['the default 5', { type: 'string', default: 5 }],
  ['the default 1n', { type: 'string', default: 1n }],
  ['the default "ab"', { type: 'string', maxLength: 1, default: 'ab' as Value }],
])('a definition that makes no sense is refused: %s', (sentence, schema) => {
  const define = (): unknown => loneBucket({ key: 'id', schema: { id: { type: 'string' }, f: schema as FieldSchema } })
  expect(define).toThrow(OptionError)
  expect(define).toThrow(StoreError)
  expect(define).toThrow(sentence)
})
