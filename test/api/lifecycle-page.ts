/**
 * Lifecycle page: `docs/lifecycles.md`, a diagram of every transition table of `actors`, drawn from the machines themselves.
 *
 * 1 A table is found by its call of `tableOf`; one that is not exported cannot be drawn, and is an error.
 * 2 Everything a machine does is in its diagram: events, guards, effects of transitions, of entering and of leaving.
 * 3 Machines come from `dist`, hence are those of the last build.
 */

import { readdirSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { ROOT, readText } from './api-page.js'
import { diagramOf, type Machine } from './lifecycle-diagram.js'

export const LIFECYCLE_PAGE = 'docs/lifecycles.md'

const FOLDER = 'packages/actors'

const HEADING = `# Lifecycles

What lasts in a store has a state, and its states are a table: an XState machine without time, children or messages, run by
\`lifecycle.ts\`. The diagrams are drawn from those machines by \`npm run lifecycles:update\`; a test compares them.

An arrow reads \`event [condition] / effects\`; of several conditions the first that holds decides, \`[else]\` when none does. Inside a
state stand the effects of entering and leaving it and what it does without leaving. An event that a state does not name changes nothing.
`

export async function makeLifecyclePage(): Promise<string> {
  const sections: string[] = []
  for (const source of sourcesWithTables()) {
    const built = `${ROOT}${FOLDER}/dist/${source.replace(/\.ts$/, '.js')}`
    const exported = Object.values((await import(/* @vite-ignore */ pathToFileURL(built).href)) as Record<string, unknown>)
    const machines = exported.filter(isTable).map(({ machine }) => machine)
    const calls = callsIn(source)
    if (machines.length !== calls) {
      throw new Error(
        `${FOLDER}/src/${source} makes ${calls} tables and exports ${machines.length}: export them all, and build (npx tsc -b)`,
      )
    }
    sections.push(...machines.map(machine => sectionOf(machine, source)))
  }
  return [HEADING, ...sections.toSorted()].join('\n')
}

function sectionOf(machine: Machine, source: string): string {
  const title = machine.id.replaceAll('-', ' ')
  const link = `[\`${source}\`](../${FOLDER}/src/${source})`
  return `## ${title[0]?.toUpperCase()}${title.slice(1)}\n\n${link}\n\n${diagramOf(machine)}`
}

function sourcesWithTables(): string[] {
  const sources = readdirSync(`${ROOT}${FOLDER}/src`, { recursive: true, encoding: 'utf8' }).filter(path =>
    /^(?!.*\.test\.).*\.ts$/.test(path),
  )
  return sources.filter(source => callsIn(source) > 0).toSorted()
}

/** Calls of `tableOf`; its own declaration is none. */
function callsIn(source: string): number {
  return (readText(`${FOLDER}/src/${source}`) ?? '').match(/(?<!function )\btableOf\(/g)?.length ?? 0
}

function isTable(value: unknown): value is { readonly machine: Machine } {
  return typeof value === 'object' && value !== null && 'machine' in value
}
