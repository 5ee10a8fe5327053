import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createMachine } from 'xstate'
import { actor, type Behaviour, expected, fromXState, supervisor, system } from './runtime.js'
import { createVirtualClock } from './testing.js'

interface Account {
  balance: number
}
type Booking = { readonly type: 'deposit' | 'withdraw'; readonly amount: number } | { readonly type: 'balance' }

const account: Behaviour<Account, Booking, number> = {
  init: () => ({ balance: 0 }),
  handle: (state, booking) => {
    if (booking.type === 'deposit') state.balance += booking.amount
    if (booking.type === 'withdraw') {
      if (booking.amount > state.balance) throw expected(new Error('no cover'))
      state.balance -= booking.amount
    }
    return state.balance
  },
}

interface Socket {
  send(message: string | Uint8Array): void
  onError(listener: (error: unknown) => void): void
  close(): void
}

const sockets: string[] = []

async function openSocket({ signal }: { readonly signal: AbortSignal }): Promise<Socket> {
  sockets.push('opened')
  return { send: () => sockets.push('sent'), onError: () => undefined, close: () => void sockets.push(`closed ${signal.aborted}`) }
}

const connection: Behaviour<Socket, 'ping' | Uint8Array, void> = {
  init: async context => {
    const socket = await openSocket({ signal: context.signal }) // aborted when the incarnation ends
    socket.onError(error => context.crash(error)) // a failure of the actor
    context.after(1000, 'ping') // a message to this incarnation
    return socket
  },
  handle: (socket, message, context) => {
    if (message === 'ping') context.after(1000, 'ping')
    socket.send(message)
  },
  stop: socket => socket.close(), // called once for each init, whatever ended it
}

it('the examples do what the guide says', async () => {
  const reported: string[] = []
  const report = (source: string, error: unknown): unknown => reported.push(`${source}: ${String(error)}`)
  const traced: unknown[] = []
  const trace = (value: unknown): unknown => traced.push(value)

  const app = system({ name: 'bank', onError: (error, { source }) => report(source, error) })
  const alice = await app.start('alice', actor(account))

  await alice.ask({ type: 'deposit', amount: 10 }) // 10
  alice.cast({ type: 'deposit', amount: 5 }) // no answer, never fails
  await alice.ask({ type: 'balance' }, { timeoutMs: 100 }) // 15
  expect(await alice.ask({ type: 'balance' })).toBe(15)

  const exits: string[] = []
  const unmonitor = alice.monitor(({ kind }) => exits.push(kind)) // normal, shutdown, crash, killed
  await alice.ask({ type: 'withdraw', amount: 99 }).catch(error => error.message) // 'no cover', and alice lives
  alice.kill() // as an uncaught failure would
  await alice.ask({ type: 'balance' }) // 0: a new incarnation
  expect([await alice.ask({ type: 'balance' }), exits]).toEqual([0, ['killed']])
  unmonitor()

  const shop = supervisor({
    strategy: 'rest_for_one',
    children: {
      connection: actor(connection, { shutdownMs: 1000 }),
      orders: supervisor({ pastIntensity: 'escalate', children: { inbox: actor(account), outbox: actor(account) } }),
      sessions: supervisor(),
    },
  })
  const tree = await app.start('shop', shop)
  await tree.children.orders.children.inbox.ask({ type: 'balance' })

  const session = actor(account, { restart: 'temporary' })
  const { sessions } = tree.children
  const mine = await sessions.start('user-17', session)
  await mine.ask({ type: 'deposit', amount: 1 })
  await mine.stop() // its name is free again
  expect(sessions.size).toBe(0)

  const door = createMachine({
    initial: 'shut',
    states: { shut: { on: { push: 'open' } }, open: { after: { 3000: 'shut' } } },
  })
  const front = await app.start('door', actor(fromXState(door, { onSnapshot: snapshot => trace(snapshot.value) })))
  const { value } = await front.ask({ type: 'push' }) // 'open'
  expect([value, traced]).toEqual(['open', ['shut', 'open']])
  await app.stop()
  expect([sockets, reported]).toEqual([['opened', 'closed true'], []])

  const clock = createVirtualClock()
  const quiet = system({ clock, random: () => 0.5 })
  const lamp = await quiet.start('door', actor(fromXState(door)))
  await lamp.ask({ type: 'push' })
  await clock.advance(3000) // the door is shut, and no time has passed
  await quiet.stop()
})

it('every example of the guide stands in this file', () => {
  const guide = readFileSync(new URL('../../../docs/guides/runtime.md', import.meta.url), 'utf8')
  const here = linesOf(readFileSync(new URL(import.meta.url), 'utf8'))
  const examples = [...guide.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => linesOf(code!))
  expect(examples.length).toBe(9)
  for (const example of examples) for (const paragraph of example.split('\n\n')) expect(here).toContain(paragraph)
})

function linesOf(code: string): string {
  return code
    .split('\n')
    .map(line => line.trim())
    .join('\n')
    .trim()
}
