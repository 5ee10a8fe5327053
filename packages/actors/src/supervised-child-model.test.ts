import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DEFAULT_RESTART_POLICY, type RestartPolicy, superviseChild } from './supervised-child.js'
import { createVirtualClock } from './virtual-clock.js'

/** The rules of SPEC 9.1 said once more, as one function over plain numbers: no machine, no timers, no callbacks. */
class Model {
  readonly policy: RestartPolicy
  nowMs = 0
  state = 'running'
  restarts = 0
  failuresLeft = 0
  level = 0
  crashesMs: number[] = []
  servesSinceMs: number | undefined
  isClean = true
  dueMs = Number.POSITIVE_INFINITY

  constructor(policy: RestartPolicy) {
    this.policy = policy
  }

  advance(ms: number): void {
    const endMs = this.nowMs + ms
    while (this.dueMs <= endMs) {
      this.nowMs = this.dueMs
      this.dueMs = Number.POSITIVE_INFINITY
      if (this.state !== 'probing') this.restart(this.state === 'open' ? 'probing' : 'running')
      else {
        this.state = 'running'
        this.reset()
      }
    }
    this.nowMs = endMs
  }

  reset(): void {
    this.isClean = true
    this.level = 0
    this.crashesMs = []
  }

  restart(into: 'running' | 'probing'): void {
    this.state = into
    this.restarts++
    if (this.failuresLeft > 0) {
      this.failuresLeft--
      this.fall()
      return
    }
    this.servesSinceMs = this.nowMs
    if (into === 'probing') this.dueMs = this.nowMs + this.policy.restartsWindowMs
  }

  crash(): void {
    if (this.state === 'running' || this.state === 'probing') this.fall()
  }

  fall(): void {
    const { restartsMax, restartsWindowMs, backoffMinMs, backoffMaxMs } = this.policy
    const isCalm = this.isClean || (this.servesSinceMs !== undefined && this.nowMs - this.servesSinceMs >= restartsWindowMs)
    if (isCalm) this.reset()
    this.isClean = false
    this.servesSinceMs = undefined
    this.crashesMs = [...this.crashesMs.filter(atMs => this.nowMs - atMs < restartsWindowMs), this.nowMs]
    if (this.crashesMs.length <= restartsMax && isCalm) {
      this.restart('running')
      return
    }
    this.state = this.crashesMs.length > restartsMax || this.state === 'probing' ? 'open' : 'waiting'
    this.dueMs = this.nowMs + Math.min(backoffMaxMs, backoffMinMs * 2 ** this.level++)
  }

  stop(): void {
    this.state = 'stopped'
    this.dueMs = Number.POSITIVE_INFINITY
  }
}

const policies = fc.record({
  restartsMax: fc.nat(4),
  restartsWindowMs: fc.constantFrom(50, 500, DEFAULT_RESTART_POLICY.restartsWindowMs),
  backoffMinMs: fc.constantFrom(10, DEFAULT_RESTART_POLICY.backoffMinMs),
  backoffMaxMs: fc.constantFrom(80, 1000, DEFAULT_RESTART_POLICY.backoffMaxMs),
})

const commands = fc.array(
  fc.oneof(
    { weight: 10, arbitrary: fc.constant({ do: 'crash' as const }) },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('advance' as const),
        ms: fc.constantFrom(0, 1, 10, 49, 99, 100, 200, 500, 4999, 5000, 40_000),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('break' as const), times: fc.nat(6), isThrown: fc.boolean() }) },
    { weight: 1, arbitrary: fc.constant({ do: 'stop' as const }) },
  ),
  { maxLength: 60 },
)

it('does what the model does, whatever crashes, fails and passes', async () => {
  await fc.assert(
    fc.asyncProperty(policies, commands, async (policy, run) => {
      const clock = createVirtualClock({ startMs: 0 })
      const model = new Model(policy)
      let [failuresLeft, isThrown] = [0, true]
      const child = superviseChild({
        id: 'users',
        policy,
        clock,
        random: () => 0.5,
        restart: () => {
          if (failuresLeft === 0) return
          failuresLeft--
          if (isThrown) throw new Error('thrown by restart')
          child.crashed(new Error('reported by restart'))
        },
        onError: () => {},
      })
      for (const command of run) {
        if (command.do === 'crash') {
          child.crashed('crash')
          model.crash()
        } else if (command.do === 'advance') {
          await clock.advance(command.ms)
          model.advance(command.ms)
        } else if (command.do === 'break') {
          failuresLeft = model.failuresLeft = command.times
          isThrown = command.isThrown
        } else {
          child.stop()
          model.stop()
        }
        expect([child.state, child.restarts, failuresLeft]).toEqual([model.state, model.restarts, model.failuresLeft])
        const isBackingOff = model.state === 'waiting' || model.state === 'open'
        expect(child.retryAtMs).toBe(isBackingOff ? model.dueMs : undefined)
        expect(clock.pending).toBe(Number.isFinite(model.dueMs) ? 1 : 0)
      }
    }),
    { numRuns: 400 },
  )
})
