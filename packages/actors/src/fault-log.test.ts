import { describe, expect, it } from 'vitest'
import { FaultLog, type OnError } from './fault-log.js'
import { macrotask } from './store.harness.js'

function rig(onError?: OnError, warn?: (message: string) => void) {
  const logged: string[] = []
  const log = new FaultLog('shop', onError, { warn: warn ?? (message => logged.push(message)) })
  return { log, logged }
}

describe('without onError', () => {
  it('a fault is logged once per cause, with the store, where it came from, and what it was', () => {
    const { log, logged } = rig()
    for (let at = 0; at < 3; at++) log.report(new Error('boom'), 'handler bucket.*')
    log.report(new Error('boom'), 'handler *')
    log.report(new Error('bang'), 'handler *')
    expect(logged).toEqual([
      '[repertory shop] handler bucket.*: boom (further ones of this kind are not logged)',
      '[repertory shop] handler *: boom (further ones of this kind are not logged)',
      '[repertory shop] handler *: bang (further ones of this kind are not logged)',
    ])
  })

  it('what is remembered of causes is bounded', () => {
    const { log, logged } = rig()
    for (let at = 0; at < 5000; at++) log.report(new Error(`boom ${at}`), 'handler *')
    expect(logged.length).toBe(1000)
  })

  it.each([['a string'], [undefined], [null], [Symbol('s')], [Object.create(null)], [{ toString: () => 1 as unknown as string }]])(
    'anything may have been thrown: %#',
    thrown => {
      const { log, logged } = rig()
      log.report(thrown, 'handler *')
      expect(logged.length).toBe(1)
    },
  )

  it('a logger that throws is nobody’s business', () => {
    const { log } = rig(undefined, () => {
      throw new Error('disk full')
    })
    expect(() => log.report(new Error('boom'), 'handler *')).not.toThrow()
  })
})

describe('with onError', () => {
  it('each fault is told, none is logged', () => {
    const told: unknown[] = []
    const { log, logged } = rig((error, context) => told.push([error, context]))
    log.report('a', 'here')
    log.report('a', 'here')
    expect(told).toEqual(Array(2).fill(['a', { source: 'here' }]))
    expect(logged).toEqual([])
  })

  it('one that throws or rejects is logged, and nothing leaves', async () => {
    const throwing = rig(() => {
      throw new Error('first')
    })
    throwing.log.report('a', 'here')
    const rejecting = rig(() => Promise.reject(new Error('second')))
    rejecting.log.report('a', 'here')
    await macrotask()
    expect([throwing.logged, rejecting.logged]).toEqual([
      ['[repertory shop] onError: first (further ones of this kind are not logged)'],
      ['[repertory shop] onError: second (further ones of this kind are not logged)'],
    ])
  })
})
