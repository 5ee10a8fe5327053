import { expect, it } from 'vitest'
import { type SaverEvent, saverTable } from './saver-machine.js'

const events: Record<string, SaverEvent> = {
  touched: { type: 'touched' },
  due: { type: 'due' },
  force: { type: 'force' },
  saved: { type: 'saved', more: false, forced: false },
  'saved more': { type: 'saved', more: true, forced: false },
  'saved forced': { type: 'saved', more: true, forced: true },
  failed: { type: 'failed', forced: false },
  'failed forced': { type: 'failed', forced: true },
  lost: { type: 'lost' },
  stop: { type: 'stop' },
}

const routes: Record<string, readonly string[]> = {
  clean: [],
  dirty: ['touched'],
  saving: ['touched', 'due'],
  retrying: ['touched', 'due', 'failed'],
  lost: ['lost'],
  stopped: ['stop'],
}

it('moves from every state on every event as drawn, and nowhere else', () => {
  const moves: string[] = []
  for (const [state, route] of Object.entries(routes)) {
    let { place } = saverTable.begin()
    for (const name of route) place = saverTable.next(place, events[name]!).place
    expect(place.value).toBe(state)
    for (const [name, event] of Object.entries(events)) {
      const step = saverTable.next(place, event)
      const effects = step.effects.map(effect => effect.type).join(' ')
      if (effects !== '' || step.place.value !== state) moves.push(`${state} | ${name} | ${step.place.value} | ${effects}`)
    }
  }
  expect(moves).toEqual([
    'clean | touched | dirty | armQuiet tell',
    'clean | lost | lost | abandon report tell',
    'clean | stop | stopped | abandon tell',
    'dirty | due | saving | disarm beginSave tell',
    'dirty | force | saving | disarm beginSave tell',
    'dirty | lost | lost | disarm abandon report tell',
    'dirty | stop | stopped | disarm abandon tell',
    'saving | saved | clean | markSaved tell',
    'saving | saved more | dirty | markSaved armQuiet tell',
    'saving | saved forced | saving | markSaved beginSave tell',
    'saving | failed | retrying | report armRetry tell',
    'saving | failed forced | saving | report beginSave tell',
    'saving | lost | lost | abandon report tell',
    'saving | stop | stopped | abandon tell',
    'retrying | due | saving | disarm beginSave tell',
    'retrying | force | saving | disarm beginSave tell',
    'retrying | lost | lost | disarm abandon report tell',
    'retrying | stop | stopped | disarm abandon tell',
    'lost | stop | stopped | abandon tell',
  ])
})
