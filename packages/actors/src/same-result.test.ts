import { storedDate } from '@repertory/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSameResult } from './same-result.js'

class Money {
  readonly amount: number
  constructor(amount: number) {
    this.amount = amount
  }
}

const nested = (depth: number): unknown => {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = { value }
  return value
}

describe('two results are the same when', () => {
  it.each<[string, unknown, unknown]>([
    ['they are NaN', Number.NaN, Number.NaN],
    ['they are zero of either sign', 0, -0],
    ['they are zero of either sign inside', { n: [0] }, { n: [-0] }],
    ['their fields are equal in another order', { a: 1, b: { c: [Number.NaN] } }, { b: { c: [Number.NaN] }, a: 1 }],
    ['their dates are of one instant, of whatever class', { at: new Date(5) }, { at: storedDate(5) }],
    ['their dates are both invalid', [new Date(Number.NaN)], [new Date(Number.NaN)]],
    ['their maps have equal entries in order', new Map([['a', { n: 1 }]]), new Map([['a', { n: 1 }]])],
    ['their sets have equal members in order', new Set([1, 2]), new Set([1, 2])],
    ['they have no prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ['they are nothing', undefined, undefined],
    ['they are deep', nested(150), nested(150)],
  ])('%s', (_, a, b) => {
    expect([isSameResult(a, b), isSameResult(b, a)]).toEqual([true, true])
  })
})

describe('two results differ when', () => {
  const cyclic: { self?: unknown } = {}
  cyclic.self = cyclic
  const other: { self?: unknown } = {}
  other.self = other
  it.each<[string, unknown, unknown]>([
    ['one is null', null, {}],
    ['one is missing', undefined, null],
    ['a number is a string', 1, '1'],
    ['metadata differs', { id: 1, _version: 1 }, { id: 1, _version: 2 }],
    ['a field is missing', { a: 1 }, { a: 1, b: undefined }],
    ['a field has another name', { a: undefined }, { b: undefined }],
    ['a field is inherited', { toString: undefined }, { a: undefined }],
    ['a list is longer', [1], [1, 2]],
    ['a list has a hole', [1], Array(1)],
    ['a hole is filled', Array(1), [1]],
    ['the order differs', [1, 2], [2, 1]],
    ['a list is an object', [], {}],
    ['instants differ', new Date(1), new Date(2)],
    ['a date is a number', new Date(1), 1],
    ['a set is a list', new Set([1]), [1]],
    ['they are instances of classes', new Money(1), new Money(1)],
    ['they are functions', () => 1, () => 1],
    ['they refer to themselves', cyclic, other],
    ['they are deeper than anybody means', nested(300), nested(300)],
  ])('%s', (_, a, b) => {
    expect([isSameResult(a, b), isSameResult(b, a)]).toEqual([false, false])
  })
})

it('agrees with a structural oracle on any data, and on one change anywhere in it', () => {
  const value = fc.jsonValue({ maxDepth: 4 })
  fc.assert(
    fc.property(value, value, (a, b) => {
      const copy = structuredClone(a)
      expect(isSameResult(a, copy)).toBe(true)
      expect(isSameResult(a, b)).toBe(canonical(a) === canonical(b))
    }),
    { numRuns: 500 },
  )
})

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '0' : JSON.stringify(value)
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join()}}`
}
