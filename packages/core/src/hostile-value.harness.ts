/**
 * Hostile values: what callers should never give and will.
 *
 * 1 `REFUSED` cannot be stored: every one is refused, wherever in a record it stands.
 * 2 `KEPT` looks odd and is data: every one is stored as `stored`.
 * 3 Each is made anew by a function, since some may be used once only.
 */

import { DEPTH_MAX } from './copy-value.js'

const throwing = (): never => {
  throw Object.create(null)
}

/** A proxy of which each trap throws, as does what it throws. */
function angry(target: object): object {
  const traps = ['get', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor', 'apply', 'isExtensible', 'set', 'defineProperty']
  const handler: { [trap: string]: () => never } = {}
  const proxy = new Proxy(target, handler)
  for (const trap of traps) {
    handler[trap] = () => {
      throw proxy
    }
  }
  return proxy
}

function nested(levels: number): unknown {
  let value: unknown = 'bottom'
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { down: value }
  return value
}

/** Small, and 2^40 values when written out. */
function explosion(): unknown {
  let value: unknown = ['x']
  for (let level = 0; level < 40; level++) value = [value, value]
  return value
}

class Point {
  x = 1
}

class LyingDate extends Date {
  override getTime(): number {
    return 'soon' as unknown as number
  }
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

export const REFUSED: { readonly [name: string]: () => unknown } = {
  NaN: () => Number.NaN,
  Infinity: () => Number.POSITIVE_INFINITY,
  '-Infinity': () => Number.NEGATIVE_INFINITY,
  bigint: () => 1n,
  symbol: () => Symbol('s'),
  function: () => () => 1,
  class: () => Point,
  'class instance': () => new Point(),
  Map: () => new Map([[1, 2]]),
  Set: () => new Set([1]),
  RegExp: () => /x/,
  Error: () => new Error('no'),
  promise: () => Promise.resolve(1),
  WeakMap: () => new WeakMap(),
  ArrayBuffer: () => new ArrayBuffer(8),
  Uint8Array: () => new Uint8Array(2),
  'boxed string': () => Object('x'),
  'boxed number': () => Object(1),
  'boxed boolean': () => Object(false),
  'boxed bigint': () => Object(1n),
  'boxed symbol': () => Object(Symbol('s')),
  'invalid Date': () => new Date(Number.NaN),
  'object that only inherits from Date': () => Object.create(Date.prototype),
  'object that inherits': () => Object.create({ inherited: 1 }),
  'cyclic object': () => {
    const value: { self?: unknown } = {}
    value.self = value
    return value
  },
  'cyclic list': () => {
    const value: unknown[] = []
    value.push(value)
    return value
  },
  'nested one level too deep': () => nested(DEPTH_MAX + 1),
  'sparse list': () => Object.assign(new Array(3), { 0: 1, 2: 3 }),
  'list of a billion holes': () => new Array(1e9),
  'list with undefined': () => [undefined],
  'list with a function': () => [() => 1],
  'lone surrogate': () => 'a\uD800b',
  'lone low surrogate': () => '\uDC00',
  'U+0000': () => 'a\0b',
  'field name with U+0000': () => ({ 'a\0': 1 }),
  'field name with a lone surrogate': () => ({ '\uD800': 1 }),
  'field name with a dot': () => ({ 'a.b': 1 }),
  'field name with [': () => ({ 'a[0': 1 }),
  'field name with ]': () => ({ 'a]': 1 }),
  'field name with _': () => ({ _a: 1 }),
  'field name with $': () => ({ $gt: 1 }),
  __proto__: () => JSON.parse('{"__proto__": {"isAdmin": true}}'),
  constructor: () => JSON.parse('{"constructor": {"prototype": {}}}'),
  prototype: () => JSON.parse('{"deep": [{"prototype": 1}]}'),
  'getter that throws': () => ({
    get a(): never {
      return throwing()
    },
  }),
  'getter that throws in a list': () => Object.defineProperty([1], 0, { get: throwing, enumerable: true }),
  'toJSON that throws': () => ({ toJSON: throwing }),
  'toJSON getter that throws': () => Object.defineProperty({}, 'toJSON', { get: throwing }),
  'toJSON that gives a function': () => ({ toJSON: () => () => 1 }),
  'toJSON that gives itself': () => {
    const value = { toJSON: (): unknown => value }
    return value
  },
  'angry proxy of an object': () => angry({}),
  'angry proxy of a list': () => angry([]),
  'angry proxy of a function': () => angry(() => 1),
  'revoked proxy': revoked,
  'object that throws when asked its class': () =>
    Object.create(
      Object.create({
        get constructor(): never {
          return throwing()
        },
      }),
    ),
}

/** As `REFUSED`, but only after a million values. */
export const REFUSED_LATE: { readonly [name: string]: () => unknown } = {
  'shared sub-trees that explode': explosion,
  'proxy list that never ends': () =>
    new Proxy([], { get: (_, name) => (name === 'length' ? Number.MAX_SAFE_INTEGER : name === 'toJSON' ? undefined : 1) }),
}

export const KEPT: { readonly [name: string]: { readonly make: () => unknown; readonly stored: unknown } } = {
  '-0': { make: () => -0, stored: 0 },
  'nested -0': { make: () => [-0, { a: -0 }], stored: [0, { a: 0 }] },
  'undefined in an object': { make: () => ({ a: undefined, b: 1 }), stored: { b: 1 } },
  'nested as deep as may be': { make: () => nested(DEPTH_MAX), stored: nested(DEPTH_MAX) },
  'the largest number': { make: () => Number.MAX_VALUE, stored: Number.MAX_VALUE },
  'the smallest number': { make: () => Number.MIN_VALUE, stored: Number.MIN_VALUE },
  'an object without a prototype': { make: () => Object.assign(Object.create(null), { a: 1 }), stored: { a: 1 } },
  'an object whose prototype is bare': {
    make: () => Object.assign(Object.create(Object.assign(Object.create(null), { inherited: 1 })), { a: 1 }),
    stored: { a: 1 },
  },
  'frozen input': { make: () => Object.freeze({ a: Object.freeze([1]) }), stored: { a: [1] } },
  'a proxy that does nothing': { make: () => new Proxy({ a: [1] }, {}), stored: { a: [1] } },
  'names of what every object has': {
    make: () => ({ toString: 1, hasOwnProperty: 2, valueOf: 3, isPrototypeOf: null }),
    stored: { toString: 1, hasOwnProperty: 2, valueOf: 3, isPrototypeOf: null },
  },
  'odd field names': {
    make: () => ({ '': 1, ' ': 2, "'": 3, '"': 4, '\n': 5, '\u2028': 6, '\u{1F600}': 7, '\\': 8, '`${x}`': 9, '*/': 10, 1: 11 }),
    stored: { '': 1, ' ': 2, "'": 3, '"': 4, '\n': 5, '\u2028': 6, '\u{1F600}': 7, '\\': 8, '`${x}`': 9, '*/': 10, 1: 11 },
  },
  'strings of every plane': { make: () => 'a\u007F\u0080\uFFFF\u{10FFFF}\u2028', stored: 'a\u007F\u0080\uFFFF\u{10FFFF}\u2028' },
  'a huge string': { make: () => 'x'.repeat(5_000_000), stored: 'x'.repeat(5_000_000) },
  'a Date': { make: () => new Date(5), stored: new Date(5) },
  'a Date of which the class lies': { make: () => new LyingDate(5), stored: new Date(5) },
  'a Date at the end of time': { make: () => new Date(8.64e15), stored: new Date(8.64e15) },
  'toJSON that gives data': { make: () => ({ toJSON: () => ({ a: [1] }) }), stored: { a: [1] } },
  'toJSON that gives a Date': { make: () => ({ toJSON: () => new Date(7) }), stored: new Date(7) },
  'toJSON of a class': { make: () => new URL('http://x/'), stored: 'http://x/' },
  'toJSON that is data': { make: () => ({ toJSON: 'no function' }), stored: { toJSON: 'no function' } },
  'toJSON of a list': { make: () => Object.assign([1], { toJSON: () => 'one' }), stored: 'one' },
  'what is hidden, or named by a symbol, as JSON sees it': {
    make: () => Object.defineProperty({ a: 1, [Symbol('s')]: 2 }, 'hidden', { value: 3 }),
    stored: { a: 1 },
  },
  'a list with more than indices': { make: () => Object.assign([1], { more: 2 }), stored: [1] },
  'a shared sub-tree': {
    make: () => {
      const shared = { a: [1] }
      return [shared, shared]
    },
    stored: [{ a: [1] }, { a: [1] }],
  },
}
