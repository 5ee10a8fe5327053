/**
 * Phase: where one child of a supervisor stands, an actor as well as a supervisor.
 *
 *   down     -- start --> starting      its incarnation is being made
 *   starting -- serve --> serving
 *            -- fail ---> down          `init` threw: there was no incarnation
 *   starting, serving -- leave --> leaving     finishes what runs, then `stop`
 *   leaving  -- left ---> down
 *   down     -- finish -> stopped       no incarnation is to come; whoever asks is refused
 *   stopped  -- start --> starting      only as one of a group that restarts together
 *
 * 1 The table is an XState machine, asked once per pair of state and event when this file loads: a move costs two property
 *   reads, and a hundred thousand actors hold a hundred thousand strings that are one.
 * 2 A move the table does not name is a broken invariant of the runtime: it throws.
 */

import { setup } from 'xstate'
import { type TransitionTable, tableOf } from './lifecycle.js'

export type Phase = 'down' | 'starting' | 'serving' | 'leaving' | 'stopped'
export type PhaseEvent = 'start' | 'serve' | 'fail' | 'leave' | 'left' | 'finish'

/** The table; drawn in the header. */
export const phaseTable: TransitionTable<object, { readonly type: PhaseEvent }, Phase, Record<never, unknown>> = tableOf(
  setup({ types: {} as { context: object; events: { readonly type: PhaseEvent } } }).createMachine({
    id: 'phase',
    context: {},
    initial: 'down',
    states: {
      down: { on: { start: 'starting', finish: 'stopped' } },
      starting: { on: { serve: 'serving', fail: 'down', leave: 'leaving' } },
      serving: { on: { leave: 'leaving' } },
      leaving: { on: { left: 'down' } },
      stopped: { on: { start: 'starting' } },
    },
  }),
)

const PHASES: readonly Phase[] = ['down', 'starting', 'serving', 'leaving', 'stopped']
const EVENTS: readonly PhaseEvent[] = ['start', 'serve', 'fail', 'leave', 'left', 'finish']

const MOVES = Object.fromEntries(PHASES.map(from => [from, movesFrom(from)])) as Record<Phase, Partial<Record<PhaseEvent, Phase>>>

/** Where `event` leads from `from`. */
export function moved(from: Phase, event: PhaseEvent): Phase {
  const to = MOVES[from][event]
  if (to === undefined) throw new Error(`a child that is ${from} cannot ${event}`)
  return to
}

function movesFrom(from: Phase): Partial<Record<PhaseEvent, Phase>> {
  const place = phaseTable.machine.resolveState({ value: from, context: {} }) as Parameters<typeof phaseTable.next>[0]
  const moves = EVENTS.map(type => [type, phaseTable.next(place, { type }).place.value] as const)
  return Object.fromEntries(moves.filter(([, to]) => to !== from))
}
