import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type LoneBucket, loneBucket } from './bucket.harness.js'
import { type Issue, ValidationError } from './errors.js'

function bucketOf(schema: z.ZodType): LoneBucket {
  return loneBucket({ key: 'id', schema })
}

function issuesOf(run: () => unknown): readonly Issue[] {
  try {
    run()
  } catch (error) {
    if (error instanceof ValidationError) return error.issues
    throw error
  }
  throw new Error('was not refused')
}

const codes = (run: () => unknown): string[] => issuesOf(run).map(({ field, code }) => `${field} ${code}`)

test('what parsing returns is what is stored, and shares nothing with what was given', () => {
  const list = [{ a: 1 }]
  const when = new Date(5)
  const bucket = bucketOf(z.object({ id: z.string().trim(), list: z.any(), when: z.date(), n: z.coerce.number() }))
  const record = bucket.insert({ id: ' a ', list, when, n: '5', gone: 1 })
  list[0]!.a = 2
  when.setTime(0)
  expect(record).toEqual({ id: 'a', list: [{ a: 1 }], when: new Date(5), n: 5, _version: 1, _createdAt: 1, _updatedAt: 1 })
})

describe('a patch', () => {
  test('parses only the patched fields: stored output is never parsed again', () => {
    const bucket = bucketOf(z.object({ id: z.string(), name: z.string().transform(text => `${text}!`), n: z.number().optional() }))
    const record = bucket.insert({ id: 'a', name: 'x' })
    expect(record.name).toBe('x!')
    expect(bucket.update('a', { n: 1 }).name).toBe('x!')
    expect(bucket.update('a', { ...record, n: 2 }).name).toBe('x!')
    expect(bucket.update('a', { name: 'y' }).name).toBe('y!')
  })

  test('then runs the checks of the object on the merged record, without its metadata', () => {
    const seen: object[] = []
    const schema = z.object({ id: z.string(), from: z.number(), to: z.number().optional() }).superRefine((value, context) => {
      seen.push(value)
      if (value.to !== undefined && value.from > value.to) context.addIssue({ code: 'custom', path: ['to'], message: 'before from' })
    })
    const bucket = bucketOf(schema)
    bucket.insert({ id: 'a', from: 1, to: 5 })
    expect(codes(() => bucket.update('a', { from: 6 }))).toEqual(['to custom'])
    expect(bucket.update('a', { from: 6, to: undefined })).toMatchObject({ from: 6, _version: 2 })
    expect(seen.at(-1)).toEqual({ id: 'a', from: 6 })
  })

  test('follows the object’s rule for a field it does not know', () => {
    const shape = { id: z.string() }
    const update = (schema: z.ZodType, patch: object): unknown => {
      const bucket = bucketOf(schema)
      bucket.insert({ id: 'a' })
      return bucket.update('a', patch)
    }
    expect(update(z.object(shape), { x: 1 })).not.toHaveProperty('x')
    expect(update(z.looseObject(shape), { x: 1 })).toMatchObject({ x: 1 })
    expect(update(z.object(shape).catchall(z.coerce.number()), { x: '1' })).toMatchObject({ x: 1 })
    expect(codes(() => update(z.object(shape).catchall(z.number()), { x: 'y' }))).toEqual(['x type'])
    expect(codes(() => update(z.strictObject(shape), { x: 1, y: 2 }))).toEqual(['x unknown', 'y unknown'])
  })

  test('removes an optional field given as undefined, takes its default where there is one, refuses a required one', () => {
    const bucket = bucketOf(z.object({ id: z.string(), a: z.number().optional(), b: z.number().default(7), c: z.number() }))
    bucket.insert({ id: 'a', a: 1, b: 1, c: 1 })
    const record = bucket.update('a', { a: undefined, b: undefined })
    expect(record).toMatchObject({ b: 7 })
    expect(record).not.toHaveProperty('a')
    expect(codes(() => bucket.update('a', { c: undefined }))).toEqual(['c required'])
  })

  test.each([
    ['a union', z.union([z.object({ id: z.string() }), z.object({ id: z.string(), x: z.number() })])],
    ['a record', z.record(z.string(), z.string())],
    ['a refined pipe', z.object({ id: z.string() }).transform(value => value)],
  ])('is refused by name for %s, which takes inserts', (_, schema) => {
    const bucket = bucketOf(schema)
    expect(bucket.insert({ id: 'a' })).toMatchObject({ id: 'a' })
    expect(() => bucket.update('a', {})).toThrow(/update needs a top-level z\.object; the schema of "things"/)
    expect(bucket.remove('a')?.changes).toHaveLength(1)
  })
})

test('a stored record is checked against the schema of today, but for what a transform made', () => {
  const stored = { id: 'a', n: 1, list: [3], deep: { text: 3 }, lazy: 3, _version: 1, _createdAt: 1, _updatedAt: 1 }
  const length = z.string().transform(text => text.length)
  const schema = z.object({
    id: z.string(),
    n: z.number().min(2),
    list: z.array(length),
    deep: z.object({ text: length.optional() }).nullable(),
    lazy: z.lazy(() => length),
  })
  const bucket = bucketOf(schema)
  const issues: Issue[] = []
  bucket.image.maker.restore(stored, true, issues)
  expect(issues.map(({ field, code }) => `${field} ${code}`)).toEqual(['n min'])
})

test('metadata in input is ignored, also by a strict object; only the expiry is taken', () => {
  const bucket = bucketOf(z.strictObject({ id: z.string() }))
  for (const [at, name] of ['_version', '_createdAt', '_updatedAt'].entries()) {
    expect(bucket.insert({ id: `k${at}`, [name]: 99 })).toEqual({ id: `k${at}`, _version: 1, _createdAt: 1, _updatedAt: 1 })
  }
  const record = bucket.insert({ id: 'a', _expiresAt: 50 })
  expect(record._expiresAt).toBe(50)
  expect(bucket.update('a', { ...record })).toMatchObject({ _version: 2, _expiresAt: 50 })
  expect(bucket.update('a', { _expiresAt: null })).not.toHaveProperty('_expiresAt')
  expect(codes(() => bucket.update('a', { _expiresAt: 'soon' }))).toEqual(['_expiresAt type'])
})

test('each unknown field is an issue of its own, also deep inside', () => {
  const bucket = bucketOf(z.strictObject({ id: z.string(), in: z.strictObject({}).optional() }))
  expect(issuesOf(() => bucket.insert({ id: 'a', x: 1, y: 2, in: { z: 1 } }))).toEqual([
    { field: 'in.z', code: 'unknown', message: 'is not a field of the schema', detail: 'unrecognized_keys' },
    { field: 'x', code: 'unknown', message: 'is not a field of the schema', detail: 'unrecognized_keys' },
    { field: 'y', code: 'unknown', message: 'is not a field of the schema', detail: 'unrecognized_keys' },
  ])
})

test('issues of zod get the codes of the store, with their own in detail', () => {
  const schema = z.object({
    id: z.string(),
    type: z.number(),
    enum: z.enum(['a']),
    min: z.number().min(1),
    max: z.number().max(1),
    minLength: z.string().min(2),
    maxLength: z.array(z.any()).max(1),
    pattern: z.string().regex(/x/),
    format: z.email(),
    custom: z.string().refine(() => false),
    deep: z.object({ list: z.array(z.number()) }),
  })
  const input = {
    type: 'x',
    enum: 'b',
    min: 0,
    max: 2,
    minLength: 'x',
    maxLength: [1, 2],
    pattern: 'y',
    format: 'y',
    custom: 'x',
    deep: { list: [1, 'x'] },
  }
  const issues = issuesOf(() => bucketOf(schema).insert(input))
  expect(issues.map(({ field, code }) => (field.includes('[') ? `${field} ${code}` : field === code ? field : `${field} ${code}`))).toEqual(
    ['id required', 'type', 'enum', 'min', 'max', 'minLength', 'maxLength', 'pattern', 'format', 'custom', 'deep.list[1] type'],
  )
  expect(issues.every(({ detail }) => typeof detail === 'string')).toBe(true)
})

describe('code of the caller inside zod', () => {
  test('that is asynchronous is refused with a sentence', () => {
    const bucket = bucketOf(z.object({ id: z.string().refine(async () => true) }))
    expect(() => bucket.insert({ id: 'a' })).toThrow(/the schema is asynchronous; a commit is synchronous/)
    const patched = bucketOf(
      z.object({
        id: z.string(),
        n: z
          .number()
          .transform(async n => n)
          .optional(),
      }),
    )
    patched.insert({ id: 'a' })
    expect(() => patched.update('a', { n: 1 })).toThrow(/asynchronous/)
  })

  test.each([
    [
      'a refinement',
      z.string().refine(() => {
        throw Object.create(null)
      }),
    ],
    [
      'a transform',
      z.string().transform(() => {
        throw new TypeError('no')
      }),
    ],
    [
      'a preprocess',
      z.preprocess(() => {
        throw 5
      }, z.string()),
    ],
  ])('that throws is a refusal: %s', (_, name) => {
    const bucket = bucketOf(z.object({ id: z.string(), name: name.optional() }))
    expect(codes(() => bucket.insert({ id: 'a', name: 'x' }))).toEqual([' custom'])
    bucket.insert({ id: 'a' })
    expect(codes(() => bucket.update('a', { name: 'x' }))).toEqual(['name custom'])
  })

  test('that gives what cannot be stored is a refusal that names the field', () => {
    const bucket = bucketOf(z.object({ id: z.string(), big: z.bigint().optional(), map: z.map(z.any(), z.any()).optional() }))
    expect(codes(() => bucket.insert({ id: 'a', big: 1n }))).toEqual(['big value'])
    expect(codes(() => bucket.insert({ id: 'a', map: new Map() }))).toEqual(['map value'])
  })
})

test('a field may have the name of what every object has', () => {
  const bucket = bucketOf(
    z.object({ id: z.string(), ['toString' as string]: z.string().optional(), ['valueOf' as string]: z.number().default(1) }),
  )
  expect(Object.entries(bucket.insert({ id: 'a' })).slice(0, 2)).toEqual([
    ['id', 'a'],
    ['valueOf', 1],
  ])
  expect(bucket.update('a', { toString: 'x' })).toMatchObject({ toString: 'x' })
})
