/**
 * Import graph: which file imports which, over the whole project.
 *
 * 1 Relative specifiers are resolved as TypeScript does: `./clock.js` is `clock.ts` beside it.
 * 2 The name of one of our packages leads to the source behind the entry of its `exports`.
 * 3 An edge of types alone is an edge all the same.
 */

import { posix } from 'node:path'
import { packageOf } from './imports.js'
import type { Project, Workspace } from './project.js'

export interface Edge {
  readonly from: string
  readonly to: string
  readonly line: number
}

export function edgesOf(project: Project): Edge[] {
  const paths = new Set(project.sources.map(({ path }) => path))
  return project.sources.flatMap(({ path, imports }) =>
    imports.flatMap(({ specifier, line }) => {
      const to = specifier.startsWith('.') ? relativeTarget(path, specifier, paths) : entryTarget(project, specifier, paths)
      return to === undefined ? [] : [{ from: path, to, line }]
    }),
  )
}

function relativeTarget(from: string, specifier: string, paths: ReadonlySet<string>): string | undefined {
  return sourceOf(posix.join(posix.dirname(from), specifier), paths)
}

function entryTarget(project: Project, specifier: string, paths: ReadonlySet<string>): string | undefined {
  const workspace = project.workspaces.find(({ name }) => name === packageOf(specifier))
  if (workspace === undefined) return undefined
  const subpath = `.${specifier.slice(workspace.name.length)}`
  return entriesOf(workspace, paths).get(subpath)
}

/** Of a `package.json`, what leads into it. */
interface Entries {
  readonly exports?: Readonly<Record<string, string | { readonly default?: string }>>
  readonly bin?: Readonly<Record<string, string>>
}

/** What a package offers: subpath of its `exports`, or name of a command, to the source behind it. */
export function entriesOf(workspace: Workspace, paths: ReadonlySet<string>): Map<string, string> {
  const { exports = {}, bin = {} } = JSON.parse(workspace.manifest) as Entries
  const entries = new Map<string, string>()
  for (const [subpath, target] of [...Object.entries(exports), ...Object.entries(bin)]) {
    const built = typeof target === 'string' ? target : target.default
    const source = built === undefined ? undefined : sourceOfBuilt(posix.join(workspace.folder, built), paths)
    if (source !== undefined) entries.set(subpath, source)
  }
  return entries
}

/** `packages/core/src/index.ts` for `packages/core/dist/index.js`. */
export function sourceOfBuilt(built: string, paths: ReadonlySet<string>): string | undefined {
  return sourceOf(built.replace('/dist/', '/src/'), paths) ?? sourceOf(built.replace('/dist/', '/'), paths)
}

function sourceOf(path: string, paths: ReadonlySet<string>): string | undefined {
  const stem = path.replace(/\.(?:js|jsx|mjs)$/, '')
  return [path, `${stem}.ts`, `${stem}.tsx`, `${stem}.mts`].find(candidate => paths.has(candidate))
}
