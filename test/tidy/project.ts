/**
 * Project: the files of the repository, as the rules see them.
 *
 * 1 Made from a map of path to text alone, so a test of a rule can plant a file that offends.
 * 2 Read from disk it holds what version control would: everything but what `.gitignore` names and binary files.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSourceFile, isSource, type SourceFile } from './source-file.js'

export interface Project {
  /** Every text file by its path from the root. */
  readonly texts: ReadonlyMap<string, string>
  readonly sources: readonly SourceFile[]
  readonly workspaces: readonly Workspace[]
}

/** A folder with a `package.json` below the root's. */
export interface Workspace {
  /** `packages/core`, `bench`. */
  readonly folder: string
  /** As published and imported: `@repertory/core`. */
  readonly name: string
  readonly manifest: string
}

/** One offence: where, what, and what to write instead. */
export interface Finding {
  readonly file: string
  readonly line: number
  readonly message: string
}

/** A rule looks at the whole project and names every offence. */
export type Rule = (project: Project) => Finding[]

const MANIFEST = '/package.json'

export function createProject(texts: ReadonlyMap<string, string>): Project {
  const workspaces = [...texts].filter(([path]) => path.endsWith(MANIFEST)).map(([path, text]) => createWorkspace(path, text))
  const folderOf = (path: string): string => workspaces.find(({ folder }) => path.startsWith(`${folder}/`))?.folder ?? ''
  const sources = [...texts].filter(([path]) => isSource(path)).map(([path, text]) => createSourceFile(path, folderOf(path), text))
  return { texts, sources, workspaces }
}

function createWorkspace(path: string, text: string): Workspace {
  const { name } = JSON.parse(text) as { name: string }
  return { folder: path.slice(0, -MANIFEST.length), name, manifest: text }
}

export function readProject(root: string): Project {
  const ignored = readFileSync(join(root, '.gitignore'), 'utf8')
    .split('\n')
    .filter(pattern => pattern !== '' && !pattern.startsWith('#'))
  const texts = new Map<string, string>()
  for (const path of pathsIn(root, '', ignored)) {
    const text = readFileSync(join(root, path), 'utf8')
    if (!text.includes('\0')) texts.set(path, text)
  }
  return createProject(texts)
}

function* pathsIn(root: string, folder: string, ignored: readonly string[]): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.name === '.git' || ignored.some(pattern => isIgnored(pattern, path, entry.isDirectory()))) continue
    if (entry.isDirectory()) yield* pathsIn(root, path, ignored)
    else if (entry.isFile()) yield path
  }
}

/** The patterns our `.gitignore` has: a name anywhere or a path from the root, with `/` behind it for folders; `*.suffix`. */
function isIgnored(pattern: string, path: string, isFolder: boolean): boolean {
  if (pattern.startsWith('*')) return path.endsWith(pattern.slice(1))
  if (pattern.endsWith('/') && !isFolder) return false
  const name = pattern.replace(/\/$/, '')
  return path === name || (!name.includes('/') && path.endsWith(`/${name}`))
}
