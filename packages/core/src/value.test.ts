import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyDateForm, anyValue } from './any-value.harness.js'
import { IndexValue } from './index-value.js'
import { naiveCompare, naiveField } from './naive-order.harness.js'
import { runs } from './property-runs.harness.js'
import { canonicalText, compareValues, equalValues, indexKey, instantOf, rankOf, StoredDate, storedDate, type Value } from './value.js'

const anyPresence = fc.option(anyValue, { nil: undefined })

describe('the order of values', () => {
  test('is the one written down: missing, null, booleans, numbers, strings, dates, arrays, objects', () => {
    const ascending: (Value | undefined)[] = [
      undefined,
      null,
      false,
      true,
      -1e300,
      -1,
      0,
      1.5,
      2,
      '',
      '10',
      '9',
      'B',
      'a',
      '\uD83D\uDE00',
      '\uFFFD',
    ]
    ascending.push(new Date(-1), new Date(0), [], [null], [1], [1, 1], [2], {}, { a: 1 }, { a: 1, b: 0 }, { a: 2 }, { b: 0 })
    for (const [at, value] of ascending.entries()) {
      for (const [other, wanted] of ascending.entries()) expect(Math.sign(compareValues(value, wanted))).toBe(Math.sign(at - other))
    }
    expect(ascending.map(rankOf)).toEqual([...ascending.map(rankOf)].sort((a, b) => a - b))
  })

  test('is total, and is that of the naive comparison', () => {
    fc.assert(
      fc.property(anyPresence, anyPresence, anyPresence, (a, b, c) => {
        const order = Math.sign(compareValues(a, b))
        expect(order).toBe(Math.sign(naiveCompare(a, b)))
        expect(Math.sign(compareValues(b, a)) + order).toBe(0)
        expect(compareValues(a, structuredClone(a))).toBe(0)
        if (order <= 0 && compareValues(b, c) <= 0) expect(compareValues(a, c)).toBeLessThanOrEqual(0)
      }),
      runs(1500),
    )
  })

  test('agrees with equality, the canonical text and the key of an index', () => {
    fc.assert(
      fc.property(anyPresence, anyPresence, (a, b) => {
        for (const other of [b, structuredClone(a)]) {
          const isSame = compareValues(a, other) === 0
          expect(equalValues(a, other)).toBe(isSame)
          expect(canonicalText(a) === canonicalText(other)).toBe(isSame)
          expect(indexKey(a) === indexKey(other)).toBe(isSame)
        }
      }),
      runs(1500),
    )
  })

  test('does not depend on the order of an object’s fields, nor on its prototype', () => {
    const bare = Object.assign(Object.create(null), { b: [1], a: { d: 1, c: 2 } })
    const plain = { a: { c: 2, d: 1 }, b: [1] }
    expect([compareValues(bare, plain), canonicalText(bare), equalValues(bare, plain)]).toEqual([0, canonicalText(plain), true])
  })
})

test('an index files records together exactly when their fields are equal, dates by instant', () => {
  const anyRecord = fc.record({ a: anyPresence, when: fc.option(anyDateForm, { nil: undefined }) })
  const single = new IndexValue([{ name: 'when', type: 'date' }])
  const pair = new IndexValue([
    { name: 'a', type: 'other' },
    { name: 'when', type: 'date' },
  ])
  const dates = new Set(['when'])
  fc.assert(
    fc.property(anyRecord, anyRecord, (one, two) => {
      const same = (field: string): boolean => naiveCompare(naiveField(one, field, dates), naiveField(two, field, dates)) === 0
      const [left, right] = [one, two] as { [field: string]: Value }[] as [{ [field: string]: Value }, { [field: string]: Value }]
      expect(single.hashKey(left) === single.hashKey(right)).toBe(same('when'))
      expect(pair.hashKey(left) === pair.hashKey(right)).toBe(same('a') && same('when'))
      expect(single.hashKeyOf([right.when])).toBe(single.hashKey(right))
      expect(pair.hashKeyOf([right.a, right.when])).toBe(pair.hashKey(right))
      const isExempt = one.a === undefined || one.a === null || one.when === undefined || one.when === null
      expect(pair.uniqueKey(left) === undefined).toBe(isExempt)
    }),
    runs(1000),
  )
})

describe('an instant', () => {
  test.each<readonly [unknown, number]>([
    [0, 0],
    [-1.5, -1.5],
    [1e300, 1e300],
    [new Date(5), 5],
    [storedDate(5), 5],
    ['1970-01-01', 0],
    ['1970-01-01T00:00', 0],
    ['1970-01-01T00:00Z', 0],
    ['1970-01-01T00:00:01', 1000],
    ['1970-01-01T00:00:00.5', 500],
    ['1970-01-01T00:00:00.123456789Z', 123],
    ['1970-01-01T01:00+01:00', 0],
    ['1969-12-31T19:00:00-05:00', 0],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
    ['2000-02-29', Date.UTC(2000, 1, 29)],
    ['0000-02-29', -62_162_121_600_000],
    ['0004-02-29', Date.parse('0004-02-29')],
    ['9999-12-31T23:59:59.999Z', Date.UTC(9999, 11, 31, 23, 59, 59, 999)],
  ])('is in %s', (value, ms) => {
    expect(instantOf(value)).toBe(ms)
  })

  test.each([
    ...[
      '',
      ' ',
      '0',
      '1970',
      '1970-01',
      '1970-1-1',
      '19700101',
      '1970-01-01T',
      '1970-01-01 00:00',
      '1970-01-01T00',
      '1970-01-01T00:00:00,5',
    ],
    ...[
      '1970-01-01Z',
      '1970-01-01T00:00z',
      '1970-01-01t00:00',
      ' 1970-01-01',
      '1970-01-01 ',
      '1970-01-01\n',
      '+010000-01-01',
      '-000001-01-01',
    ],
    ...[
      '1970-13-01',
      '1970-00-01',
      '1970-01-00',
      '1970-01-32',
      '1970-02-29',
      '1900-02-29',
      '2023-02-29',
      '2024-02-30',
      '2024-04-31',
      '2024-06-31T00:00Z',
    ],
    ...[
      '1970-01-01T24:01',
      '1970-01-01T25:00',
      '1970-01-01T00:60',
      '1970-01-01T00:00:60',
      '1970-01-01T00:00+24:00',
      '1970-01-01T00:00+0100',
    ],
    ...[
      'tomorrow',
      'Thu Jan 01 1970',
      '１９７０-01-01',
      Number.NaN,
      Number.POSITIVE_INFINITY,
      new Date(Number.NaN),
      null,
      undefined,
      true,
      {},
      [],
      1n,
    ],
  ])('is not in %o', value => {
    expect(instantOf(value)).toBeUndefined()
  })

  test('is in every real day, and in no other', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9999 }),
        fc.integer({ min: 0, max: 13 }),
        fc.integer({ min: 0, max: 32 }),
        (year, month, day) => {
          const text = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
          const date = new Date(0)
          date.setUTCFullYear(year, month - 1, day)
          const isReal = date.toISOString().startsWith(text)
          expect(instantOf(text)).toBe(isReal ? date.getTime() : undefined)
        },
      ),
      runs(1000),
    )
  })
})

describe('a stored date', () => {
  test('reads as any other, and its setters throw', () => {
    const date = storedDate(1_700_000_000_000)
    expect(date).toBeInstanceOf(Date)
    expect([date.getTime(), date.toISOString(), JSON.stringify(date), `${date}`]).toEqual([
      1_700_000_000_000,
      '2023-11-14T22:13:20.000Z',
      '"2023-11-14T22:13:20.000Z"',
      `${new Date(1_700_000_000_000)}`,
    ])
    const setters = Object.getOwnPropertyNames(Date.prototype).filter(name => name.startsWith('set'))
    expect(setters.length).toBeGreaterThan(15)
    for (const name of setters) expect(() => (date as unknown as { [setter: string]: (n: number) => void })[name]!(0)).toThrow(/immutable/)
    expect(() => Object.assign(date, { getTime: () => 0 })).toThrow(TypeError)
    expect(date.getTime()).toBe(1_700_000_000_000)
    expect(structuredClone(date)).toEqual(new Date(1_700_000_000_000))
    expect(new StoredDate(5).getTime()).toBe(5)
  })
})
