import { describe, expect, it } from 'vitest'
import { type ChildEvent, type ChildState, childTable, type RestartPolicy, superviseChild } from './supervised-child.js'
import { createVirtualClock } from './virtual-clock.js'

const START_MS = 1_000_000

function rig(
  settings: { policy?: Partial<RestartPolicy>; drawn?: number; restart?: () => void; onState?: (state: ChildState) => void } = {},
) {
  const clock = createVirtualClock({ startMs: START_MS })
  const states: ChildState[] = []
  const errors: unknown[] = []
  const child = superviseChild({
    id: 'users',
    policy: settings.policy ?? {},
    clock,
    random: () => settings.drawn ?? 0.5,
    restart: settings.restart ?? (() => {}),
    onState: state => {
      states.push(state)
      settings.onState?.(state)
    },
    onError: error => errors.push(error),
  })
  return { clock, child, states, errors }
}

describe('the table', () => {
  const crash = (calm: boolean, many: boolean): ChildEvent => ({ type: 'crashed', calm, many })
  const routes: Record<string, readonly ChildEvent[]> = {
    running: [],
    restarting: [crash(true, false)],
    waiting: [crash(false, false)],
    open: [crash(false, true)],
    probing: [crash(false, true), { type: 'due' }],
    stopped: [{ type: 'stop' }],
  }
  const events: Record<string, ChildEvent> = {
    'crashed calm': crash(true, false),
    crashed: crash(false, false),
    'crashed many': crash(false, true),
    restarted: { type: 'restarted' },
    due: { type: 'due' },
    clean: { type: 'clean' },
    stop: { type: 'stop' },
  }

  it('moves from every state on every event as drawn, and nowhere else', () => {
    const moves: string[] = []
    for (const [state, route] of Object.entries(routes)) {
      let { place } = childTable.begin()
      for (const event of route) place = childTable.next(place, event).place
      expect(place.value).toBe(state)
      for (const [name, event] of Object.entries(events)) {
        const step = childTable.next(place, event)
        const effects = step.effects.map(effect => effect.type).join(' ')
        if (effects !== '' || step.place.value !== state) moves.push(`${state} | ${name} | ${step.place.value} | ${effects}`)
      }
    }
    expect(moves).toEqual([
      'running | crashed calm | restarting | tell restart',
      'running | crashed | waiting | armRetry tell',
      'running | crashed many | open | armRetry tell',
      'running | stop | stopped | tell',
      'restarting | crashed calm | waiting | armRetry tell',
      'restarting | crashed | waiting | armRetry tell',
      'restarting | crashed many | open | armRetry tell',
      'restarting | restarted | running | tell',
      'restarting | stop | stopped | tell',
      'waiting | due | restarting | disarm tell restart',
      'waiting | stop | stopped | disarm tell',
      'open | due | probing | disarm restart',
      'open | stop | stopped | disarm tell',
      'probing | crashed calm | restarting | disarm tell restart',
      'probing | crashed | open | disarm armRetry tell',
      'probing | crashed many | open | disarm armRetry tell',
      'probing | restarted | probing | armClean tell',
      'probing | clean | running | disarm forget tell',
      'probing | stop | stopped | disarm tell',
    ])
  })
})

describe('a supervised child', () => {
  it('restarts at once, inside the call, when it was calm', () => {
    const { clock, child, states } = rig()
    child.crashed(new Error('first'))
    expect([child.state, child.restarts, child.retryAtMs, clock.pending]).toEqual(['running', 1, undefined, 0])
    expect(states).toEqual(['restarting', 'running'])
    expect(child.lastError).toEqual(new Error('first'))
  })

  it('backs off from 100 ms, doubling, and opens past the intensity', async () => {
    const { clock, child, states } = rig()
    child.crashed('1')
    child.crashed('2')
    expect([child.state, child.retryAtMs]).toEqual(['waiting', START_MS + 100])
    await clock.advance(99)
    expect([child.state, child.restarts]).toEqual(['waiting', 1])
    await clock.advance(1)
    expect([child.state, child.restarts, child.retryAtMs]).toEqual(['running', 2, undefined])
    child.crashed('3')
    expect(child.retryAtMs).toBe(clock.now() + 200)
    await clock.advance(200)
    child.crashed('4')
    expect([child.state, child.retryAtMs, child.lastError]).toEqual(['open', clock.now() + 400, '4'])
    expect(states).toEqual(['restarting', 'running', 'waiting', 'restarting', 'running', 'waiting', 'restarting', 'running', 'open'])
  })

  it('probes once per back-off: a crash re-opens with a doubled one, up to 30 s', async () => {
    const { clock, child } = rig({ policy: { restartsMax: 0 } })
    const delays: number[] = []
    child.crashed('0')
    for (let probe = 1; probe <= 11; probe++) {
      expect(child.state).toBe('open')
      delays.push(child.retryAtMs! - clock.now())
      await clock.advance(child.retryAtMs! - clock.now())
      expect([child.state, child.restarts]).toEqual(['probing', probe])
      child.crashed(String(probe))
    }
    expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000])
  })

  it('closes after a clean window, and starts over', async () => {
    const { clock, child } = rig({ policy: { restartsMax: 1, restartsWindowMs: 1000 } })
    child.crashed('1')
    child.crashed('2')
    expect(child.state).toBe('open')
    await clock.advance(100)
    expect(child.state).toBe('probing')
    await clock.advance(999)
    expect(child.state).toBe('probing')
    await clock.advance(1)
    expect([child.state, clock.pending]).toEqual(['running', 0])
    child.crashed('3')
    expect([child.state, child.restarts]).toEqual(['running', 3])
    child.crashed('4')
    expect(child.retryAtMs).toBe(clock.now() + 100)
  })

  it('is calm again after serving for a window, however often that happens', async () => {
    const { clock, child } = rig()
    for (let day = 0; day < 10; day++) {
      child.crashed('calm')
      expect([child.state, child.retryAtMs]).toEqual(['running', undefined])
      await clock.advance(5000)
    }
    child.crashed('calm')
    await clock.advance(4999)
    child.crashed('not yet')
    expect([child.state, child.retryAtMs]).toEqual(['waiting', clock.now() + 100])
  })

  it('keeps doubling while no window was served, even when crashes are too far apart for the intensity', async () => {
    const { clock, child } = rig({ policy: { restartsMax: 3, restartsWindowMs: 150, backoffMaxMs: 1000 } })
    const delays: number[] = []
    child.crashed('at once')
    for (let crash = 0; crash < 6; crash++) {
      child.crashed('again')
      delays.push(child.retryAtMs! - clock.now())
      await clock.advance(child.retryAtMs! - clock.now())
    }
    expect(delays).toEqual([100, 200, 400, 800, 1000, 1000])
    expect(child.state).toBe('running')
  })

  it('spreads the back-off by ten percent', () => {
    for (const [drawn, delayMs] of [
      [0, 90],
      [0.5, 100],
      [0.999_999, 110],
    ] as const) {
      const { clock, child } = rig({ drawn })
      child.crashed('1')
      child.crashed('2')
      expect(child.retryAtMs! - clock.now()).toBeCloseTo(delayMs, 3)
    }
  })

  it('counts a restart that throws as a crash of that attempt, and tells onError', async () => {
    let failuresLeft = 3
    const { clock, child, errors } = rig({
      restart: () => {
        if (failuresLeft-- > 0) throw new Error(`restart ${failuresLeft}`)
      },
    })
    child.crashed('crash')
    expect([child.state, child.restarts]).toEqual(['waiting', 1])
    await clock.advance(100)
    await clock.advance(200)
    expect([child.state, child.restarts, errors.length]).toEqual(['open', 3, 3])
    expect(child.lastError).toEqual(new Error('restart 0'))
    await clock.advance(400)
    expect([child.state, child.restarts]).toEqual(['probing', 4])
  })

  it('never tells of a probe that did not come up', async () => {
    const { clock, child, states } = rig({
      policy: { restartsMax: 0 },
      restart: () => {
        throw new Error('still broken')
      },
    })
    child.crashed('crash')
    await clock.advance(300)
    expect([child.state, child.restarts]).toEqual(['open', 2])
    expect(states).toEqual(['open', 'open', 'open'])
  })

  it('counts one crash per incarnation, reported and thrown', () => {
    const { child, errors } = rig({
      restart: () => {
        if (child.restarts > 1) return
        child.crashed('reported while restarting')
        throw new Error('thrown as well')
      },
    })
    child.crashed('crash')
    expect([child.state, child.lastError, child.restarts]).toEqual(['waiting', 'reported while restarting', 1])
    expect(errors).toEqual([new Error('thrown as well')])
  })

  it('takes a crash reported from onState in its turn', () => {
    const { child } = rig({ onState: state => state === 'running' && child.restarts === 1 && child.crashed('the mailbox was poisoned') })
    child.crashed('crash')
    expect([child.state, child.lastError]).toEqual(['waiting', 'the mailbox was poisoned'])
  })

  it('ignores the late word of a dead incarnation', () => {
    const { clock, child } = rig()
    child.crashed('1')
    child.crashed('2')
    const retryAtMs = child.retryAtMs
    child.crashed('late')
    expect([child.lastError, child.retryAtMs, clock.pending]).toEqual(['2', retryAtMs, 1])
  })

  it('stops from every state and stays stopped', async () => {
    for (const crashes of [0, 1, 2, 4]) {
      const { clock, child, states } = rig()
      for (let crash = 0; crash < crashes; crash++) {
        child.crashed(crash)
        if (child.state === 'waiting' && crash < crashes - 1) await clock.advance(child.retryAtMs! - clock.now())
      }
      child.stop()
      child.stop()
      const restarts = child.restarts
      expect([child.state, clock.pending, child.retryAtMs]).toEqual(['stopped', 0, undefined])
      child.crashed('late')
      await clock.advance(100_000)
      expect([child.state, child.restarts]).toEqual(['stopped', restarts])
      expect(states.filter(state => state === 'stopped')).toHaveLength(1)
    }
  })

  it('stops when told so by its own restart', () => {
    const { clock, child } = rig({ restart: () => child.stop() })
    child.crashed('crash')
    expect([child.state, clock.pending]).toEqual(['stopped', 0])
  })

  it('survives an onState that throws', () => {
    const { child, errors } = rig({
      onState: () => {
        throw new Error('observer')
      },
    })
    child.crashed('crash')
    expect([child.state, errors.length]).toEqual(['running', 2])
  })

  it('a hundred crashes in a second end nothing, arm one timer at a time and restart a handful of times', async () => {
    const { clock, child, errors } = rig()
    for (let crash = 0; crash < 100; crash++) {
      child.crashed(new Error(`crash ${crash}`))
      expect(clock.pending).toBeLessThanOrEqual(1)
      await clock.advance(10)
    }
    expect([child.state, child.restarts, errors]).toEqual(['open', 4, []])
    await clock.advance(20_000)
    expect([child.state, clock.pending]).toEqual(['running', 0])
  })

  it('forgets crashes after a jump of the wall clock, in either direction', async () => {
    for (const jumpMs of [-3_600_000, 3_600_000]) {
      const virtual = createVirtualClock()
      let offsetMs = 0
      const clock = { ...virtual, now: () => virtual.now() + offsetMs, after: virtual.after.bind(virtual) }
      const child = superviseChild({ id: 'users', clock, random: () => 0.5, restart: () => {}, onError: () => {} })
      child.crashed('1')
      offsetMs = jumpMs
      child.crashed('2')
      expect([child.state, child.restarts]).toEqual(['running', 2])
    }
  })
})
