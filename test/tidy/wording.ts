/**
 * Wording: what no line of code says (STYLE, habits 4, 7 and 8).
 *
 * 1 Reads tokens, so a word inside a string or, where code is meant, inside a comment is no offence.
 * 2 Each offence comes with what to write instead.
 */

import type { Finding, Project } from './project.js'
import type { SourceFile } from './source-file.js'
import type { Token } from './token.js'

export function findBadWording(project: Project): Finding[] {
  return project.sources.flatMap(file => [...file.code.flatMap((token, index) => findAt(file, token, index)), ...findInComments(file)])
}

function findAt(file: SourceFile, token: Token, index: number): Finding[] {
  if (token.kind !== 'word' && token.kind !== 'punct') return []
  return OFFENCES.filter(({ isAt }) => isAt(file.code, index, file)).map(({ instead }) => ({
    file: file.path,
    line: token.line,
    message: instead,
  }))
}

interface Offence {
  readonly isAt: (code: readonly Token[], index: number, file: SourceFile) => boolean
  readonly instead: string
}

const OFFENCES: readonly Offence[] = [
  { isAt: (code, at) => stands(code, at, 'export *'), instead: '`export *`: name what you export' },
  {
    isAt: (code, at, file) => stands(code, at, 'export default') && !file.isConfig,
    instead: 'a default export: export it by its name',
  },
  { isAt: isAnyType, instead: '`any`: say the type, or `unknown` and narrow it' },
  { isAt: isEmptyCatch, instead: 'an empty catch: handle the failure or pass it on; if it truly is none, a comment in the block says why' },
  { isAt: isSwitchedOff, instead: 'a test that is switched off or keeps others from running: run it, or delete it' },
]

const MARKS: readonly { readonly mark: RegExp; readonly instead: string }[] = [
  { mark: /@ts-(?:ignore|nocheck)/, instead: '`@ts-ignore`: mend the type; a test of types may use @ts-expect-error' },
  { mark: /\b(?:TODO|FIXME|XXX)\b/, instead: 'a mark of unfinished work: do it now, or open an issue and say what holds today' },
]

function findInComments(file: SourceFile): Finding[] {
  return file.comments.flatMap(comment =>
    comment.text.split('\n').flatMap((text, offset) =>
      MARKS.filter(({ mark }) => mark.test(text)).map(({ instead }) => ({
        file: file.path,
        line: comment.line + offset,
        message: instead,
      })),
    ),
  )
}

function stands(code: readonly Token[], index: number, phrase: string): boolean {
  return phrase.split(' ').every((word, offset) => code[index + offset]?.text === word)
}

/** `: any`, `as any`, `<any>`, `any[]` and the like; not `z.any()`, `{ any: 1 }` or a variable. */
function isAnyType(code: readonly Token[], index: number): boolean {
  if (code[index]?.text !== 'any') return false
  const before = code[index - 1]?.text ?? ''
  return [':', 'as', '<', '|', '&', '=>', 'keyof', 'is'].includes(before) || stands(code, index + 1, '[ ]') || stands(code, index + 1, '>')
}

/** `catch {}`, `catch (error) {}`, `.catch(() => {})` without a comment that gives the reason. */
function isEmptyCatch(code: readonly Token[], index: number, file: SourceFile): boolean {
  if (code[index]?.text !== 'catch') return false
  const block = code.findIndex((token, at) => at > index && token.text === '{')
  if (block === -1 || !stands(code, block, '{ }')) return false
  const between = code.slice(index + 1, block).map(({ text }) => text)
  const isMethod = code[index - 1]?.text === '.'
  const isSwallowing = (isMethod ? /^\((?:async)?(?:\([^()]*\)|[\w$]+)=>$/ : /^(?:\([^()]*\))?$/).test(between.join(''))
  const [opening, closing] = [code[block]?.line ?? 0, code[block + 1]?.line ?? 0]
  return isSwallowing && !file.comments.some(({ line }) => line >= opening && line <= closing)
}

/** `.only(`, `.skip(`, `.todo(` on a chain that begins with test, it or describe. */
function isSwitchedOff(code: readonly Token[], index: number): boolean {
  if (!['only', 'skip', 'todo'].includes(code[index]?.text ?? '') || code[index + 1]?.text !== '(') return false
  let first = index
  while (code[first - 1]?.text === '.') first -= 2
  return first < index && ['test', 'it', 'describe', 'suite'].includes(code[first]?.text ?? '')
}
