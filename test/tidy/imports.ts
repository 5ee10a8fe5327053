/**
 * Imports: what a file names of other files, found in its tokens.
 *
 * 1 Counts `import … from`, `import '…'`, `export … from`, `import('…')` in values and types, `require('…')`, and
 *   `new URL('./…', import.meta.url)`, which is how a worker or an asset is named.
 * 2 A specifier that is put together at run time is not seen.
 */

import type { Token } from './token.js'

export interface Import {
  /** As written: `./clock.js`, `@repertory/core`, `node:fs`. */
  readonly specifier: string
  readonly line: number
  /** Vanishes when compiled: `import type`, `export type`. */
  readonly isTypeOnly: boolean
}

export function importsOf(code: readonly Token[]): Import[] {
  const found: Import[] = []
  for (const [index, token] of code.entries()) {
    if (token.kind !== 'word' || code[index - 1]?.text === '.') continue
    const specifier = specifierAt(code, index)
    if (specifier === undefined) continue
    const isTypeOnly = token.text !== 'new' && code[index + 1]?.text === 'type' && code[index + 2]?.text !== 'from'
    found.push({ specifier: specifier.text.slice(1, -1), line: token.line, isTypeOnly })
  }
  return found
}

/** The string that the import, export, require or URL beginning at `index` names. */
function specifierAt(code: readonly Token[], index: number): Token | undefined {
  const next = code[index + 1]
  const named = next?.text === 'type' ? index + 2 : index + 1
  switch (code[index]?.text) {
    case 'import':
      return next?.kind === 'string' ? next : next?.text === '(' ? stringAt(code, index + 2) : fromClause(code, index + 1)
    case 'export':
      return ['{', '*'].includes(code[named]?.text ?? '') ? fromClause(code, named) : undefined
    case 'require':
      return next?.text === '(' ? stringAt(code, index + 2) : undefined
    case 'new':
      return next?.text === 'URL' && code[index + 4]?.text === ',' && code[index + 5]?.text === 'import'
        ? stringAt(code, index + 3)
        : undefined
    default:
      return undefined
  }
}

/** After names, commas, braces and stars: `from '…'`. Anything else ends the search. */
function fromClause(code: readonly Token[], start: number): Token | undefined {
  for (let index = start; index < code.length; index++) {
    const token = code[index]
    if (token === undefined || token.text === 'import' || token.text === 'export') return undefined
    if (token.text === 'from' && code[index + 1]?.kind === 'string') return code[index + 1]
    if (token.kind !== 'word' && !['{', '}', ',', '*'].includes(token.text)) return undefined
  }
  return undefined
}

function stringAt(code: readonly Token[], index: number): Token | undefined {
  return code[index]?.kind === 'string' ? code[index] : undefined
}

/** `@repertory/core` of `@repertory/core/deep`, `node:` of `node:fs`. */
export function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return 'node:'
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}
