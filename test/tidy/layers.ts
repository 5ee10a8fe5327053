/**
 * Layers: imports between packages run one way (DESIGN, packages).
 *
 *      core <---- actors <---- bridge        arrow = "imports"
 *        ^                                   actors and persistence never see each other:
 *        '------ persistence                 the user hands a backend to Store.start
 *
 * 1 What a package ships imports only what its row allows; tests may import more, but reach other packages by name too.
 * 2 Nobody reaches into another package's folder.
 */

import { posix } from 'node:path'
import { packageOf } from './imports.js'
import type { Finding, Project } from './project.js'
import type { SourceFile } from './source-file.js'

interface Layer {
  readonly folder: string
  readonly allows: readonly string[]
  /** Packages of which only types may be imported. */
  readonly typesOf?: readonly string[]
  /** What to do instead of importing anything else. */
  readonly instead: string
}

const LAYERS: readonly Layer[] = [
  {
    folder: 'packages/core',
    allows: ['zod', 'msgpackr', 'lru-cache'],
    instead: 'core is pure and at the bottom: take what you need as an argument, or move this file to the package that owns it',
  },
  {
    folder: 'packages/actors',
    allows: ['@repertory/core', 'xstate', 'mitt', 'nanoid'],
    instead: 'actors runs in browsers and knows no backend: name a port in core, and let the user hand in what fulfils it',
  },
  {
    folder: 'packages/persistence',
    allows: ['@repertory/core', 'node:', 'better-sqlite3', 'pg', 'mysql2', 'kysely', 's3mini', '@aws-sdk/client-s3'],
    instead: 'a backend knows the port in core and its driver; the store calls it, never the other way round',
  },
  {
    folder: 'packages/bridge',
    allows: ['repertory'],
    typesOf: ['@repertory/core'],
    instead: "a bridge speaks to the store through 'repertory', and with `import type` of @repertory/core",
  },
]

export function findLayerBreaches(project: Project): Finding[] {
  return project.sources.flatMap(file => {
    const layer = LAYERS.find(({ folder }) => folder === file.workspace)
    return [...findReachingIn(file, project), ...(layer === undefined || file.isTest ? [] : findForeign(file, layer))]
  })
}

function findForeign(file: SourceFile, layer: Layer): Finding[] {
  return file.imports
    .filter(({ specifier, isTypeOnly }) => {
      const name = packageOf(specifier)
      return !name.startsWith('.') && !layer.allows.includes(name) && !(isTypeOnly && layer.typesOf?.includes(name))
    })
    .map(({ specifier, line }) => ({
      file: file.path,
      line,
      message: `${layer.folder} does not import '${specifier}': ${layer.instead} (allowed: ${[...layer.allows, ...(layer.typesOf ?? [])].join(', ')})`,
    }))
}

function findReachingIn(file: SourceFile, project: Project): Finding[] {
  const isForeign = (path: string): boolean =>
    project.workspaces.some(({ folder }) => folder !== file.workspace && path.startsWith(`${folder}/`))
  return file.imports
    .filter(({ specifier }) => specifier.startsWith('.') && isForeign(posix.join(posix.dirname(file.path), specifier)))
    .map(({ specifier, line }) => ({
      file: file.path,
      line,
      message: `'${specifier}' reaches into another package: import it by its published name, from an entry of its exports`,
    }))
}
