/**
 * Source file: one file of code as the rules look at it.
 *
 * 1 `code` is its tokens without comments; a rule about words reads `code`, a rule about remarks `comments`.
 * 2 A test is `*.test.ts`, `*.harness.ts`, or anything in a folder `testing/`: it may import and do more than what ships.
 * 3 `workspace` is the folder of the package it belongs to, `''` for files of the repository itself.
 */

import { type Import, importsOf } from './imports.js'
import { type Token, tokenize } from './token.js'

export interface SourceFile {
  /** From the repository's root, with forward slashes. */
  readonly path: string
  readonly workspace: string
  readonly text: string
  readonly isTest: boolean
  readonly isConfig: boolean
  readonly code: readonly Token[]
  readonly comments: readonly Token[]
  readonly imports: readonly Import[]
}

const SOURCE = /\.(?:ts|tsx|mts|mjs|js|jsx)$/
const TEST = /\.(?:test|harness)\.[a-z]+$|\/testing\//

export function isSource(path: string): boolean {
  return SOURCE.test(path)
}

export function createSourceFile(path: string, workspace: string, text: string): SourceFile {
  const tokens = tokenize(text)
  const code = tokens.filter(token => token.kind !== 'comment')
  return {
    path,
    workspace,
    text,
    isTest: TEST.test(path),
    isConfig: /\.config\.[a-z]+$/.test(path),
    code,
    comments: tokens.filter(token => token.kind === 'comment'),
    imports: importsOf(code),
  }
}

/** `clock` of `packages/actors/src/clock.ts`, `database` of `database.test.ts`. */
export function nounOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).split('.')[0] ?? ''
}
