import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type LoneBucket, loneBucket, problemOf } from './bucket.harness.js'
import type { BucketDefinition } from './definition.js'
import { type Issue, ValidationError } from './errors.js'
import { KEPT, REFUSED, REFUSED_LATE } from './hostile-value.harness.js'

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
    bucket.insert({ id: 'there', at: null })
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
    if (name === 'nested as deep as may be' && JSON.stringify(wrap(0)) !== '{"at":0}') return
    const bucket = loneBucket(definition)
    const wanted = { id: 'k', ...wrap(stored) }
    expect(bucket.insert({ id: 'k', ...wrap(make()) })).toEqual({ ...wanted, _version: 1, _createdAt: 1, _updatedAt: 1 })
    expect(bucket.update('k', { at: null })).toMatchObject({ at: null })
    expect(bucket.update('k', wrap(make()))).toEqual({ ...wanted, _version: 3, _createdAt: 1, _updatedAt: 1 })
  })
})

test.each(Object.entries(REFUSED_LATE))('refused, the path told: %s', (_, make) => {
  const bucket = loneBucket({ key: 'id', schema: { id } })
  const issues = issuesOf(bucket, () => bucket.insert({ id: 'new', at: make() }))
  expect(issues).toMatchObject([{ field: 'at', code: 'value' }])
})

test('the bound on values is one of the record: a field in a thousand forms costs no more than in one', () => {
  const bucket = loneBucket({ key: 'id', schema: { id } })
  const start = performance.now()
  const fields = Array.from({ length: 1000 }, (_, n) => [`f${n}`, REFUSED_LATE['shared sub-trees that explode']!()])
  issuesOf(bucket, () => bucket.insert({ id: 'new', ...Object.fromEntries(fields) }))
  expect(performance.now() - start).toBeLessThan(5000)
})

type Named = readonly [string, () => unknown]

/** The hostile values that are no plain object at all. */
const NO_RECORDS = Object.entries(REFUSED).filter(([name]) =>
  /^(?:NaN|bigint|symbol|function|class|Map|Error|promise|boxed|invalid|object that|angry|revoked|cyclic list)/.test(name),
)

const noRecords: readonly Named[] = [
  ...NO_RECORDS,
  ['null', () => null],
  ['a list', () => []],
  ['a string', () => 'x'],
  ['undefined', () => undefined],
  ['a Date', () => new Date(0)],
]

describe.each<readonly [string, BucketDefinition['schema']]>([
  ['field schemas', { id: { type: 'string' } }],
  ['a zod object', z.object({ id: z.string().optional() })],
  ['a loose zod object', z.looseObject({ id: z.any() })],
  ['zod of any shape', z.any()],
])('as a record of %s', (_schema, schema) => {
  test.each(noRecords)('refused: %s', (_, make) => {
    const bucket = loneBucket({ key: 'id', schema })
    issuesOf(bucket, () => bucket.insert(make()))
    bucket.insert({ id: 'there' })
    issuesOf(bucket, () => bucket.update('there', make()))
  })
})

describe('as a key', () => {
  const bad: readonly Named[] = [
    ...Object.entries(REFUSED),
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
  ]

  test.each(bad)('refused: %s', (_, make) => {
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
