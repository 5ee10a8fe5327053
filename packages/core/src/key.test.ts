import { expect, test } from 'vitest'
import { KEY_BYTES_MAX, keyProblem } from './key.js'

test.each([
  'a',
  ' ',
  '0',
  'x'.repeat(KEY_BYTES_MAX),
  'é'.repeat(512),
  '€'.repeat(341),
  '\u{1F600}'.repeat(256),
  '\n',
  '\u2028',
  0,
  -0,
  1.5,
  -1e300,
  Number.MIN_VALUE,
])('%j is a key', key => {
  expect(keyProblem(key)).toBeUndefined()
})

test.each<readonly [unknown, RegExp]>([
  ['', /is empty/],
  ['x'.repeat(KEY_BYTES_MAX + 1), /longer than 1024 bytes/],
  ['é'.repeat(513), /longer than 1024 bytes/],
  ['€'.repeat(342), /longer than 1024 bytes/],
  ['\u{1F600}'.repeat(257), /longer than 1024 bytes/],
  [`${'x'.repeat(1021)}\u{1F600}`, /longer than 1024 bytes/],
  ['\uD800', /not well-formed/],
  ['a\0', /U\+0000/],
  [Number.NaN, /is NaN/],
  [Number.POSITIVE_INFINITY, /is Infinity/],
  [undefined, /is missing/],
  [null, /is missing/],
  [true, /is a boolean/],
  [1n, /is a bigint/],
  [Symbol('s'), /is a symbol/],
  [{}, /is a object/],
  [new Date(0), /is a object/],
])('no key, and why: %#', (key, why) => {
  expect(keyProblem(key)).toMatch(why)
})
