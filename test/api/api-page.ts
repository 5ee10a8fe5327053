/**
 * API page: one file of `docs/api` for each entry of each package that is published.
 *
 * 1 Entries are those of `exports` in `packages/*`; a page without an entry is an error too.
 * 2 Pages are made from `dist`, hence from what the last build saw.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publicApiOf } from './public-api.js'

export interface ApiPage {
  /** As users import it: `@repertory/persistence/sqlite`. */
  readonly entry: string
  /** From the root: `docs/api/persistence-sqlite.txt`. */
  readonly path: string
  readonly text: string
}

const FOLDER = 'docs/api'

/** From a source or from `dist`, the root is where the workspace is described. */
export const ROOT: string = fileURLToPath(new URL(import.meta.url.includes('/dist/') ? '../../../' : '../../', import.meta.url))

export function makeApiPages(): ApiPage[] {
  return readdirSync(`${ROOT}packages`).flatMap(folder => {
    const { name, exports } = JSON.parse(readText(`packages/${folder}/package.json`) ?? '{}') as Manifest
    const typesOf = new Map(Object.entries(exports).map(([subpath, { types }]) => [subpath, posix.join('packages', folder, types)]))
    return [...typesOf].map(([subpath, types]) => {
      const entry = posix.join(name, subpath)
      const path = `${FOLDER}/${entry.replace('@repertory/', '').replaceAll('/', '-')}.txt`
      const heading = `# ${entry}: its public API in normal form. A change here is a change for users.\n# Written by \`npm run api:update\`.`
      return { entry, path, text: `${heading}\n\n${publicApiOf(types, readText, [...typesOf.values()])}` }
    })
  })
}

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, { readonly types: string }>>
}

export function readText(path: string): string | undefined {
  return existsSync(ROOT + path) ? readFileSync(ROOT + path, 'utf8') : undefined
}

/** Pages that are there, by their paths from the root. */
export function recordedPages(): string[] {
  return existsSync(ROOT + FOLDER) ? readdirSync(ROOT + FOLDER).map(file => `${FOLDER}/${file}`) : []
}
