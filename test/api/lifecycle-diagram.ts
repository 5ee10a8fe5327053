/**
 * Lifecycle diagram: one machine as a mermaid `stateDiagram-v2`.
 *
 *   dirty --> saving: due or force            arrows between the same two states are one
 *   saving --> clean: saved [else] / tell     what XState tries in order has its condition in brackets
 *   any --> stopped: stop                     what the machine answers wherever it is; the text below names who answers for himself
 *
 * 1 Reads the machine as XState resolved it, not the text it was made from.
 * 2 Flat machines only, as `tableOf` takes them; anything nested is an error.
 */

/** As much of an XState machine as a diagram needs. */
export interface Machine {
  readonly id: string
  readonly root: StateNode
}

export interface StateNode {
  readonly key: string
  readonly initial: { readonly target: readonly StateNode[] }
  readonly states: Readonly<Record<string, StateNode>>
  readonly entry: readonly unknown[]
  readonly exit: readonly unknown[]
  readonly transitions: ReadonlyMap<string, readonly Transition[]>
}

export interface Transition {
  readonly eventType: string
  /** Undefined: the machine stays where it is. */
  readonly target: readonly StateNode[] | undefined
  readonly guard?: unknown
  readonly actions: readonly unknown[]
}

const ANYWHERE = 'any'

export function diagramOf({ id, root }: Machine): string {
  const states = Object.values(root.states)
  const nested = states.find(state => Object.keys(state.states).length > 0)
  if (nested !== undefined)
    throw new Error(`The state "${nested.key}" of "${id}" has states of its own; diagrams are drawn of flat machines.`)
  const lines = [
    'stateDiagram-v2',
    `[*] --> ${root.initial.target[0]?.key}`,
    ...states.flatMap(descriptionOf),
    ...states.flatMap(state => arrowsOf(state.key, state)),
  ]
  if (root.transitions.size > 0) lines.push(`state "any state" as ${ANYWHERE}`, ...arrowsOf(ANYWHERE, root))
  return `\`\`\`mermaid\n${lines.join('\n  ')}\n\`\`\`\n${exceptionsOf(root, states)}`
}

/** What a state does without being left, and on the way in and out. */
function descriptionOf(state: StateNode): string[] {
  const entry = state.entry.length > 0 ? [`entering / ${namesOf(state.entry)}`] : []
  const exit = state.exit.length > 0 ? [`leaving / ${namesOf(state.exit)}`] : []
  const inside = [...state.transitions.values()].flatMap(candidates =>
    candidates.filter(({ target, actions }) => target === undefined && actions.length > 0).map(candidate => labelOf(candidate, candidates)),
  )
  return [state.key, ...entry, ...inside, ...exit].map(line => `${state.key}: ${line}`)
}

function arrowsOf(from: string, state: StateNode): string[] {
  const labels = new Map<string, string[]>()
  for (const candidates of state.transitions.values()) {
    for (const candidate of candidates) {
      const to = candidate.target?.[0]?.key
      if (to !== undefined) labels.set(to, [...(labels.get(to) ?? []), labelOf(candidate, candidates)])
    }
  }
  return [...labels].map(([to, all]) => `${from} --> ${to}: ${all.join(' or ')}`)
}

function labelOf({ eventType, guard, actions }: Transition, candidates: readonly Transition[]): string {
  const otherwise = candidates.length > 1 ? ' [else]' : ''
  const condition = guard === undefined ? otherwise : ` [${nameOf(guard)}]`
  return `${eventType}${condition}${actions.length === 0 ? '' : ` / ${namesOf(actions)}`}`
}

/** States that answer for themselves what the machine answers anywhere. */
function exceptionsOf(root: StateNode, states: readonly StateNode[]): string {
  const exceptions = [...root.transitions.keys()].flatMap(event => {
    const own = states.filter(({ transitions }) => transitions.has(event)).map(({ key }) => `\`${key}\``)
    return own.length === 0 ? [] : [`\`${event}\` in ${own.join(', ')}`]
  })
  return exceptions.length === 0
    ? ''
    : `\n"Any state" has exceptions, where the state's own answer holds, or none: ${exceptions.join('; ')}.\n`
}

function namesOf(actions: readonly unknown[]): string {
  return actions.map(nameOf).join(', ')
}

/** An action or guard by its name; `assign` and the like are functions with a type. */
function nameOf(part: unknown): string {
  if (typeof part === 'string') return part
  const { type, name } = part as { readonly type?: string; readonly name?: string }
  return (type ?? name ?? 'unnamed').replace('xstate.', '')
}
