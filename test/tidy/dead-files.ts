/**
 * Dead files: each file of code is reached by somebody.
 *
 * 1 Roots are the entries of each package (`exports`, `bin`), what a script of a `package.json` or CI starts, each
 *   package's `main.ts`, tests, and configuration.
 * 2 What a root imports is reached, and so on; `new URL('./worker.js', import.meta.url)` imports too.
 */

import { edgesOf, entriesOf, sourceOfBuilt } from './import-graph.js'
import type { Finding, Project } from './project.js'

export function findDeadFiles(project: Project): Finding[] {
  const next = new Map<string, string[]>()
  for (const { from, to } of edgesOf(project)) next.set(from, [...(next.get(from) ?? []), to])
  const reached = rootsOf(project)
  for (const path of reached) for (const target of next.get(path) ?? []) reached.add(target)
  return project.sources
    .filter(({ path }) => !reached.has(path))
    .map(({ path }) => ({ file: path, line: 1, message: 'nothing reaches this file: import it from an entry or a test, or delete it' }))
}

function rootsOf(project: Project): Set<string> {
  const paths = new Set(project.sources.map(({ path }) => path))
  const roots = new Set<string>()
  for (const workspace of project.workspaces) for (const source of entriesOf(workspace, paths).values()) roots.add(source)
  for (const path of startedPaths(project)) {
    const source = sourceOfBuilt(path, paths)
    if (source !== undefined) roots.add(source)
  }
  for (const { path, isConfig } of project.sources) if (isConfig || path.includes('.test.')) roots.add(path)
  return roots
}

/** Paths of code named by the root's scripts and by CI, and every `main.ts`. */
function startedPaths(project: Project): string[] {
  const starters = [...project.texts].filter(([path]) => path === 'package.json' || path.startsWith('.ci/')).map(([, text]) => text)
  const named = starters.flatMap(text => text.match(/[\w./-]+\.m?js\b/g) ?? [])
  return [...named, ...project.workspaces.map(({ folder }) => `${folder}/src/main.ts`)]
}
