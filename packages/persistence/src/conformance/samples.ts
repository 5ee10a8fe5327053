/**
 * Samples: names and values that backends have been known to bend. All of them are legal to core.
 */

import type { BucketShape, FieldShape, IndexShape, Key } from '@repertory/core'
import type { Fields } from './model.js'

/** A bucket's shape with little typing. Fields: `name:type`; indexes: field names joined by `+`. */
export function shapeOf(
  name: string,
  key: string,
  keyType: BucketShape['keyType'],
  fields: readonly string[],
  indexes: readonly string[] = [],
): BucketShape {
  return {
    name,
    key,
    keyType,
    fields: fields.map(field => {
      const at = field.lastIndexOf(':')
      return { name: field.slice(0, at), type: field.slice(at + 1) as FieldShape['type'] }
    }),
    indexes: indexes.map((list): IndexShape => ({ name: list, fields: list.split('+'), kind: 'hash', unique: false })),
    fingerprint: `of ${name} ${fields.join()}`,
  }
}

/** Every kind of declared field. */
export const HOSTILE: BucketShape = shapeOf(
  'hostile',
  'id',
  'string',
  ['id:string', 'text:string', 'number:number', 'flag:boolean', 'at:date', 'any:other'],
  ['text', 'number+at', 'flag+text', 'any', 'undeclared'],
)

export const HOSTILE_TEXTS: readonly string[] = [
  '',
  ' ',
  "it's",
  '"quoted"',
  '`back`',
  '\\',
  '\\u0000',
  'a\nb\r\n\tc',
  '; DROP TABLE hostile; --',
  '%_',
  'null',
  'NaN',
  '1',
  '1e3',
  '0x10',
  'true',
  '2024-02-29',
  '$date',
  '{"$date":1}',
  '\u0001\u001f\u007f\u0085\u2028\u2029\ufeff',
  'e\u0301 \u00e9',
  '\u202eabc',
  '😀👩‍👩‍👧‍👦',
  '\u{10ffff}',
  'ß İ ı ſ',
  'x'.repeat(100_000),
]

export const HOSTILE_NUMBERS: readonly number[] = [
  0,
  1,
  -1,
  0.1,
  -0.1,
  1e308,
  -1e308,
  5e-324,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53 - 1,
  -(2 ** 53 - 1),
  2 ** 53,
  2 ** 63,
  2 ** 64,
  1e21,
  1e-7,
  0.1 + 0.2,
  123456789.12345679,
]

/** Three forms of one instant, the ends of time, and what a date field may also hold. */
export const HOSTILE_DATES: readonly (Date | number | string)[] = [
  new Date(1_700_000_000_123),
  1_700_000_000_123,
  '2023-11-14T22:13:20.123Z',
  '2023-11-14T23:13:20.123+01:00',
  '2023-11-14',
  new Date(0),
  0,
  new Date(-1),
  new Date(8.64e15),
  new Date(-8.64e15),
  8.64e15,
  1.5,
  1e300,
  'not a date',
]

const NESTED: Fields = {
  list: [1, 'two', null, [], {}, [new Date(3)], { deep: { deeper: [new Date(4), { $date: 5 }] } }],
  map: { $date: 1, $$date: 2, $: 3, '': 4, 'a.b': 5, "it's": 6, '"': 7, '\\u0024date': 8, _ord: 9, length: 10, '1': 11 },
  nothing: {},
  none: [],
  marks: [{ $date: 1 }, { $date: 'x' }, { $date: null }, { $date: 1, more: true }, { $unknown: 1 }],
  nulls: { a: null, b: [null] },
}

/** Records of `HOSTILE`, each value in a field of its type and in fields of every other. */
export function hostileRecords(): Fields[] {
  const records: Fields[] = [{ id: 'only a key' }]
  const add = (fields: Fields): void => {
    records.push({ id: `r${records.length}`, ...fields })
  }
  for (const text of HOSTILE_TEXTS) add({ text, undeclared: text })
  for (const number of HOSTILE_NUMBERS) add({ number, undeclared: number })
  for (const at of HOSTILE_DATES) add({ at, undeclared: at })
  add({ flag: true, undeclared: false })
  add({ flag: false, undeclared: true })
  add({ text: null, number: null, flag: null, at: null, any: null, undeclared: null })
  add({ any: NESTED, undeclared: NESTED })
  for (const value of ['text', 1, true, new Date(1), [1], { a: 1 }]) add({ text: value, number: value, flag: value, at: value, any: value })
  return records
}

/** Text keys that case folding, trimming, normal forms or affinity would confuse. */
export const HOSTILE_KEYS: readonly string[] = [
  'a',
  'A',
  'a ',
  ' a',
  'á',
  'a\u0301',
  'ａ',
  '1',
  '01',
  '1.0',
  '1e0',
  'n:1',
  's:1',
  'null',
  "'",
  '"',
  '\\',
  '%',
  '_',
  'ß',
  'ss',
  '😀',
  'k'.repeat(1024),
]

export const HOSTILE_NUMBER_KEYS: readonly number[] = [0, 1, -1, 1.5, 1e308, 5e-324, 2 ** 53 - 1, 2 ** 60, 0.1, 0.1 + 0.2, 1e21]

export const HOSTILE_EITHER_KEYS: readonly Key[] = [...HOSTILE_KEYS, ...HOSTILE_NUMBER_KEYS]

/** Field names that are words, quotes, or nearly each other. */
export const HOSTILE_FIELDS: readonly string[] = [
  'select',
  'table',
  'order',
  'rowid',
  'oid',
  'index',
  'name',
  'Name',
  'NAME',
  'n\u00e1me',
  'na\u0301me',
  '"',
  '""',
  "'",
  '`',
  ']x',
  'two words',
  ' lead',
  'trail ',
  'ünïcödé',
  '表',
  '😀',
  '?',
  '@a',
  ':a',
  '--',
  '/*',
  ';',
  '%',
  '\\',
  'tab\tand\nline',
  '1',
  'ord',
  'crc',
  'sqlite_master',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '~',
  'name~2',
  'f'.repeat(300),
  `${'f'.repeat(300)}g`,
]

/** Bucket names at the ends of what SPEC 2.10 allows. */
export const HOSTILE_BUCKETS: readonly string[] = [
  'users',
  'Users',
  'USERS',
  'select',
  'Table',
  'sqlite_master',
  'sqlite_x',
  'a:b',
  'a-b',
  'a_b',
  'meta',
  'b'.repeat(128),
  `${'b'.repeat(127)}B`,
  '$consumers',
]
