import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { backoffMs, systemClock, systemRandom, type YieldPort, yieldWith } from './clock.js'

const DAY_MS = 86_400_000

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('systemClock.after', () => {
  it('runs once when its delay has passed, and not after it was cancelled', () => {
    vi.useFakeTimers()
    const ran: string[] = []
    systemClock.after(10, () => ran.push('kept'))
    const cancel = systemClock.after(10, () => ran.push('cancelled'))
    cancel()
    cancel()
    vi.advanceTimersByTime(9)
    expect(ran).toEqual([])
    vi.advanceTimersByTime(100)
    expect(ran).toEqual(['kept'])
  })

  it('keeps delays beyond the 32 bits of a host timer, and cancels them in any slice', () => {
    vi.useFakeTimers()
    const ran: string[] = []
    systemClock.after(60 * DAY_MS, () => ran.push('far'))
    const cancel = systemClock.after(60 * DAY_MS, () => ran.push('cancelled'))
    systemClock.after(Number.POSITIVE_INFINITY, () => ran.push('never'))
    vi.advanceTimersByTime(30 * DAY_MS)
    cancel()
    vi.advanceTimersByTime(30 * DAY_MS - 1)
    expect(ran).toEqual([])
    vi.advanceTimersByTime(1)
    expect(ran).toEqual(['far'])
  })

  it('takes a negative delay and NaN as 0', () => {
    vi.useFakeTimers()
    const ran: number[] = []
    for (const delayMs of [-5, Number.NaN, 0]) systemClock.after(delayMs, () => ran.push(delayMs))
    vi.advanceTimersByTime(1)
    expect(ran).toEqual([-5, Number.NaN, 0])
  })

  it('lets a finished script end: no slice of a timer holds the process', () => {
    const armed = vi.spyOn(globalThis, 'setTimeout')
    const cancels = [systemClock.after(1000, () => {}), systemClock.after(60 * DAY_MS, () => {})]
    expect(armed.mock.results.map(result => (result.value as NodeJS.Timeout).hasRef())).toEqual([false, false])
    for (const cancel of cancels) cancel()
  })
})

describe('systemClock', () => {
  it('runs soon before yield, and yields in the order of the calls', async () => {
    const ran: string[] = []
    await new Promise<void>(resolve => {
      systemClock.yield(() => ran.push('yield 1'))
      systemClock.soon(() => ran.push('soon'))
      systemClock.yield(() => {
        ran.push('yield 2')
        resolve()
      })
      ran.push('now')
    })
    expect(ran).toEqual(['now', 'soon', 'yield 1', 'yield 2'])
  })

  it('tells wall time, and draws from [0, 1)', () => {
    expect(systemClock.now()).toBeGreaterThan(1_700_000_000_000)
    for (let draw = 0; draw < 100; draw++) {
      const drawn = systemRandom()
      expect(drawn >= 0 && drawn < 1).toBe(true)
    }
  })
})

describe('yieldWith', () => {
  it('uses a message channel where there is no immediate, in order', () => {
    const posted: (() => void)[] = []
    class Channel {
      readonly port1: YieldPort = { postMessage: () => {} }
      readonly port2: YieldPort = { postMessage: () => posted.push(() => this.port1.onmessage?.(undefined as never)) }
    }
    const ran: number[] = []
    const next = yieldWith({ MessageChannel: Channel, setTimeout: () => expect.unreachable() })
    next(() => ran.push(1))
    next(() => ran.push(2))
    expect(ran).toEqual([])
    for (const deliver of posted) deliver()
    expect(ran).toEqual([1, 2])
  })

  it('falls back to a timer of 0 ms', () => {
    const armed: number[] = []
    const ran: number[] = []
    const next = yieldWith({
      setTimeout: (run, delayMs) => {
        armed.push(delayMs)
        run()
      },
    })
    next(() => ran.push(1))
    expect([armed, ran]).toEqual([[0], [1]])
  })
})

describe('backoffMs', () => {
  it('doubles from the minimum to the maximum', () => {
    const delays = [0, 1, 2, 3, 4, 5, 6, 2000].map(level => backoffMs(level, { minMs: 100, maxMs: 3000 }, () => 0.5))
    expect(delays).toEqual([100, 200, 400, 800, 1600, 3000, 3000, 3000])
  })

  it('stays within ten percent of it', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (level, drawn) => {
        const steadyMs = Math.min(30_000, 100 * 2 ** level)
        const delayMs = backoffMs(level, { minMs: 100, maxMs: 30_000 }, () => drawn)
        expect(delayMs).toBeGreaterThanOrEqual(steadyMs * 0.9 - 1e-9)
        expect(delayMs).toBeLessThanOrEqual(steadyMs * 1.1 + 1e-9)
      }),
    )
  })
})
