import { storedDate } from '@repertory/core'
import { describe, expect, it } from 'vitest'
import { captureInput, captureOptions } from './captured-input.js'

class Money {
  amount = 1
}

describe('captured input', () => {
  it('shares nothing that the caller could change', () => {
    const input = { list: [{ n: 1 }], at: new Date(5), deep: { er: { n: 1 } }, missing: undefined }
    const copy = captureInput(input)
    expect(copy).toEqual(input)
    expect(Object.keys(copy)).toContain('missing')
    input.list[0]!.n = 2
    input.list.push({ n: 3 })
    input.at.setTime(6)
    input.deep.er.n = 2
    expect(copy).toEqual({ list: [{ n: 1 }], at: new Date(5), deep: { er: { n: 1 } }, missing: undefined })
  })

  it('passes on what it does not know, and dates that cannot change', () => {
    const frozen = Object.freeze(new Date(5))
    const dates = captureInput([frozen])
    frozen.setTime(6)
    expect(dates).toEqual([new Date(5)])
    const [money, make, date, pattern] = [new Money(), () => 1, storedDate(5), /a/]
    const copy = captureInput({ money, make, date, pattern })
    expect([copy.money, copy.make, copy.date, copy.pattern]).toEqual([money, make, date, pattern])
    expect(copy.money).toBe(money)
    expect(copy.date).toBe(date)
  })

  it.each([undefined, null, 0, 'text', true, 7n, Symbol.iterator])('%s is itself', value => {
    expect(captureInput(value)).toBe(value)
  })

  it('reads each accessor once', () => {
    let reads = 0
    const copy = captureInput({
      get id() {
        return ++reads
      },
    })
    expect([copy.id, copy.id, reads]).toEqual([1, 1, 1])
  })

  it('keeps an own __proto__ a field, and plain objects plain', () => {
    const copy = captureInput(JSON.parse('{"__proto__": {"admin": true}, "a": 1}'))
    expect(Object.keys(copy)).toEqual(['__proto__', 'a'])
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
    expect(copy.admin).toBe(undefined)
  })

  it('keeps holes readable as undefined, cycles cyclic and shared parts shared', () => {
    const shared = { n: 1 }
    const input: { list: unknown[]; self?: unknown; a: object; b: object } = { list: Array(2), a: shared, b: shared }
    input.self = input
    const copy = captureInput(input)
    expect(copy.self).toBe(copy)
    expect(copy.a).toBe(copy.b)
    expect(copy.a).not.toBe(shared)
    expect(copy.list).toEqual([undefined, undefined])
  })

  it('a shared part costs once, however many lead to it', () => {
    let input: object = {}
    for (let level = 0; level < 60; level++) input = { a: input, b: input }
    expect(Object.keys(captureInput(input))).toEqual(['a', 'b'])
  })

  it('what cannot be read is passed on, and refused by whoever reads it next', () => {
    const throwing = {
      get id(): string {
        throw new Error('no')
      },
    }
    expect(captureInput(throwing)).toBe(throwing)
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(captureInput(proxy)).toBe(proxy)
    let deep: object = {}
    for (let level = 0; level < 100_000; level++) deep = { deep }
    expect(captureInput(deep)).toBe(deep)
  })

  it('options are those of the moment', () => {
    const options = { by: 'u1' }
    const captured = captureOptions(options)
    options.by = 'u2'
    expect([captured, captureOptions(undefined)]).toEqual([{ by: 'u1' }, undefined])
  })
})
