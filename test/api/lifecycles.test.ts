/**
 * Lifecycles: the diagrams in the docs are those of the machines. The first test compares the page; the others draw planted
 * machines, so that what a diagram says is known.
 */

import { expect, test } from 'vitest'
import { readText } from './api-page.js'
import { diagramOf, type Machine, type StateNode } from './lifecycle-diagram.js'
import { LIFECYCLE_PAGE, makeLifecyclePage } from './lifecycle-page.js'

test('docs/lifecycles.md is drawn from the machines as they are; if not: npm run lifecycles:update', async () => {
  expect(readText(LIFECYCLE_PAGE)).toBe(await makeLifecyclePage())
})

test('the page shows the saver and the supervised child', () => {
  const page = readText(LIFECYCLE_PAGE) ?? ''
  for (const line of ['[*] --> clean', 'dirty --> saving: due or force', '[*] --> running', 'open --> probing: due'])
    expect(page).toContain(line)
})

/** As XState resolves a machine: targets are nodes, guards and actions names or objects with a type. */
function createMachine(initial: string, states: Readonly<Record<string, Planted>>, anywhere: Planted = {}): Machine {
  const nodes: Record<string, StateNode> = {}
  const node = (key: string, { entry = [], exit = [], on = {} }: Planted): StateNode => ({
    key,
    entry,
    exit,
    states: key === 'root' ? nodes : {},
    initial: { target: nodes[initial] === undefined ? [] : [nodes[initial]] },
    transitions: new Map(
      Object.entries(on).map(([eventType, candidates]) => [
        eventType,
        candidates.map(({ to, actions = [], ...rest }) => ({
          eventType,
          actions,
          get target() {
            return to === undefined ? undefined : [nodes[to] as StateNode]
          },
          ...rest,
        })),
      ]),
    ),
  })
  for (const [key, state] of Object.entries(states)) nodes[key] = node(key, state)
  return { id: 'lamp', root: node('root', anywhere) }
}

interface Planted {
  readonly entry?: readonly unknown[]
  readonly exit?: readonly unknown[]
  readonly on?: Readonly<
    Record<string, readonly { readonly to?: string; readonly guard?: unknown; readonly actions?: readonly unknown[] }[]>
  >
}

test('a diagram has every event, condition and effect', () => {
  const push = [
    { guard: 'isDark', to: 'on', actions: ['click'] },
    { guard: { type: 'isLate' }, to: 'on' },
    { actions: [{ type: 'xstate.assign' }] },
  ]
  const machine = createMachine(
    'off',
    { off: { on: { push, pull: [{ to: 'on' }] } }, on: { entry: ['shine', 'hum'], exit: ['dim'] }, broken: { on: { hit: [{}] } } },
    { on: { hit: [{ to: 'broken' }] } },
  )
  expect(diagramOf(machine)).toBe(`\`\`\`mermaid
stateDiagram-v2
  [*] --> off
  off: off
  off: push [else] / assign
  on: on
  on: entering / shine, hum
  on: leaving / dim
  broken: broken
  off --> on: push [isDark] / click or push [isLate] or pull
  state "any state" as any
  any --> broken: hit
\`\`\`

"Any state" has exceptions, where the state's own answer holds, or none: \`hit\` in \`broken\`.
`)
})

test('a machine with states in states is refused, not drawn in part', () => {
  const machine = createMachine('off', { off: {} })
  const nested = { ...machine.root, states: { off: { ...machine.root, key: 'off' } } }
  expect(() => diagramOf({ ...machine, root: nested })).toThrow('The state "off" of "lamp" has states of its own')
})
