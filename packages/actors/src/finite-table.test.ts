import { expect, it } from 'vitest'
import type { AnyStateMachine } from 'xstate'
import { finiteTable } from './finite-table.js'
import { type Place, tableOf } from './lifecycle.js'
import { type ChildEvent, type ChildState, childTable } from './supervised-child.js'

it('leads where the machine leads, from every state it reaches, and asks it once', () => {
  const plain: typeof childTable = tableOf<AnyStateMachine>(childTable.machine) as unknown as typeof childTable
  let asked = 0
  const counting: typeof childTable = {
    ...plain,
    next: (place, event) => {
      asked++
      return plain.next(place, event)
    },
  }
  const table = finiteTable(counting, kindOf)
  const events: ChildEvent[] = [
    ...[true, false].flatMap(calm => [true, false].map(many => ({ type: 'crashed' as const, calm, many }))),
    ...(['restarted', 'due', 'clean', 'stop'] as const).map(type => ({ type })),
  ]
  const reached = new Map([[table.begin().place.value, table.begin().place]])
  for (const place of reached.values()) {
    for (const event of events) {
      const step = table.next(place, event)
      const real = plain.next(plainPlace(place.value), event)
      expect([step.place.value, step.effects.map(({ type }) => type)]).toEqual([real.place.value, real.effects.map(({ type }) => type)])
      expect(table.next(place, event)).toBe(step)
      reached.set(step.place.value, step.place)
    }
  }
  expect([[...reached.keys()].sort(), asked]).toEqual([
    ['open', 'probing', 'restarting', 'running', 'stopped', 'waiting'],
    6 * events.length,
  ])

  function plainPlace(value: ChildState): Place<object, ChildState> {
    return childTable.machine.resolveState({ value, context: {} }) as unknown as Place<object, ChildState>
  }
})

function kindOf(event: ChildEvent): string {
  return event.type === 'crashed' ? `crashed ${event.calm} ${event.many}` : event.type
}
