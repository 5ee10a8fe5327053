import { CorruptError } from '@repertory/core'
import { describe, expect, it } from 'vitest'
import { FaultLog } from './fault-log.js'
import { StatusBus, type StatusChange } from './status-bus.js'
import { Store } from './store.js'
import { crash } from './testing.js'
import { createVirtualClock } from './virtual-clock.js'

const served: StatusChange = { kind: 'bucket', name: 'users', state: 'serving', lastError: undefined }
const schema = { id: { type: 'string', required: true } } as const

function openBus(): { bus: StatusBus; faults: unknown[] } {
  const faults: unknown[] = []
  return { bus: new StatusBus(createVirtualClock(), new FaultLog('test', error => faults.push(error), console)), faults }
}

describe('status bus', () => {
  it('tells every watcher each move once, after the turn', async () => {
    const { bus } = openBus()
    const heard: StatusChange[] = []
    bus.watch(change => heard.push(change))
    bus.moved(served)
    expect(heard).toEqual([])
    await Promise.resolve()
    expect(heard).toEqual([served])
  })

  it('tells nobody after the end, also of a move made before it; the end may be called again', async () => {
    const { bus } = openBus()
    const heard: StatusChange[] = []
    const end = bus.watch(change => heard.push(change))
    bus.moved(served)
    end()
    end()
    await Promise.resolve()
    expect(heard).toEqual([])
  })

  it('keeps a throwing or rejecting watcher from the others', async () => {
    const { bus, faults } = openBus()
    const heard: StatusChange[] = []
    bus.watch(() => {
      throw new CorruptError('thrown')
    })
    bus.watch(() => Promise.reject(new CorruptError('rejected')))
    bus.watch(change => heard.push(change))
    bus.moved(served)
    await new Promise(resolve => setImmediate(resolve))
    expect(heard).toEqual([served])
    expect(faults.map(String)).toEqual(['CorruptError: thrown', 'CorruptError: rejected'])
  })

  it('shows a bucket that crashes, waits and serves again', async () => {
    const clock = createVirtualClock()
    const store = await Store.start({ clock, random: () => 0.5, buckets: { users: { key: 'id', schema } }, onError: () => undefined })
    const states: string[] = []
    store.watch(change => states.push(`${change.name} ${change.state}`))
    crash(store, 'users')
    crash(store, 'users')
    await clock.advance(200)
    expect(states).toEqual(['users restarting', 'users serving', 'users waiting', 'users restarting', 'users serving'])
    await store.stop()
  })
})
