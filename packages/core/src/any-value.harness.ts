/**
 * Any value: arbitrary stored values, from a small world so that ties, equal keys and near misses are common.
 *
 * 1 `anyScalar` has every scalar type, numbers and strings that look like each other, dates around the epoch.
 * 2 `anyValue` adds lists and objects of them.
 */

import fc from 'fast-check'
import type { Value } from './value.js'

const NUMBERS = [0, 1, 2, 3, -1, 1.5, 10, 100, 1e21, -1e300, Number.MAX_SAFE_INTEGER]
const STRINGS = ['', 'a', 'b', 'B', 'ab', '1', '2', '10', 'null', 'undefined', 'true', '\u{1F600}', '\uFFFD', '\u2028', '"', '\\', '@1']
const INSTANTS = [0, 1, 2, 10, 100, -1, 1_700_000_000_000]

export const anyScalar: fc.Arbitrary<Value> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.boolean() },
  { weight: 4, arbitrary: fc.constantFrom(...NUMBERS) },
  { weight: 4, arbitrary: fc.constantFrom(...STRINGS) },
  { weight: 2, arbitrary: fc.constantFrom(...INSTANTS).map(ms => new Date(ms)) },
)

const anyTree: { readonly value: fc.Arbitrary<Value> } = fc.letrec<{ value: Value }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    anyScalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'toString'), tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}))

export const anyValue: fc.Arbitrary<Value> = anyTree.value

/** The same instant in the three forms a date field takes, and things that are none of them but null. */
export const anyDateForm: fc.Arbitrary<Date | number | string | null> = fc.oneof(
  fc.constantFrom(0, 1000, 86_400_000, -1000),
  fc.constantFrom(0, 1000, 86_400_000, -1000).map(ms => new Date(ms)),
  fc.constantFrom(
    '1970-01-01',
    '1970-01-02',
    '1970-01-01T00:00:01Z',
    '1970-01-01T00:00:01.000',
    '1970-01-01T01:00:01+01:00',
    '1969-12-31T23:59:59Z',
  ),
  fc.constant(null),
)
