import { OptionError } from '@repertory/core'
import { describe, expect, it } from 'vitest'
import { compilePattern, Topics } from './topics.js'

const TOPICS = ['bucket.orders.inserted', 'bucket.orders.deleted', 'bucket.users.inserted', 'bucket.inserted', 'other.orders.inserted']

describe('a pattern', () => {
  it.each([
    ['*', TOPICS],
    ['bucket.*', TOPICS.slice(0, 4)],
    ['bucket.orders.*', TOPICS.slice(0, 2)],
    ['bucket.*.inserted', ['bucket.orders.inserted', 'bucket.users.inserted']],
    ['*.orders.inserted', ['bucket.orders.inserted', 'other.orders.inserted']],
    ['*.*.inserted', ['bucket.orders.inserted', 'bucket.users.inserted', 'other.orders.inserted']],
    ['*.*', TOPICS],
    ['bucket.*.*', TOPICS.slice(0, 3)],
    ['bucket.orders.inserted', ['bucket.orders.inserted']],
    ['bucket.orders', []],
    ['bucket.orders.inserted.*', []],
    ['bucket.ord*.inserted', []],
    ['BUCKET.orders.inserted', []],
  ])('%s matches what it says and nothing else', (pattern, expected) => {
    const matches = compilePattern(pattern)
    expect(TOPICS.filter(topic => matches(topic.split('.')))).toEqual(expected)
  })

  it.each(['', '.', 'bucket.', '.orders', 'bucket..inserted', undefined, 7, null])('%j is refused with examples', pattern => {
    expect(() => compilePattern(pattern as string)).toThrow(OptionError)
    expect(() => compilePattern(pattern as string)).toThrow(/is not a topic pattern; write "bucket\.orders\.inserted"/)
  })
})

describe('listeners', () => {
  it('are found in the order in which they came', () => {
    const topics = new Topics<string>()
    topics.add('bucket.*', 'first', 0)
    topics.add('bucket.users.inserted', 'second', 0)
    topics.add('*', 'third', 0)
    expect(topics.listenersOf('bucket.users.inserted').map(({ handler }) => handler)).toEqual(['first', 'second', 'third'])
  })

  it('come and go also for topics that were looked up before', () => {
    const topics = new Topics<string>()
    expect([topics.isEmpty, topics.listenersOf('a.b')]).toEqual([true, []])
    const listener = topics.add('a.*', 'one', 0)
    expect([topics.isEmpty, topics.listenersOf('a.b').length]).toEqual([false, 1])
    topics.remove(listener)
    topics.remove(listener)
    expect([topics.isEmpty, listener.isActive, topics.listenersOf('a.b')]).toEqual([true, false, []])
  })

  it('the topics remembered are bounded, however many buckets come and go', () => {
    const topics = new Topics<object>()
    topics.add('*', {}, 0)
    const first = topics.listenersOf('bucket.b0.inserted')
    expect(topics.listenersOf('bucket.b0.inserted')).toBe(first)
    for (let at = 1; at <= 20_000; at++) topics.listenersOf(`bucket.b${at}.inserted`)
    expect(topics.listenersOf('bucket.b0.inserted')).not.toBe(first)
    expect(topics.listenersOf('bucket.b0.inserted')).toEqual(first)
  })
})
