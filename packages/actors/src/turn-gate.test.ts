import { describe, expect, it } from 'vitest'
import type { Clock } from './clock.js'
import { BUDGET_MS, type Drainable, TurnGate } from './turn-gate.js'

/** Time and macrotasks by hand. */
function rig() {
  let nowMs = 0
  const yields: (() => void)[] = []
  const clock: Clock = {
    now: () => nowMs,
    after: () => () => undefined,
    yield: run => yields.push(run),
    soon: run => run(),
  }
  const gate = new TurnGate(clock)
  const log: string[] = []
  return {
    gate,
    log,
    yields,
    pass: (ms: number): void => {
      nowMs += ms
    },
    /** Everything armed so far runs, as in one round of the event loop. */
    macrotask: (): void => {
      for (const run of yields.splice(0)) run()
    },
    /** An actor with so many messages, each taking `eachMs`. */
    actor: (name: string, messages: number, eachMs = 0, onRun: () => void = () => undefined): Drainable & { left: number } => ({
      left: messages,
      runNext() {
        if (this.left === 0) return false
        this.left--
        nowMs += eachMs
        log.push(name)
        onRun()
        return this.left > 0
      },
    }),
  }
}

/** Calls admitted one after the other, each taking `eachMs`, until one is not; at most `max`. */
function admittedOf({ gate, pass }: ReturnType<typeof rig>, eachMs: number, max = 1_000_000): number {
  let admitted = 0
  while (admitted < max && gate.admits()) {
    admitted++
    pass(eachMs)
  }
  return admitted
}

describe('the budget of a macrotask', () => {
  it('is noticed spent at the second look: within 128 calls and 5 ms', () => {
    const world = rig()
    const admitted = admittedOf(world, 0.1)
    expect(admitted).toBeGreaterThanOrEqual(64)
    expect(admitted).toBeLessThanOrEqual(64 + Math.ceil(BUDGET_MS / 0.1 / 64) * 64)
    expect(world.gate.admits()).toBe(false)
  })

  it('is new after a yield, and only then', () => {
    const world = rig()
    admittedOf(world, 1)
    expect([world.gate.admits(), world.yields.length]).toEqual([false, 1])
    world.pass(1000)
    expect(world.gate.admits()).toBe(false)
    world.macrotask()
    expect(world.gate.admits()).toBe(true)
  })

  it('is never spent by a caller that lets the event loop turn', () => {
    const world = rig()
    for (let round = 0; round < 10_000; round++) {
      expect(world.gate.admits()).toBe(true)
      world.pass(1)
      if (round % 50 === 0) world.macrotask()
    }
  })

  it('costs a look at the clock at each 64th call and no yield before', () => {
    const world = rig()
    admittedOf(world, 0, 63)
    expect(world.yields.length).toBe(0)
    world.gate.admits()
    expect(world.yields.length).toBe(1)
  })
})

describe('what lets nobody in', () => {
  it('a turn under way, and a hold; each ends by itself', () => {
    const { gate } = rig()
    gate.isInTurn = true
    expect(gate.admits()).toBe(false)
    gate.isInTurn = false
    gate.hold()
    expect(gate.admits()).toBe(false)
    gate.hold()
    gate.release()
    gate.release()
    expect(gate.admits()).toBe(true)
  })
})

describe('draining', () => {
  it('runs what waits in the next macrotask, not in this one', () => {
    const { gate, log, macrotask, actor } = rig()
    gate.schedule(actor('a', 3))
    expect(log).toEqual([])
    macrotask()
    expect(log).toEqual(['a', 'a', 'a'])
  })

  it('shares 5 ms among all actors, round robin by 16, and goes on in the next macrotask', () => {
    const { gate, log, macrotask, actor, yields } = rig()
    for (const name of ['a', 'b', 'c']) gate.schedule(actor(name, 40, 0.1))
    macrotask()
    expect(log.length).toBeGreaterThanOrEqual(BUDGET_MS / 0.1)
    expect(log.length).toBeLessThanOrEqual(BUDGET_MS / 0.1 + 16)
    expect(log.slice(0, 48)).toEqual(['a', 'b', 'c'].flatMap(name => Array(16).fill(name)))
    expect(yields.length).toBe(1)
    while (yields.length > 0) macrotask()
    expect(['a', 'b', 'c'].map(name => log.filter(ran => ran === name).length)).toEqual([40, 40, 40])
  })

  it('does not starve an actor behind one that always has more', () => {
    const { gate, log, macrotask, actor } = rig()
    gate.schedule(actor('endless', Number.POSITIVE_INFINITY, 1))
    gate.schedule(actor('short', 1))
    for (let round = 0; round < 3; round++) macrotask()
    expect(log).toContain('short')
  })

  it('arms one macrotask however many actors and however often they are scheduled', () => {
    const { gate, actor, yields } = rig()
    const actors = Array.from({ length: 100 }, (_, at) => actor(String(at), 1))
    for (const one of [...actors, ...actors]) gate.schedule(one)
    expect(yields.length).toBe(1)
  })

  it('an actor scheduled while it is drained runs what came meanwhile', () => {
    const { gate, log, macrotask, actor, yields } = rig()
    const one = actor('a', 1, 0, () => {
      if (log.length < 5) {
        one.left++
        gate.schedule(one)
      }
    })
    gate.schedule(one)
    while (yields.length > 0) macrotask()
    expect(log).toEqual(['a', 'a', 'a', 'a', 'a'])
  })

  it('stops in the middle when held, and goes on where it was when released', () => {
    const { gate, log, macrotask, actor, yields } = rig()
    const one = actor('a', 10, 0, () => {
      if (log.length === 4) gate.hold()
    })
    gate.schedule(one)
    gate.schedule(actor('b', 2))
    macrotask()
    expect([log.join(''), yields.length]).toEqual(['aaaa', 0])
    gate.release()
    while (yields.length > 0) macrotask()
    expect([one.left, log.filter(ran => ran === 'b').length]).toEqual([0, 2])
  })

  it('a hold and release before the macrotask comes changes nothing', () => {
    const { gate, log, macrotask, actor, yields } = rig()
    gate.schedule(actor('a', 1))
    gate.hold()
    gate.release()
    while (yields.length > 0) macrotask()
    expect(log).toEqual(['a'])
  })

  it('what is scheduled while held waits for the release', () => {
    const { gate, log, macrotask, actor, yields } = rig()
    gate.hold()
    gate.schedule(actor('a', 1))
    macrotask()
    expect([log, yields.length]).toEqual([[], 0])
    gate.release()
    macrotask()
    expect(log).toEqual(['a'])
  })
})
