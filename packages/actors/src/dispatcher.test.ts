import type { Commit } from '@repertory/core'
import { describe, expect, it } from 'vitest'
import type { Clock } from './clock.js'
import { type Consumer, Dispatcher } from './dispatcher.js'
import { TurnGate } from './turn-gate.js'

function rig(options: { readonly eachMs?: number; readonly onDeliver?: (commit: Commit) => void; readonly hasListeners?: boolean } = {}) {
  let nowMs = 0
  const microtasks: (() => void)[] = []
  const macrotasks: (() => void)[] = []
  const clock: Clock = {
    now: () => nowMs,
    after: () => () => undefined,
    yield: run => macrotasks.push(run),
    soon: run => microtasks.push(run),
  }
  const gate = new TurnGate(clock)
  const delivered: number[] = []
  const listening = { hasListeners: options.hasListeners ?? true }
  const consumer: Consumer = {
    get hasListeners() {
      return listening.hasListeners
    },
    deliver: commit => {
      nowMs += options.eachMs ?? 0
      delivered.push(commit.seq)
      options.onDeliver?.(commit)
    },
  }
  const dispatcher = new Dispatcher(clock, gate, [consumer])
  const runAll = (tasks: (() => void)[]): void => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task()
  }
  return { dispatcher, gate, delivered, microtasks, macrotasks, runAll, listening }
}

const commit = (seq: number): Commit => ({ seq, at: 0, changes: [], clearing: undefined, attribution: {} })
const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1)

describe('delivery', () => {
  it('comes after the turn, in commit order, from one microtask', () => {
    const { dispatcher, delivered, microtasks, macrotasks, runAll } = rig()
    for (const seq of upTo(5)) dispatcher.publish(commit(seq))
    expect([delivered, microtasks.length]).toEqual([[], 1])
    runAll(microtasks)
    expect([delivered, macrotasks.length]).toEqual([upTo(5), 0])
  })

  it('takes 5 ms of a macrotask and goes on in the next', () => {
    const { dispatcher, delivered, microtasks, macrotasks, runAll } = rig({ eachMs: 0.5 })
    for (const seq of upTo(100)) dispatcher.publish(commit(seq))
    runAll(microtasks)
    expect(delivered.length).toBe(16)
    macrotasks.shift()!()
    expect(delivered.length).toBe(32)
    runAll(macrotasks)
    expect(delivered).toEqual(upTo(100))
  })

  it('hands what a consumer commits to the end of the queue, never into the middle', () => {
    let next = 3
    const seen: string[] = []
    const world = rig({
      onDeliver: ({ seq }) => {
        seen.push(`begin ${seq}`)
        if (seq <= 2) world.dispatcher.publish(commit(next++))
        seen.push(`end ${seq}`)
      },
    })
    world.dispatcher.publish(commit(1))
    world.dispatcher.publish(commit(2))
    world.runAll(world.microtasks)
    expect(world.delivered).toEqual([1, 2, 3, 4])
    expect(seen).toEqual([1, 2, 3, 4].flatMap(seq => [`begin ${seq}`, `end ${seq}`]))
  })

  it('a slow consumer that commits at each delivery never keeps the event loop: it goes on by macrotasks', () => {
    let next = 2
    const world = rig({ eachMs: 1, onDeliver: () => world.dispatcher.publish(commit(next++)) })
    world.dispatcher.publish(commit(1))
    for (let round = 0; round < 20; round++) {
      world.runAll(world.microtasks)
      expect(world.delivered.length).toBe(16 * (round + 1))
      expect(world.macrotasks.length).toBe(1)
      world.macrotasks.shift()!()
    }
  })

  it('queues nothing while nobody listens', () => {
    const { dispatcher, microtasks, delivered, listening, runAll } = rig({ hasListeners: false })
    dispatcher.publish(commit(1))
    expect(microtasks.length).toBe(0)
    listening.hasListeners = true
    dispatcher.publish(commit(2))
    runAll(microtasks)
    expect(delivered).toEqual([2])
  })
})

describe('back-pressure', () => {
  it('holds the gate at 10,000 waiting commits, releases it at half, and drops none', () => {
    const { dispatcher, gate, delivered, microtasks, macrotasks, runAll } = rig({ eachMs: 1 })
    for (const seq of upTo(9999)) dispatcher.publish(commit(seq))
    expect(gate.admits()).toBe(true)
    for (const seq of [10_000, 10_001, 10_002]) dispatcher.publish(commit(seq))
    expect(gate.admits()).toBe(false)
    runAll(microtasks)
    while (delivered.length < 5000) {
      expect(gate.admits()).toBe(false)
      macrotasks.shift()!()
    }
    macrotasks.shift()!()
    expect(gate.admits()).toBe(true)
    runAll(macrotasks)
    expect(delivered).toEqual(upTo(10_002))
  })
})

describe('waiting for delivery', () => {
  it('covers the commits made before it was asked, and not those after', async () => {
    const { dispatcher, microtasks, macrotasks } = rig({ eachMs: 1 })
    for (const seq of upTo(20)) dispatcher.publish(commit(seq))
    let isReached = false
    const reached = dispatcher.delivered().then(() => {
      isReached = true
    })
    for (let seq = 21; seq <= 100; seq++) dispatcher.publish(commit(seq))
    microtasks.shift()!()
    await Promise.resolve()
    expect(isReached).toBe(false)
    macrotasks.shift()!()
    await reached
  })

  it('is over at once when nothing waits', async () => {
    const { dispatcher, microtasks, runAll } = rig()
    await dispatcher.delivered()
    dispatcher.publish(commit(1))
    runAll(microtasks)
    await dispatcher.delivered()
  })

  it('asked by a consumer it waits for the commit being delivered', async () => {
    const asked: Promise<void>[] = []
    const world = rig({ onDeliver: () => asked.push(world.dispatcher.delivered()) })
    world.dispatcher.publish(commit(1))
    world.runAll(world.microtasks)
    await Promise.all(asked)
    expect(asked.length).toBe(1)
  })
})
