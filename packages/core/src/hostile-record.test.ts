import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type LoneBucket, loneBucket, problemOf } from './bucket.harness.js'
import type { BucketDefinition } from './definition.js'
import { type Issue, ValidationError } from './errors.js'
import { KEPT, REFUSED } from './hostile-value.harness.js'

const wideFields = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`f${n}`, { type: 'string' as const }]))
const id = { type: 'string', required: true } as const

/** Where a hostile value may stand: how a bucket takes it, and under which field it is. */
const PLACES: {
  readonly [name: string]: { readonly definition: BucketDefinition; readonly wrap: (value: unknown) => object; readonly field: RegExp }
} = {
  'an undeclared field': { definition: { key: 'id', schema: { id } }, wrap: value => ({ at: value }), field: /^at/ },
  'an undeclared field of a wide bucket': {
    definition: { key: 'id', schema: { id, ...wideFields } },
    wrap: value => ({ at: value }),
    field: /^at/,
  },
  'a nested field': {
    definition: { key: 'id', schema: { id, at: { type: 'object' } } },
    wrap: value => ({ at: { in: value } }),
    field: /^at/,
  },
  'a list': { definition: { key: 'id', schema: { id, at: { type: 'array' } } }, wrap: value => ({ at: [value] }), field: /^at/ },
  'a field of any type in zod': {
    definition: { key: 'id', schema: z.object({ id: z.string(), at: z.any() }) },
    wrap: value => ({ at: value }),
    field: /^at/,
  },
  'a field that zod does not know': {
    definition: { key: 'id', schema: z.looseObject({ id: z.string() }) },
    wrap: value => ({ at: value }),
    field: /^at/,
  },
}

/** What a run of a verb threw; it must be a refusal, and leave everything in order. */
function issuesOf(bucket: LoneBucket, run: () => unknown): readonly Issue[] {
  const { seq } = bucket.database
  let thrown: unknown
  try {
    run()
  } catch (error) {
    thrown = error
  }
  expect(Object.prototype.toString.call(thrown)).toBe('[object Error]')
  expect(thrown).toBeInstanceOf(ValidationError)
  expect(bucket.database.seq).toBe(seq)
  expect(problemOf(bucket.image)).toBeUndefined()
  return (thrown as ValidationError).issues
}

describe.each(Object.entries(PLACES))('in %s', (_, { definition, wrap, field }) => {
  test.each(Object.entries(REFUSED))('refused, the path told: %s', (_name, make) => {
    const bucket = loneBucket(definition)
    bucket.insert({ id: 'there' })
    const refusals = [
      issuesOf(bucket, () => bucket.insert({ id: 'new', ...wrap(make()) })),
      issuesOf(bucket, () => bucket.update('there', wrap(make()))),
    ]
    for (const issues of refusals) {
      expect(issues.length).toBeGreaterThan(0)
      for (const issue of issues) expect(issue.field).toMatch(field)
    }
    expect(bucket.image.count).toBe(1)
  })

  test.each(Object.entries(KEPT))('kept exactly: %s', (name, { make, stored }) => {
    if (name === 'nested 64 levels' && JSON.stringify(wrap(0)) !== '{"at":0}') return
    const bucket = loneBucket(definition)
    const wanted = { id: 'k', ...wrap(stored) }
    expect(bucket.insert({ id: 'k', ...wrap(make()) })).toEqual({ ...wanted, _version: 1, _createdAt: 1, _updatedAt: 1 })
    expect(bucket.update('k', { at: null })).toMatchObject({ at: null })
    expect(bucket.update('k', wrap(make()))).toEqual({ ...wanted, _version: 3, _createdAt: 1, _updatedAt: 1 })
  })
})

describe('as a record', () => {
  const insides = Object.entries(REFUSED).filter(([name]) => !/list|nested/.test(name))

  test.each([
    ...insides,
    ['null', () => null],
    ['a list', () => []],
    ['a string', () => 'x'],
    ['undefined', () => undefined],
    ['a Date', () => new Date(0)],
  ] as const)('refused: %s', (_, make) => {
    for (const schema of [
      { id: { type: 'string' } },
      z.object({ id: z.string().optional() }),
      z.looseObject({ id: z.any() }),
      z.any(),
    ] as const) {
      const bucket = loneBucket({ key: 'id', schema: schema as BucketDefinition['schema'] })
      issuesOf(bucket, () => bucket.insert(make()))
      bucket.insert({ id: 'there' })
      const patch = make()
      if (patch !== null && !(schema instanceof z.ZodObject)) issuesOf(bucket, () => bucket.update('there', patch))
    }
  })
})

describe('as a key', () => {
  const odd = Object.entries(REFUSED).filter(([name]) => name !== 'class instance')
  test.each([
    ...odd,
    ['the empty string', () => ''],
    ['null', () => null],
    ['undefined', () => undefined],
    ['true', () => true],
    ['an object', () => ({})],
    ['a list', () => ['a']],
    ['a Date', () => new Date(0)],
    ['1,025 bytes', () => 'x'.repeat(1025)],
    ['1,026 bytes of two each', () => 'é'.repeat(513)],
    ['1,028 bytes of four each', () => '\u{1F600}'.repeat(257)],
  ] as const)('refused: %s', (_, make) => {
    const bucket = loneBucket({ key: 'id', schema: z.object({ id: z.any() }) })
    for (const issue of issuesOf(bucket, () => bucket.insert({ id: make() }))) expect(issue.field).toMatch(/^id/)
  })

  test.each([
    'x'.repeat(1024),
    'é'.repeat(512),
    '\u{1F600}'.repeat(256),
    '__proto__',
    'constructor',
    'a.b[0]/\\"\'\n\u2028',
    '1',
    1,
    0,
    -1.5,
    1e300,
  ])('kept exactly: %s', key => {
    const bucket = loneBucket({ key: 'id', schema: z.object({ id: z.any() }), order: 'key' })
    bucket.insert({ id: key })
    expect(bucket.image.get(key)?.id).toBe(key)
    expect(bucket.update(key, {})).toMatchObject({ id: key, _version: 2 })
    expect(bucket.remove(key)?.changes[0]?.key).toBe(key)
  })

  test('1 and "1" are two keys, 0 and -0 are one', () => {
    const bucket = loneBucket({ key: 'id', schema: z.object({ id: z.any() }) })
    bucket.insert({ id: 1 })
    bucket.insert({ id: '1' })
    bucket.insert({ id: -0 })
    expect(bucket.image.get(0)).toMatchObject({ id: 0 })
    expect(() => bucket.insert({ id: 0 })).toThrow(/already holds/)
    expect(bucket.remove(-0)?.changes).toHaveLength(1)
    expect(bucket.image.count).toBe(2)
  })
})
