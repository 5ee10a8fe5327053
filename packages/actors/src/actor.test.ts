import { AbortedError } from '@repertory/core'
import { describe, expect, it } from 'vitest'
import { actor } from './actor.js'
import { type Behaviour, type Exit, expected } from './behaviour.js'
import type { MailboxCounts } from './mailbox.js'
import { openStage } from './tree.harness.js'

type Account = { balance: number }
type Booking = number | 'boom' | { readonly later: number }

const account: Behaviour<Account, Booking, number> = {
  init: () => ({ balance: 0 }),
  handle: (state, booking, { clock }) => {
    if (booking === 'boom') throw new Error('boom')
    if (typeof booking === 'object') return new Promise(resolve => clock.after(booking.later, () => resolve(++state.balance)))
    if (state.balance + booking < 0) throw expected(new Error('no cover'))
    state.balance += booking
    return state.balance
  },
}

describe('ask', () => {
  it('is handled in the turn of its caller while nothing waits', async () => {
    const { app } = openStage()
    const a = await app.start('a', actor(account))
    const answers = [a.ask(2), a.ask(3)]
    expect(a.mailbox).toMatchObject({ depth: 0, counts: { sent: 2, handled: 2 } })
    expect(await Promise.all(answers)).toEqual([2, 5])
  })

  it('refuses options it does not know, and sends nothing', async () => {
    const { app } = openStage()
    const a = await app.start('a', actor(account))
    await expect(a.ask(1, { timeout: 5 } as never)).rejects.toMatchObject({ code: 'OPTION', option: 'timeout' })
    await expect(a.ask(1, { timeoutMs: Number.NaN })).rejects.toMatchObject({ code: 'OPTION', option: 'timeoutMs' })
    expect(a.mailbox.counts.sent).toBe(0)
  })

  it('answers an expected failure, and the actor lives', async () => {
    const { app, errors } = openStage()
    const a = await app.start('a', actor(account))
    await a.ask(5)
    await expect(a.ask(-6)).rejects.toThrow('no cover')
    expect([await a.ask(0), a.restarts, errors, a.mailbox.counts.refused]).toEqual([5, 0, [], 1])
  })

  it('answers a crash once, keeps the message as a dead letter, and the next finds a new state', async () => {
    const { app, errors } = openStage()
    const a = await app.start('a', actor(account))
    await a.ask(5)
    await expect(a.ask('boom')).rejects.toMatchObject({ code: 'ACTOR_CRASHED', executed: 'unknown' })
    expect([await a.ask(0), a.restarts, errors.length]).toEqual([0, 1, 1])
    expect(app.deadLetters).toMatchObject([{ actor: 'app/a', reason: 'crashed', message: 'boom' }])
  })

  it('waits while an asynchronous handle occupies the actor, in the order sent', async () => {
    const { app, clock } = openStage()
    const a = await app.start('a', actor(account))
    const order: number[] = []
    for (const booking of [{ later: 50 }, 10, { later: 20 }, 1]) void a.ask(booking).then(balance => order.push(balance))
    await clock.advance(49)
    expect([order, a.mailbox.depth]).toEqual([[], 3])
    await clock.advance(1)
    expect(order).toEqual([1, 11])
    await clock.advance(20)
    expect([order, a.mailbox.depth]).toEqual([[1, 11, 12, 13], 0])
  })

  it('says whether a message was run when its deadline passes', async () => {
    const { app, clock } = openStage()
    const a = await app.start('a', actor(account))
    const [running, waiting] = [a.ask({ later: 100 }, { timeoutMs: 10 }), a.ask(1, { timeoutMs: 10 })]
    const told = Promise.allSettled([running, waiting])
    await clock.advance(10)
    expect(await told).toMatchObject([
      { reason: { code: 'DEADLINE', executed: 'unknown' } },
      { reason: { code: 'DEADLINE', executed: 'no' } },
    ])
    await clock.advance(90)
    expect([await a.ask(0), a.mailbox.counts]).toMatchObject([1, { sent: 3, handled: 1, expired: 2 }])
  })

  it('is aborted while it waits, not while it runs', async () => {
    const { app, clock } = openStage()
    const a = await app.start('a', actor(account))
    const abort = new AbortController()
    void a.ask({ later: 50 })
    const [first, second] = [a.ask({ later: 50 }, { signal: abort.signal }), a.ask(1, { signal: abort.signal })]
    const aborted = expect(second).rejects.toBeInstanceOf(AbortedError)
    await clock.advance(60)
    abort.abort()
    await aborted
    await clock.advance(50)
    expect([await first, a.mailbox.counts.aborted]).toEqual([2, 1])
  })

  it('waits through a restart, and is refused when no incarnation is to come', async () => {
    const { app, clock, player, failures } = openStage()
    const a = await app.start('a', player('a', { restart: 'transient' }))
    failures.set('a', 1)
    a.cast('crash')
    const answer = a.ask('ok')
    expect([a.state, a.mailbox.depth]).toEqual(['waiting', 1])
    await clock.advance(100)
    expect(await answer).toBe('a')
    a.cast('normal')
    await expect(a.ask('ok')).rejects.toMatchObject({ code: 'STOPPED', message: expect.stringContaining('"app/a"') })
  })

  it('never runs inside another turn', async () => {
    const { app } = openStage()
    const order: string[] = []
    const inner = await app.start('inner', actor<null, string, void>({ init: () => null, handle: (_, text) => void order.push(text) }))
    const outer: Behaviour<null, string, void> = {
      init: () => null,
      handle: async (_, text) => {
        const answer = inner.ask(`inner ${text}`)
        order.push(`outer ${text}`)
        await answer
      },
    }
    await (await app.start('outer', actor(outer))).ask('x')
    expect(order).toEqual(['outer x', 'inner x'])
  })

  it('to itself inside a handle that waits for it ends by its deadline', async () => {
    const { app, clock } = openStage()
    const self = actor<null, 'ask' | 'ok', unknown>({
      init: () => null,
      handle: (_, word, { self }) => (word === 'ask' ? self.ask('ok') : word),
    })
    const a = await app.start('a', self)
    const answer = expect(a.ask('ask', { timeoutMs: 9000 })).rejects.toMatchObject({ code: 'DEADLINE', executed: 'no' })
    await clock.advance(5000)
    await answer
  })
})

describe('cast', () => {
  it('never fails: to a stopped actor it is counted and becomes a dead letter', async () => {
    const { app } = openStage()
    const a = await app.start('a', actor(account, { restart: 'temporary' }))
    a.cast('boom')
    a.cast(1)
    expect(a.mailbox.counts).toEqual({ sent: 2, handled: 0, refused: 1, expired: 0, aborted: 0, crashed: 1 })
    expect(app.deadLetters.map(({ reason, message }) => [reason, message])).toEqual([
      ['crashed', 'boom'],
      ['nobody', 1],
    ])
  })

  it('beyond the bound is dropped and counted, without a promise or an error', async () => {
    const { app, clock } = openStage({ mailbox: { max: 10, waitersMax: 5 } })
    const a = await app.start('a', actor(account))
    void a.ask({ later: 10 })
    for (let sent = 0; sent < 100; sent++) a.cast(1)
    expect(a.mailbox).toMatchObject({ depth: 15, counts: { sent: 101, refused: 85 } })
    await clock.advance(10)
    expect([await a.ask(0), a.mailbox.counts.handled]).toEqual([16, 17])
  })
})

describe('an incarnation', () => {
  it('ends by its own wish after the message at hand, with a reply', async () => {
    const { app, clock } = openStage()
    const exits: Exit[] = []
    const once = actor<null, string, string>(
      {
        init: () => null,
        handle: async (_, text, context) => {
          await null
          context.exit()
          await null
          return text
        },
      },
      { restart: 'temporary' },
    )
    const a = await app.start('a', once)
    a.monitor(exit => exits.push(exit))
    expect(await a.ask('bye')).toBe('bye')
    await clock.advance(0)
    expect([a.state, exits]).toEqual(['stopped', [{ kind: 'normal', error: undefined }]])
  })

  it('has timers and a signal that end with it', async () => {
    const { app, clock } = openStage()
    const told: unknown[] = []
    const ticking: Behaviour<AbortSignal, string, void> = {
      init: context => {
        context.after(100, 'tick')
        context.after(50, 'never')()
        return context.signal
      },
      handle: (signal, text) => void told.push(text, signal.aborted),
      stop: signal => void told.push(signal.aborted),
    }
    const a = await app.start('a', actor(ticking))
    await clock.advance(60)
    a.kill()
    await clock.advance(60)
    expect(told).toEqual([true])
    await clock.advance(40)
    expect(told).toEqual([true, 'tick', false])
    await a.stop()
    expect(clock.pending).toBe(0)
  })

  it('that is gone is not heard: late crashes, timers and replies of it are nothing', async () => {
    const { app, clock } = openStage()
    const late: Behaviour<null, number, string> = {
      init: () => null,
      handle: async (_, ms, context) => {
        await new Promise<void>(resolve => clock.after(ms, resolve))
        context.crash(new Error('late'))
        context.exit()
        context.after(0, 1)
        return 'late'
      },
    }
    const a = await app.start('a', actor(late))
    const answer = expect(a.ask(50)).rejects.toMatchObject({ code: 'ACTOR_CRASHED' })
    a.kill()
    await answer
    await clock.advance(100)
    expect([a.state, a.restarts, a.mailbox.counts]).toMatchObject(['serving', 1, { sent: 1, crashed: 1 }])
  })

  it('whose asynchronous handle rejects crashes; whose context is told of a failure crashes at once', async () => {
    const { app, clock } = openStage()
    const soon = actor<null, 'reject' | 'hang', never>({
      init: () => null,
      handle: (_, how, context) => {
        if (how === 'hang') clock.after(10, () => context.crash(new Error('socket')))
        return how === 'hang' ? new Promise(() => undefined) : Promise.reject(new Error('rejected'))
      },
    })
    const a = await app.start('a', soon)
    await expect(a.ask('reject')).rejects.toThrow('rejected')
    const hung = expect(a.ask('hang')).rejects.toThrow('socket')
    await clock.advance(10)
    await hung
    expect(a.restarts).toBe(1)
  })

  it('told to end inside its own turn, init or stop, ends once', async () => {
    const { app, clock } = openStage()
    let ends = 0
    const suicidal = actor<null, 'kill' | 'stop', string>(
      {
        init: () => null,
        handle: (_, how, { self }) => {
          if (how === 'kill') self.kill()
          else void self.stop()
          return how
        },
        stop: () => void ends++,
      },
      { restart: 'transient' },
    )
    const a = await app.start('a', suicidal)
    expect([await a.ask('kill'), a.restarts, ends]).toEqual(['kill', 1, 1])
    expect(await a.ask('stop')).toBe('stop')
    await clock.advance(0)
    expect([a.state, ends]).toEqual(['stopped', 2])
    const killsItselfInStop = actor<{ self: { kill(): void } }, string, void>({
      init: ({ self }) => ({ self }),
      handle: () => undefined,
      stop: ({ self }) => self.kill(),
    })
    const b = await app.start('b', killsItselfInStop)
    await b.stop()
    const diesInInit = actor<void, string, string>({ init: ({ self }) => self.kill(), handle: () => '' }, { restart: 'temporary' })
    expect([b.state, (await app.start('c', diesInInit)).state]).toEqual(['stopped', 'stopped'])
  })

  it('a failing stop is reported and holds nothing up', async () => {
    const { app, errors } = openStage()
    const throwing = { init: () => null, handle: () => null, stop: () => Promise.reject(new Error('stop')) }
    const a = await app.start('a', actor(throwing))
    await a.stop()
    expect([a.state, errors.map(String)]).toEqual(['stopped', ['Error: stop']])
  })
})

describe('a monitor', () => {
  it('is told once of each exit, out of any turn, until it is taken off', async () => {
    const { app, clock, player, errors } = openStage()
    const told: string[] = []
    const a = await app.start('a', player('a'))
    const off = a.monitor(({ kind, error }) => told.push(`${kind} ${String(error)}`))
    a.monitor(() => {
      throw new Error('monitor')
    })
    a.cast('crash')
    expect(told).toEqual([])
    await clock.advance(5000)
    a.kill()
    await clock.advance(5000)
    off()
    await a.stop()
    expect(told).toEqual(['crash Error: a crashed', 'killed undefined'])
    a.monitor(({ kind }) => told.push(kind))
    await clock.advance(0)
    expect([told.at(-1), errors.filter(error => String(error) === 'Error: monitor').length]).toEqual(['noproc', 3])
  })
})

describe('under fire (R9, R10)', () => {
  it('a hundred crashes in a second: the process lives, others serve, each caller gets exactly one answer', async () => {
    const { app, clock, player } = openStage()
    const [a, other] = [await app.start('a', player('a')), await app.start('other', player('other'))]
    const answers: Promise<string>[] = []
    const settled: string[] = []
    for (let at = 0; at < 100; at++) {
      for (const order of ['crash', 'ok', 'crash'] as const) answers.push(a.ask(order))
      for (const answer of answers.splice(0))
        answer.then(
          value => settled.push(value),
          error => settled.push(error.code),
        )
      expect(await other.ask('ok')).toBe('other')
      await clock.advance(10)
    }
    await clock.advance(60_000)
    expect(settled.length).toBe(300)
    expect(new Set(settled)).toEqual(new Set(['a', 'ACTOR_CRASHED', 'UNAVAILABLE']))
    expect([a.state, total(a.mailbox.counts)]).toEqual(['serving', 300])
  })

  it('a million casts: the bound holds, memory too, and every one is counted', { timeout: 60_000 }, async () => {
    const { app, clock } = openStage()
    const a = await app.start('a', actor(account))
    void a.ask({ later: 1 })
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    for (let sent = 1; sent < 1_000_000; sent++) a.cast(1)
    const grownMiB = (process.memoryUsage().heapUsed - before) / 2 ** 20
    expect(a.mailbox).toMatchObject({ depth: 60_000, counts: { sent: 1_000_000, refused: 939_999 } })
    expect(grownMiB).toBeLessThan(64)
    await clock.advance(1)
    expect([await a.ask(0), total(a.mailbox.counts)]).toEqual([60_001, 1_000_001])
  })
})

function total({ sent, ...outcomes }: MailboxCounts): number {
  expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBe(sent)
  return sent
}
