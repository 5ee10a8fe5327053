import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { differenceOf, loneBucket, observe } from './bucket.harness.js'
import type { BucketImage } from './bucket-image.js'
import { ConflictError, DuplicateKeyError, RecordNotFoundError, StoreError, UniqueConstraintError, ValidationError } from './errors.js'
import { anyPlan, Twin } from './history.harness.js'
import { runs } from './property-runs.harness.js'
import type { Key } from './value.js'
import type { Write } from './write.js'

/** Writes that are refused whatever the bucket holds. */
const poisons: ((image: BucketImage) => Write)[] = [
  image => ({ type: 'insert', image, data: null }),
  image => ({ type: 'insert', image, data: { [image.keyField]: Number.NaN } }),
  image => ({
    type: 'insert',
    image,
    data: {
      get anything(): never {
        throw Object.create(null)
      },
    },
  }),
  image => ({ type: 'update', image, key: 'never there', patch: {}, expect: undefined }),
  image => ({ type: 'update', image, key: 10n as unknown as Key, patch: {}, expect: undefined }),
]

test('a refused commit leaves everything as it was, unsaved marks too, and the next one does what it would have done', () => {
  fc.assert(
    fc.property(anyPlan(20), fc.array(fc.nat(), { minLength: 40, maxLength: 40 }), ({ kinds, steps }, numbers) => {
      const twin = new Twin(kinds)
      const spared = new Twin(kinds)
      for (const [at, step] of steps.entries()) {
        twin.now = spared.now += step.elapsed
        const { engine, naive } = twin.writesOf(step)
        const poison = poisons[numbers[at]! % poisons.length]!(twin.images[at % 2 === 0 ? 'one' : 'two']!)
        const before = observe(twin.database)
        expect(twin.playEngine([...engine, poison]).refused).toBeDefined()
        expect(differenceOf(before, observe(twin.database))).toBeUndefined()
        const { refused } = twin.playEngine(engine)
        if (refused !== undefined) expect(differenceOf(before, observe(twin.database))).toBeUndefined()
        expect(spared.playEngine(spared.writesOf(step).engine).refused).toBe(refused)
        twin.playNaive(naive)
        spared.playNaive(naive)
        const [is, wanted] = [twin, spared].map(({ database }) =>
          observe(database).map(({ places, next, fingerprint }) => ({ places, next, fingerprint })),
        )
        expect(is).toEqual(wanted)
      }
    }),
    runs(60),
  )
})

describe('a refusal says what was asked and what was found:', () => {
  const schema = { id: { type: 'string', required: true }, email: { type: 'string', unique: true }, n: { type: 'number' } } as const
  const people = () => {
    const bucket = loneBucket({ key: 'id', schema, indexes: [{ fields: ['email', 'n'], unique: true }] })
    bucket.insert({ id: 'ann', email: 'a@x', n: 1 })
    return bucket
  }
  const refusal = (run: () => unknown): StoreError => {
    try {
      run()
    } catch (error) {
      if (error instanceof StoreError) return error
      throw error
    }
    throw new Error('was not refused')
  }

  test('a key that is there', () => {
    const error = refusal(() => people().insert({ id: 'ann' }))
    expect(error).toBeInstanceOf(DuplicateKeyError)
    expect(error).toMatchObject({ code: 'DUPLICATE_KEY', bucket: 'things', key: 'ann', name: 'DuplicateKeyError' })
  })

  test.each(['bob', 7, undefined, null, Number.NaN, 10n, Symbol('s'), { toJSON: () => Symbol('t') }, [1]])(
    'a key that is not there: %s',
    key => {
      const error = refusal(() => people().update(key as Key, { n: 1 }))
      expect(error).toBeInstanceOf(RecordNotFoundError)
      expect(error.message).toMatch(/not found/i)
      expect(error).toMatchObject({ bucket: 'things', key })
    },
  )

  test('a version that is another', () => {
    const error = refusal(() => people().update('ann', { n: 1 }, 2))
    expect(error).toBeInstanceOf(ConflictError)
    expect(error).toMatchObject({ bucket: 'things', key: 'ann', expected: 2, actual: 1 })
    for (const odd of [Symbol('v'), 1n, '1', Number.NaN, null]) {
      expect(refusal(() => people().update('ann', { n: 1 }, odd as number))).toBeInstanceOf(ConflictError)
    }
  })

  test('a value that must be unique', () => {
    const error = refusal(() => people().insert({ id: 'bob', email: 'a@x' }))
    expect(error).toBeInstanceOf(UniqueConstraintError)
    expect(error).toMatchObject({ bucket: 'things', field: 'email', value: 'a@x' })
  })

  test('a key that would change, or go', () => {
    for (const id of ['bob', undefined, null, 5]) {
      const error = refusal(() => people().update('ann', { id })) as ValidationError
      expect(error).toBeInstanceOf(ValidationError)
      expect(error.issues[0]!.field).toBe('id')
    }
    expect(people().update('ann', { id: 'ann', n: 2 })).toMatchObject({ n: 2, _version: 2 })
  })

  test('deleting what is not there is no refusal, nothing changes', () => {
    const { database, remove } = people()
    for (const key of ['bob', undefined, Number.NaN, 1n]) expect(remove(key as Key)).toBeUndefined()
    expect(database.seq).toBe(1)
  })
})
