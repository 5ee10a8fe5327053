import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { agree } from './agreement.harness.js'
import { anyScalar, anyValue } from './any-value.harness.js'
import { withoutCodegen } from './codegen.js'
import { parseFilter } from './filter.js'
import { naiveMatches } from './naive-order.harness.js'
import { compilePredicate } from './predicate.js'
import { runs } from './property-runs.harness.js'
import type { Filter } from './query.js'
import type { StoreRecord } from './value.js'

const FIELDS = ['a', 'it\'s "quoted"\n\u2028', 'toString', 'when'] as const
const DATES = new Set(['when'])

const anyInstant = fc.constantFrom<unknown>(0, new Date(0), '1970-01-01', 5, new Date(5), '1970-01-01T00:00:00.005Z', null)
const constantOf = (field: string): fc.Arbitrary<unknown> => (DATES.has(field) ? anyInstant : anyValue)

const anyCondition: fc.Arbitrary<object> = fc.constantFrom(...FIELDS).chain(field =>
  fc
    .oneof(
      fc.option(constantOf(field), { nil: undefined }),
      fc.dictionary(fc.constantFrom('$eq', '$gt', '$gte', '$lt', '$lte'), constantOf(field), { minKeys: 1 }),
      fc.array(fc.option(constantOf(field), { nil: undefined }), { maxLength: 15, size: 'max' }).map($in => ({ $in })),
    )
    .map(wanted => ({ [field]: wanted })),
)

const { filter: anyFilter } = fc.letrec<{ filter: object }>(tie => ({
  filter: fc.oneof(
    { depthSize: 'small' },
    anyCondition,
    fc.array(tie('filter'), { maxLength: 3 }).map($and => ({ $and })),
    fc.array(tie('filter'), { maxLength: 3 }).map($or => ({ $or })),
    fc.tuple(tie('filter'), tie('filter')).map(([one, two]) => ({ ...one, ...two })),
  ),
}))

const anyRecord = fc
  .record(
    { [FIELDS[0]]: anyValue, [FIELDS[1]]: anyScalar, [FIELDS[2]]: anyScalar, when: anyInstant },
    { requiredKeys: [], noNullPrototype: true },
  )
  .map(record => record as StoreRecord)

test('generated code, closures and a naive reading of the filter agree on every record', () => {
  fc.assert(
    fc.property(anyFilter, fc.array(anyRecord, { minLength: 1, maxLength: 8 }), (filter, records) => {
      const { conjuncts, constants } = parseFilter(filter as Filter, DATES)
      const generated = compilePredicate(conjuncts)
      const closures = withoutCodegen(() => compilePredicate(conjuncts))
      for (const record of records) {
        const wanted = naiveMatches(record, filter, DATES)
        agree([generated(record, constants), closures(record, constants)], [wanted, wanted])
      }
    }),
    runs(600),
  )
})

test('filters with one signature share a predicate: it depends on the constants it is given', () => {
  fc.assert(
    fc.property(anyFilter, anyFilter, anyRecord, (one, two, record) => {
      const [first, second] = [one, two].map(filter => parseFilter(filter as Filter, DATES)) as [
        ReturnType<typeof parseFilter>,
        ReturnType<typeof parseFilter>,
      ]
      if (first.signature !== second.signature) return
      agree(compilePredicate(first.conjuncts)(record, second.constants), naiveMatches(record, two, DATES))
    }),
    runs(600),
  )
})

describe('the signature of a filter', () => {
  const signatureOf = (filter: unknown): string => parseFilter(filter as Filter, DATES).signature

  test('is the same when only constants differ', () => {
    agree(signatureOf({ a: 1, b: { $gt: 'x' } }), signatureOf({ a: 2, b: { $gt: 'y' } }))
    agree(signatureOf({ a: { $in: [1] } }), signatureOf({ a: { $in: ['x', undefined, {}] } }))
  })

  test.each([
    [{ a: 1 }, { a: '1' }],
    [{ a: 1 }, { a: { $gte: 1 } }],
    [{ a: null }, { a: undefined }],
    [{ a: 1, b: 1 }, { 'a;b': 1 }],
    [{ $or: [{ a: 1 }, { b: 1 }] }, { $or: [{ a: 1, b: 1 }] }],
    [{ $or: [{ a: 1 }] }, { a: 1 }],
    [{ $or: [{ a: 1 }], b: 1 }, { $or: [{ a: 1 }, { b: 1 }] }],
    [{ $or: [] }, {}],
    [{ a: new Date(0) }, { a: 0 }],
    [{ when: 0 }, { whem: 0 }],
  ])('tells %o from %o', (one, two) => {
    expect(signatureOf(one)).not.toBe(signatureOf(two))
  })
})
