import { expect, describe as suite, test } from 'vitest'
import * as errors from './errors.js'
import { describe, StoreError, shown, ValidationError } from './errors.js'

const { DuplicateKeyError, RecordNotFoundError, UniqueConstraintError, ConflictError, QueryError, OptionError, CorruptError } = errors

const samples: readonly StoreError[] = [
  new errors.BucketAlreadyExistsError('b'),
  new errors.BucketNotDefinedError('b'),
  new DuplicateKeyError('b', 'k'),
  new RecordNotFoundError('b', 1),
  new UniqueConstraintError('b', 'email', 'x'),
  new ValidationError('b', [{ field: 'a', message: 'is required', code: 'required' }]),
  new ConflictError('b', 'k', 1, 2),
  new errors.QueryAlreadyDefinedError('q'),
  new errors.QueryNotDefinedError('q'),
  new QueryError('where.a', 'no'),
  new OptionError('o', 'no'),
  new errors.OverloadedError('full', 5),
  new errors.DeadlineError('late', 'no'),
  new errors.ActorCrashedError('a', 'no', new Error('x')),
  new errors.LockedError('locked'),
  new errors.FencedError('fenced'),
  new CorruptError('bad', { file: 'f', offset: 3 }),
  new errors.UnavailableError('away'),
  new errors.AbortedError('aborted'),
  new errors.StoppedError('s'),
]

test('every error is a StoreError with a code and a name of its own', () => {
  for (const error of samples) {
    expect(error).toBeInstanceOf(StoreError)
    expect(error).toBeInstanceOf(Error)
    expect(error.name).toBe(error.constructor.name)
    expect(error.code).toMatch(/^[A-Z_]+$/)
    expect(error.message).not.toBe('')
  }
  expect(new Set(samples.map(({ code }) => code)).size).toBe(samples.length)
  const classes = Object.values(errors).filter(made => typeof made === 'function' && made.prototype instanceof StoreError)
  expect(classes.filter(made => !samples.some(error => error.constructor === made))).toEqual([])
})

test('messages say what was asked, what was found and what to do', () => {
  expect(samples.find(error => error instanceof RecordNotFoundError)!.message).toMatch(/not found/i)
  expect(new errors.BucketNotDefinedError('n').message).toContain('Bucket "n" is not defined')
  expect(new ConflictError('b', 'k', 1, 2).message).toContain('is at version 2, not 1 as expected')
  expect(new DuplicateKeyError('b', '1').message).toContain('key "1"')
  expect(new DuplicateKeyError('b', 1).message).toContain('key 1;')
  expect(new QueryError('where.a', 'no').message).toBe('Query refused at where.a: no')
})

test('a validation error spells out five issues and counts the rest; all are in issues', () => {
  const issues = Array.from({ length: 8 }, (_, at) => ({ field: at === 0 ? '' : `f${at}`, message: `m${at}`, code: 'custom' as const }))
  const error = new ValidationError('b', issues)
  expect(error.message).toBe('Bucket "b" refuses the record: m0; f1: m1; f2: m2; f3: m3; f4: m4 (and 3 more)')
  expect(error.issues).toEqual(issues)
})

suite('whatever is given or thrown', () => {
  const angry = new Proxy(
    {},
    {
      get: () => {
        throw new Error('no')
      },
      getPrototypeOf: () => {
        throw new Error('no')
      },
    },
  )
  const cyclic: { self?: unknown } = {}
  cyclic.self = cyclic
  const odd = [
    undefined,
    null,
    1n,
    Symbol('s'),
    () => 1,
    Object.create(null),
    angry,
    cyclic,
    new Date(Number.NaN),
    { toJSON: () => 1n },
    'x'.repeat(100_000),
  ]

  test.each(odd.map((value, at) => [at, value] as const))('a message can be made of it: %#', (_, value) => {
    expect(typeof describe(value)).toBe('string')
    expect(shown(value).length).toBeLessThan(300)
    for (const made of [
      () => new DuplicateKeyError('b', value as string),
      () => new RecordNotFoundError('b', value as string),
      () => new UniqueConstraintError('b', 'f', value),
      () => new ConflictError('b', value as string, value as number, 1),
    ]) {
      expect(made().message.length).toBeLessThan(1000)
    }
  })

  test('an error is described by its message, whatever that is', () => {
    expect(describe(new TypeError('no'))).toBe('no')
    expect(describe(Object.assign(new Error(), { message: Symbol('s') }))).toBe('Symbol(s)')
    expect(describe('text')).toBe('text')
  })
})
