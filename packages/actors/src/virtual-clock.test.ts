import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createVirtualClock } from './virtual-clock.js'

describe('virtual clock', () => {
  it('stands still until advanced, then stands at the full distance', async () => {
    const clock = createVirtualClock({ startMs: 1000 })
    expect(clock.now()).toBe(1000)
    await clock.advance(250)
    expect(clock.now()).toBe(1250)
    await clock.advance(0)
    expect(clock.now()).toBe(1250)
  })

  it('runs timers by time, those of one time in arming order, each at its own time', async () => {
    const clock = createVirtualClock({ startMs: 0 })
    const ran: [string, number][] = []
    const note = (name: string) => () => ran.push([name, clock.now()])
    clock.after(20, note('c'))
    clock.after(10, note('a'))
    clock.after(20, note('d'))
    clock.after(10, note('b'))
    clock.after(21, note('later'))
    expect(clock.pending).toBe(5)
    await clock.advance(20)
    expect(ran.map(([name, atMs]) => `${name} ${atMs}`)).toEqual(['a 10', 'b 10', 'c 20', 'd 20'])
    expect(clock.pending).toBe(1)
  })

  it('runs a timer armed by a timer when that is due too', async () => {
    const clock = createVirtualClock({ startMs: 0 })
    const ran: number[] = []
    const again = (): void => {
      ran.push(clock.now())
      clock.after(10, again)
    }
    clock.after(10, again)
    await clock.advance(35)
    expect(ran).toEqual([10, 20, 30])
  })

  it('cancels, also twice and after running', async () => {
    const clock = createVirtualClock()
    let ran = 0
    const cancelFirst = clock.after(5, () => ran++)
    const cancelSecond = clock.after(5, () => ran++)
    cancelSecond()
    cancelSecond()
    await clock.advance(5)
    cancelFirst()
    expect([ran, clock.pending]).toEqual([1, 0])
  })

  it('lets yields and promises run without advancing', async () => {
    const clock = createVirtualClock()
    const ran: string[] = []
    await new Promise<void>(resolve => {
      clock.yield(() => {
        ran.push('yield')
        resolve()
      })
      clock.soon(() => ran.push('soon'))
    })
    expect(ran).toEqual(['soon', 'yield'])
  })

  it('settles what a timer led to before the next timer runs', async () => {
    const clock = createVirtualClock()
    const ran: string[] = []
    clock.after(1, () => {
      clock.yield(() => clock.yield(() => void Promise.resolve().then(() => ran.push('aftermath of the first'))))
    })
    clock.after(1, () => ran.push('second'))
    await clock.advance(1)
    expect(ran).toEqual(['aftermath of the first', 'second'])
  })

  it('settles what was started before the first timer', async () => {
    const clock = createVirtualClock()
    const ran: string[] = []
    clock.yield(() => clock.after(5, () => ran.push('armed by a yield')))
    await clock.advance(5)
    expect(ran).toEqual(['armed by a yield'])
  })

  it('rejects with what a timer threw, and goes on from there', async () => {
    const clock = createVirtualClock({ startMs: 0 })
    const ran: string[] = []
    clock.after(10, () => {
      throw new Error('broken timer')
    })
    clock.after(20, () => ran.push('later'))
    await expect(clock.advance(50)).rejects.toThrow('broken timer')
    expect([clock.now(), ran]).toEqual([10, []])
    await clock.advance(10)
    expect([clock.now(), ran]).toEqual([20, ['later']])
  })

  it('refuses to go back, and to be advanced twice at once', async () => {
    const clock = createVirtualClock()
    await expect(clock.advance(-1)).rejects.toThrow(RangeError)
    await expect(clock.advance(Number.NaN)).rejects.toThrow(RangeError)
    const first = clock.advance(1)
    await expect(clock.advance(1)).rejects.toThrow('already advancing')
    await first
  })

  it('answers a timer that re-arms itself at no distance instead of hanging', async () => {
    const clock = createVirtualClock()
    const again = (): void => void clock.after(0, again)
    again()
    await expect(clock.advance(1)).rejects.toThrow('re-arms itself')
  })

  it('runs any timers in the order a stable sort by time gives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ delayMs: fc.nat(30), isCancelled: fc.boolean() }), { maxLength: 40 }), async plan => {
        const clock = createVirtualClock({ startMs: 0 })
        const ran: number[] = []
        const cancels = plan.map(({ delayMs }, place) => clock.after(delayMs, () => ran.push(place)))
        for (const [place, { isCancelled }] of plan.entries()) if (isCancelled) cancels[place]?.()
        const kept = plan.map((timer, place) => ({ ...timer, place })).filter(timer => !timer.isCancelled)
        expect(clock.pending).toBe(kept.length)
        await clock.advance(30)
        expect(ran).toEqual(kept.sort((a, b) => a.delayMs - b.delayMs).map(timer => timer.place))
      }),
      { numRuns: 50 },
    )
  })
})
