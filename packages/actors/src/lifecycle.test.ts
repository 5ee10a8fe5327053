import { describe, expect, it } from 'vitest'
import { assign, setup } from 'xstate'
import { type Lifecycle, named, runLifecycle, type TransitionTable, tableOf } from './lifecycle.js'

type DoorEvent = { readonly type: 'push'; readonly force: number } | { readonly type: 'shut' | 'slam' | 'break' }
type DoorState = 'closed' | 'open'
interface DoorContext {
  readonly pushes: number
}
interface DoorEffects {
  readonly creak: { readonly force: number }
  readonly bang: unknown
  readonly settle: unknown
}

const doorTable: TransitionTable<DoorContext, DoorEvent, DoorState, DoorEffects> = tableOf(
  setup({
    types: {} as { context: DoorContext; events: DoorEvent },
    actions: { creak: (_, _params: DoorEffects['creak']) => {}, bang: named, settle: named },
    guards: {
      isHard: ({ event }) => event.type === 'push' && event.force > 3,
      isBroken: () => {
        throw new Error('broken guard')
      },
    },
  }).createMachine({
    id: 'door',
    context: { pushes: 0 },
    initial: 'closed',
    states: {
      closed: {
        entry: 'settle',
        on: {
          push: {
            guard: 'isHard',
            target: 'open',
            actions: [
              assign({ pushes: ({ context }) => context.pushes + 1 }),
              { type: 'creak', params: ({ event }) => ({ force: event.type === 'push' ? event.force : 0 }) },
            ],
          },
          break: { guard: 'isBroken', target: 'open' },
        },
      },
      open: { on: { shut: 'closed', slam: { target: 'closed', actions: 'bang' } } },
    },
  }),
)

function hang(run: Partial<{ [Name in keyof DoorEffects]: (door: Lifecycle<DoorContext, DoorEvent, DoorState>) => void }> = {}) {
  const told: string[] = []
  const errors: unknown[] = []
  const door: Lifecycle<DoorContext, DoorEvent, DoorState> = runLifecycle({
    table: doorTable,
    effects: {
      creak: ({ force }) => {
        told.push(`creak ${force} ${door.state}`)
        run.creak?.(door)
      },
      bang: () => {
        told.push('bang')
        run.bang?.(door)
      },
      settle: () => told.push('settle'),
    },
    onError: error => errors.push(error),
  })
  return { door, told, errors }
}

describe('lifecycle', () => {
  it('begins in the first state and runs its effects', () => {
    const { door, told } = hang()
    expect([door.state, door.context.pushes, told]).toEqual(['closed', 0, ['settle']])
  })

  it('moves, then runs the named effects with their parameters, in order', () => {
    const { door, told } = hang()
    door.send({ type: 'push', force: 5 })
    door.send({ type: 'slam' })
    expect(told).toEqual(['settle', 'creak 5 open', 'bang', 'settle'])
    expect([door.state, door.context.pushes]).toEqual(['closed', 1])
  })

  it('ignores what the state does not name or a guard refuses', () => {
    const { door, told } = hang()
    door.send({ type: 'shut' })
    door.send({ type: 'push', force: 1 })
    expect([door.state, door.context.pushes, told]).toEqual(['closed', 0, ['settle']])
  })

  it('queues what an effect sends: its own step ends first', () => {
    const { door, told } = hang({
      creak: self => {
        if (self.context.pushes > 1) return
        self.send({ type: 'slam' })
        self.send({ type: 'push', force: 9 })
        told.push(`still ${self.state}`)
      },
    })
    door.send({ type: 'push', force: 4 })
    expect(told.slice(0, 6)).toEqual(['settle', 'creak 4 open', 'still open', 'bang', 'settle', 'creak 9 open'])
  })

  it('tells onError what an effect threw, runs the other effects, and never throws from send', () => {
    const { door, told, errors } = hang({
      bang: () => {
        throw new Error('hinge')
      },
    })
    door.send({ type: 'push', force: 4 })
    door.send({ type: 'slam' })
    expect(errors).toEqual([new Error('hinge')])
    expect([door.state, told.at(-1)]).toEqual(['closed', 'settle'])
  })

  it('stays where it was when the table itself throws', () => {
    const { door, errors } = hang()
    door.send({ type: 'break' })
    expect(String(errors[0])).toContain('broken guard')
    expect(door.state).toBe('closed')
    door.send({ type: 'push', force: 4 })
    expect(door.state).toBe('open')
  })

  it('goes on when the observer of errors throws as well', () => {
    const door = runLifecycle({
      table: doorTable,
      effects: {
        creak: () => {
          throw new Error('creak')
        },
        bang: () => {},
        settle: () => {},
      },
      onError: () => {
        throw new Error('observer')
      },
    })
    door.send({ type: 'push', force: 4 })
    door.send({ type: 'slam' })
    expect(door.state).toBe('closed')
  })

  it('refuses a machine that keeps time itself', () => {
    const ticking = setup({ types: {} as { events: { type: 'go' } } }).createMachine({
      id: 'ticking',
      initial: 'idle',
      states: { idle: { on: { go: 'late' } }, late: { after: { 100: 'idle' } } },
    })
    const errors: unknown[] = []
    const lifecycle = runLifecycle({ table: tableOf(ticking), effects: {}, onError: error => errors.push(error) })
    lifecycle.send({ type: 'go' })
    expect(String(errors[0])).toContain('Lifecycle "ticking" uses xstate.raise')
    expect(lifecycle.state).toBe('idle')
  })

  it('tables are pure: the same step gives the same place twice', () => {
    const { place } = doorTable.begin()
    const push: DoorEvent = { type: 'push', force: 7 }
    const [first, second] = [doorTable.next(place, push), doorTable.next(place, push)]
    expect([first.place.value, first.place.context.pushes]).toEqual(['open', 1])
    expect([second.place.value, second.place.context.pushes]).toEqual(['open', 1])
    expect(place.value).toBe('closed')
  })
})
