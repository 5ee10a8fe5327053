import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { assign, createMachine, fromCallback, fromObservable, fromPromise, fromTransition, sendTo, setup } from 'xstate'
import { actor } from './actor.js'
import { type System, system } from './system.js'
import { createVirtualClock, type VirtualClock } from './virtual-clock.js'
import { fromXState } from './xstate-actor.js'

let clock: VirtualClock
let errors: unknown[]
let app: System
const uncaught: unknown[] = []
const note = (error: unknown): void => void uncaught.push(error)

beforeEach(() => {
  clock = createVirtualClock()
  errors = []
  app = system({ name: 'app', clock, random: () => 0.5, onError: error => errors.push(error) })
  process.on('uncaughtException', note)
})

afterEach(async () => {
  await app.stop()
  await new Promise(resolve => setTimeout(resolve, 5))
  process.off('uncaughtException', note)
  expect(uncaught.splice(0)).toEqual([])
})

const light = createMachine({
  id: 'light',
  initial: 'red',
  states: { red: { on: { go: 'green' }, after: { 1000: 'green' } }, green: { on: { end: 'off' } }, off: { type: 'final' } },
})

describe('an XState actor', () => {
  it('answers an event with the snapshot it led to', async () => {
    const lamp = await app.start('lamp', actor(fromXState(light)))
    expect((await lamp.ask({ type: 'go' })).value).toBe('green')
  })

  it('is done when its logic is: it exits normally', async () => {
    const exits: string[] = []
    const lamp = await app.start('lamp', actor(fromXState(light), { restart: 'transient' }))
    lamp.monitor(exit => exits.push(exit.kind))
    await lamp.ask({ type: 'go' })
    expect((await lamp.ask({ type: 'end' })).status).toBe('done')
    await clock.advance(0)
    expect([lamp.state, exits]).toEqual(['stopped', ['normal']])
  })

  it('takes its time from the clock of the system, and leaves no timer behind', async () => {
    const seen: unknown[] = []
    const lamp = await app.start('lamp', actor(fromXState(light, { onSnapshot: snapshot => seen.push(snapshot.value) })))
    expect(clock.pending).toBe(1)
    await clock.advance(1000)
    expect(seen).toEqual(['red', 'green'])
    lamp.kill()
    expect(clock.pending).toBe(1)
    await lamp.stop()
    expect(clock.pending).toBe(0)
  })

  it('crashes when an action throws, in a message or in a timer, and begins anew', async () => {
    const bomb = createMachine({
      initial: 'armed',
      states: { armed: { on: { hit: 'burst' }, after: { 500: 'burst' } }, burst: { entry: () => fail('burst') } },
    })
    const shell = await app.start('shell', actor(fromXState(bomb)))
    await expect(shell.ask({ type: 'hit' })).rejects.toMatchObject({ code: 'ACTOR_CRASHED', executed: 'unknown' })
    expect([shell.state, shell.restarts]).toEqual(['serving', 1])
    await clock.advance(500)
    expect([shell.state, shell.restarts]).toEqual(['waiting', 1])
    await clock.advance(100)
    expect([shell.state, shell.restarts, errors.map(String)]).toEqual(['serving', 2, ['Error: burst', 'Error: burst']])
  })

  it('ends the children of a root that failed, which XState leaves running', async () => {
    const told: string[] = []
    const child = fromCallback<{ type: 'tick' }>(() => {
      told.push('open')
      return () => told.push('closed')
    })
    const parent = setup({ actors: { child } }).createMachine({ invoke: { src: 'child' }, on: { fail: { actions: () => fail('parent') } } })
    const held = await app.start('held', actor(fromXState(parent)))
    await held.ask({ type: 'fail' }).catch(() => told.push('told'))
    expect(told).toEqual(['open', 'closed', 'open', 'told'])
  })

  it('crashes by an error of a child that nobody handles', async () => {
    const child = fromPromise(async () => fail('child'))
    const parent = setup({ actors: { child } }).createMachine({ invoke: { src: 'child' } })
    const held = await app.start('held', actor(fromXState(parent), { restart: 'temporary' }))
    await clock.advance(0)
    expect([held.state, errors.map(String)]).toEqual(['stopped', ['Error: child']])
  })

  it('does not start when its first state fails', async () => {
    const bad = createMachine({ entry: () => fail('entry') })
    await expect(app.start('bad', actor(fromXState(bad)))).rejects.toThrow('entry')
    expect(app.find('bad')).toBeUndefined()
    const worse = fromTransition(
      state => state,
      () => fail('no state'),
    )
    await expect(app.start('worse', actor(fromXState(worse)))).rejects.toThrow('no state')
  })

  it('is not hurt by who observes it', async () => {
    const lamp = await app.start('lamp', actor(fromXState(light, { onSnapshot: () => fail('observer') })))
    expect((await lamp.ask({ type: 'go' })).value).toBe('green')
    expect([lamp.restarts, errors.map(String)]).toEqual([0, ['Error: observer', 'Error: observer']])
  })

  it('runs transitions, promises, callbacks and observables as well', async () => {
    const sum = fromTransition((total: number, event: { type: 'add'; n: number }) => total + event.n, 0)
    const adder = await app.start('adder', actor(fromXState(sum)))
    await adder.ask({ type: 'add', n: 2 })
    expect((await adder.ask({ type: 'add', n: 3 })).context).toBe(5)

    const late = fromPromise(async ({ input }: { input: number }) => input * 2)
    const outputs: unknown[] = []
    const onSnapshot = (snapshot: { readonly output?: unknown }): unknown => outputs.push(snapshot.output)
    const doubled = await app.start('doubled', actor(fromXState(late, { input: () => 21, onSnapshot }), { restart: 'temporary' }))
    await clock.advance(0)
    expect([doubled.state, outputs]).toEqual(['stopped', [undefined, 42]])

    const failing = await app.start('failing', actor(fromXState(fromPromise(async () => fail('promise'))), { restart: 'temporary' }))
    await clock.advance(0)
    expect([failing.state, errors.map(String)]).toEqual(['stopped', ['Error: promise']])

    const values = fromObservable(() => ({
      subscribe: (observer: { next?: (value: number) => void; error?: (error: unknown) => void } | ((value: number) => void)) => {
        if (typeof observer === 'object') {
          observer.next?.(7)
          clock.after(10, () => observer.error?.(new Error('observable')))
        }
        return { unsubscribe: () => undefined }
      },
    }))
    const watched = await app.start('watched', actor(fromXState(values), { restart: 'temporary' }))
    await clock.advance(10)
    expect([watched.state, String(errors[1])]).toEqual(['stopped', 'Error: observable'])
  })

  it('lets a callback use the contained timers of its context', async () => {
    const beat = fromCallback<{ type: 'beat' }, { every: (run: () => void) => void }>(({ input }) => {
      input.every(() => fail('in a timer'))
    })
    const logic = fromXState(beat, {
      input: context => ({
        every: run =>
          context.clock.after(100, () => {
            try {
              run()
            } catch (error) {
              context.crash(error)
            }
          }),
      }),
    })
    const heart = await app.start('heart', actor(logic, { restart: 'transient' }))
    await clock.advance(100)
    expect([heart.restarts, errors.map(String)]).toEqual([1, ['Error: in a timer']])
  })

  it('answers a flood of events sent between parent and child without a second turn', async () => {
    const echo = fromTransition((count: number, _event: { type: 'ping' }) => count + 1, 0)
    const parent = setup({ types: {} as { context: { sent: number } }, actors: { echo } }).createMachine({
      context: { sent: 0 },
      invoke: { src: 'echo', id: 'echo' },
      on: { ping: { actions: [sendTo('echo', { type: 'ping' }), assign({ sent: ({ context }) => context.sent + 1 })] } },
    })
    const pair = await app.start('pair', actor(fromXState(parent)))
    const answers = await Promise.all(Array.from({ length: 200 }, () => pair.ask({ type: 'ping' })))
    expect(answers.at(-1)?.context.sent).toBe(200)
  })
})

function fail(message: string): never {
  throw new Error(message)
}
