import { getEventListeners } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { AbortedError, DeadlineError, OverloadedError } from '@repertory/core'
import { describe, expect, it } from 'vitest'
import { type CallOptions, Mailbox, type MailboxOptions, Waiters } from './mailbox.js'
import { seededRandom } from './seeded-random.js'
import { codeOf, outcomeOf } from './store.harness.js'
import { createVirtualClock } from './virtual-clock.js'

const clockOf = () => createVirtualClock({ startMs: 0 })

function rig(options: Partial<MailboxOptions> = {}) {
  const clock = clockOf()
  const mailbox = new Mailbox({
    owner: 'users',
    clock,
    max: 3,
    whenFull: 'wait',
    waiters: new Waiters(2),
    callTimeoutMs: 5000,
    ...options,
  })
  const ran: string[] = []
  const send = (name: string, given?: CallOptions): Promise<unknown> => mailbox.send(name, () => () => ran.push(name), given)
  /** Runs what comes next, as an actor does. */
  const runNext = (): boolean => {
    const message = mailbox.next()
    if (message === undefined) return false
    mailbox.answer(message, 'handled', message.run())
    return true
  }
  return { clock, mailbox, ran, send, runNext }
}

function countedSignal() {
  const controller = new AbortController()
  const { signal } = controller
  return { controller, signal, listeners: () => getEventListeners(signal, 'abort').length }
}

function accounted({ counts, depth }: Mailbox): [number, number] {
  const { sent, handled, refused, expired, aborted, crashed } = counts
  return [sent, handled + refused + expired + aborted + crashed + depth]
}

describe('order and bounds', () => {
  it('messages and those who wait for a place run first in, first out', async () => {
    const { send, runNext, ran, mailbox } = rig()
    const answers = ['a', 'b', 'c', 'd', 'e'].map(name => send(name))
    expect(mailbox.depth).toBe(5)
    while (runNext());
    await Promise.all(answers)
    expect(ran).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(mailbox.depth).toBe(0)
  })

  it('the waiters of all buckets share one bound, and a place that becomes free is free for any of them', async () => {
    const waiters = new Waiters(2)
    const [one, other] = [rig({ waiters, max: 1 }), rig({ waiters, max: 1 })]
    for (const name of ['a', 'b']) void one.send(name)
    for (const name of ['a', 'b']) void other.send(name)
    expect(waiters.count).toBe(2)
    const refused = one.send('c')
    await expect(refused).rejects.toThrow(OverloadedError)
    await expect(refused).rejects.toThrow('"users" has 2 messages waiting, and 2 callers of the store wait for a place already')
    other.runNext()
    expect(waiters.count).toBe(1)
    expect(await outcomeOf(one.send('d'))).toBe('pending')
    expect(waiters.count).toBe(2)
    while (one.runNext() || other.runNext());
    expect([waiters.count, one.ran, other.ran]).toEqual([0, ['a', 'b', 'd'], ['a', 'b']])
  })

  it('with whenFull reject nobody waits for a place, and the refusal says when to try again', async () => {
    const { send, mailbox } = rig({ whenFull: 'reject' })
    for (const name of ['a', 'b', 'c']) void send(name)
    const error = await send('d').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(OverloadedError)
    expect(error).toMatchObject({ code: 'OVERLOADED', executed: 'no', message: expect.stringContaining('has 3 messages waiting') })
    expect((error as OverloadedError).retryAfterMs).toBeGreaterThan(0)
    expect(mailbox.counts).toMatchObject({ sent: 4, refused: 1 })
  })

  it('what a message carries is captured when it has its place, and not at all when it is refused', async () => {
    const { mailbox } = rig({ whenFull: 'reject', max: 1 })
    const captured: string[] = []
    const capture = (name: string) => () => {
      captured.push(name)
      return () => name
    }
    void mailbox.send('a', capture('a'), undefined)
    await mailbox.send('b', capture('b'), undefined).catch(() => 'refused')
    expect(captured).toEqual(['a'])
  })

  it('says how long the oldest waits, those answered meanwhile left out', async () => {
    const { clock, mailbox, send } = rig()
    send('a', { timeoutMs: 10 }).catch(() => 'expired')
    await clock.advance(5)
    void send('b')
    await clock.advance(7)
    expect([mailbox.depth, mailbox.ageMs]).toEqual([1, 7])
  })

  it('says when nothing waits any more, whatever became of the messages', async () => {
    const { clock, mailbox, send, runNext } = rig()
    expect(await outcomeOf(mailbox.emptied())).toBe('resolved')
    const controller = new AbortController()
    void send('a')
    send('b', { timeoutMs: 10 }).catch(() => 'expired')
    send('c', { signal: controller.signal }).catch(() => 'aborted')
    const emptied = mailbox.emptied()
    runNext()
    await clock.advance(10)
    expect(await outcomeOf(emptied)).toBe('pending')
    controller.abort()
    expect(await outcomeOf(emptied)).toBe('resolved')
  })
})

describe('deadlines', () => {
  it('a message is answered at its deadline, not before, though nobody takes messages', async () => {
    const { clock, send, mailbox, runNext, ran } = rig()
    const [slow, quick] = [send('slow', { timeoutMs: 100 }), send('quick', { timeoutMs: 40 })]
    await clock.advance(39)
    expect([await outcomeOf(quick), await outcomeOf(slow)]).toEqual(['pending', 'pending'])
    await clock.advance(1)
    expect([await outcomeOf(quick), await outcomeOf(slow)]).toEqual(['DEADLINE', 'pending'])
    await clock.advance(60)
    await expect(slow).rejects.toThrow(DeadlineError)
    await expect(slow).rejects.toMatchObject({ executed: 'no', message: 'slow on "users" waited 100 ms for its turn and was not run' })
    expect(runNext()).toBe(false)
    expect([ran, mailbox.counts.expired, clock.pending]).toEqual([[], 2, 0])
  })

  it('without one of its own a message has that of the store', async () => {
    const { clock, send } = rig({ callTimeoutMs: 70 })
    const answer = send('a')
    await clock.advance(69)
    expect(await outcomeOf(answer)).toBe('pending')
    await clock.advance(1)
    expect(await outcomeOf(answer)).toBe('DEADLINE')
  })

  it('an expired message is not run although the timer that should have said so comes late', async () => {
    let nowMs = 0
    const clock = { ...clockOf(), now: () => nowMs, after: () => () => undefined }
    const { send, runNext, ran } = rig({ clock })
    const late = send('late', { timeoutMs: 10 })
    const other = send('other', { timeoutMs: 1000 })
    nowMs = 10
    expect(runNext()).toBe(true)
    expect([ran, await outcomeOf(late), await outcomeOf(other)]).toEqual([['other'], 'DEADLINE', 'resolved'])
  })

  it('an endless one arms no timer', async () => {
    const { clock, send, runNext } = rig()
    const answer = send('a', { timeoutMs: Number.POSITIVE_INFINITY })
    expect(clock.pending).toBe(0)
    await clock.advance(1e9)
    runNext()
    expect(await outcomeOf(answer)).toBe('resolved')
  })

  it('one timer serves however many messages', async () => {
    const { clock, send } = rig({ max: 1000 })
    for (let at = 0; at < 100; at++) send('a', { timeoutMs: 1000 - at }).catch(() => 'expired')
    expect(clock.pending).toBe(1)
    await clock.advance(950)
    expect(clock.pending).toBe(1)
    await clock.advance(50)
    expect(clock.pending).toBe(0)
  })
})

describe('abort', () => {
  it('before the call: refused at once, named by its verb, nothing queued', async () => {
    const { send, mailbox } = rig()
    const answer = send('update', { signal: AbortSignal.abort('enough') })
    await expect(answer).rejects.toThrow(AbortedError)
    await expect(answer).rejects.toMatchObject({
      executed: 'no',
      cause: 'enough',
      message: 'update on "users" was aborted before it ran',
    })
    expect([mailbox.depth, mailbox.counts.aborted]).toEqual([0, 1])
  })

  it('while it waits: answered at once, never run, and its place is free', async () => {
    const { send, mailbox, runNext, ran } = rig()
    const controller = new AbortController()
    const answer = send('a', { signal: controller.signal })
    void send('b')
    controller.abort()
    expect(await outcomeOf(answer)).toBe('ABORTED')
    expect(mailbox.depth).toBe(1)
    while (runNext());
    expect(ran).toEqual(['b'])
  })

  it('once it runs: too late, the answer is that of the run', async () => {
    const { mailbox } = rig()
    const controller = new AbortController()
    const answer = mailbox.send('a', () => () => controller.abort(), { signal: controller.signal })
    const message = mailbox.next()!
    mailbox.answer(message, 'handled', message.run())
    expect([await outcomeOf(answer), mailbox.counts.aborted, mailbox.depth]).toEqual(['resolved', 0, 0])
  })

  it('one listener serves all calls under a signal, and is gone with the last of them', async () => {
    const { mailbox, runNext, send } = rig({ max: 100 })
    const { controller, signal, listeners } = countedSignal()
    const answers = Array.from({ length: 50 }, () => send('a', { signal }).catch(codeOf))
    expect(listeners()).toBe(1)
    for (let at = 0; at < 49; at++) runNext()
    expect(listeners()).toBe(1)
    runNext()
    expect(listeners()).toBe(0)
    answers.push(send('b', { signal }).catch(codeOf), send('c', { signal }).catch(codeOf))
    controller.abort()
    expect([listeners(), mailbox.depth]).toEqual([0, 0])
    expect((await Promise.all(answers)).slice(-3)).toEqual([50, 'ABORTED', 'ABORTED'])
  })

  it.each(['handled', 'expired', 'aborted', 'refused'])('the listener is taken off the signal when the message is %s', async how => {
    const { clock, mailbox, runNext, send } = rig()
    const { controller, signal, listeners } = countedSignal()
    send('a', { signal, timeoutMs: 10 }).catch(() => how)
    expect(listeners()).toBe(1)
    if (how === 'handled') runNext()
    else if (how === 'expired') await clock.advance(10)
    else if (how === 'aborted') controller.abort()
    else mailbox.refuseAll(() => new Error('gone'))
    expect(listeners()).toBe(0)
    expect(mailbox.counts).toMatchObject({ [how]: 1 })
  })
})

describe('the end', () => {
  it('closing answers everybody with an error of their own and disarms the timer', async () => {
    const { clock, mailbox, send } = rig()
    const answers = ['a', 'b', 'c', 'd'].map(name => send(name).catch((error: unknown) => error))
    mailbox.close(() => new Error('closed'))
    const errors = await Promise.all(answers)
    expect(new Set(errors).size).toBe(4)
    expect([mailbox.depth, mailbox.counts.refused, clock.pending]).toEqual([0, 4, 0])
  })

  it('messages answered while they wait do not pile up, whether expired or aborted, while nobody takes any', async () => {
    const { clock, mailbox } = rig({ max: 5000 })
    const carried: WeakRef<object>[] = []
    for (let round = 0; round < 20; round++) {
      const controller = new AbortController()
      for (let at = 0; at < 1000; at++) {
        const load = { round, at }
        carried.push(new WeakRef(load))
        mailbox.send('a', () => () => load, { timeoutMs: 5, signal: round % 2 === 0 ? controller.signal : undefined }).catch(() => 'gone')
      }
      if (round % 2 === 0) controller.abort()
      await clock.advance(5)
    }
    expect([mailbox.depth, mailbox.counts.expired, mailbox.counts.aborted]).toEqual([0, 10_000, 10_000])
    setFlagsFromString('--expose-gc')
    runInNewContext('gc')()
    expect(carried.filter(load => load.deref() !== undefined).length).toBeLessThan(3000)
  })
})

describe.each([1, 2, 3, 4, 5, 6])('random traffic, seed %i', seed => {
  it('sent = handled + refused + expired + aborted + crashed + waiting at any time, and each is answered once, in order', async () => {
    const random = seededRandom(seed)
    const { clock, mailbox } = rig({ max: 20, waiters: new Waiters(10), whenFull: seed % 2 === 0 ? 'wait' : 'reject', callTimeoutMs: 50 })
    const answers: number[] = []
    const order: number[] = []
    const controllers: AbortController[] = []
    let sent = 0
    for (let step = 0; step < 3000; step++) {
      const chance = random()
      if (chance < 0.6) {
        const number = sent++
        answers.push(0)
        const controller = new AbortController()
        controllers.push(controller)
        const signal = random() < 0.3 ? { signal: controller.signal } : {}
        const timeout = random() < 0.5 ? { timeoutMs: 1 + Math.floor(random() * 80) } : {}
        const count = (): number => ++answers[number]!
        mailbox.send('a', () => () => order.push(number), { ...signal, ...timeout }).then(count, count)
      } else if (chance < 0.8) {
        const message = mailbox.next()
        if (message === undefined) continue
        message.run()
        const outcome = (['handled', 'refused', 'crashed'] as const)[Math.floor(random() * 3)]!
        mailbox.answer(message, outcome, outcome === 'handled' ? 1 : new Error(outcome))
        mailbox.answer(message, 'crashed', new Error('a second answer'))
      } else if (chance < 0.9) controllers[Math.floor(random() * controllers.length)]?.abort()
      else if (chance < 0.95) await clock.advance(Math.floor(random() * 30))
      const [all, told] = accounted(mailbox)
      expect(all).toBe(told)
      expect(mailbox.depth).toBeLessThanOrEqual(30)
    }
    mailbox.close(() => new Error('closed'))
    await clock.advance(0)
    expect(accounted(mailbox)).toEqual([sent, sent])
    expect(new Set(answers)).toEqual(new Set([1]))
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(codeOf(new OverloadedError('', 1))).toBe('OVERLOADED')
  })
})
