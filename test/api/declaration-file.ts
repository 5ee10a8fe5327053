/**
 * Declaration file: an emitted `.d.ts` cut into what it declares, imports and exports.
 *
 * 1 Reads what `tsc` emits, not what people write: no bodies, no initialisers, every member closed by `;`.
 * 2 A declaration is text in normal form: one space where the compiler left room, no comments, no `export`, no `declare`.
 * 3 Members that no user can reach (`#private`, `private`) are left out; a `private constructor` stays, it forbids `new`.
 * 4 Members of classes and interfaces are sorted by name, as their order means nothing; overloads keep theirs.
 */

import { type Token, tokenize } from '../tidy/token.js'

export interface DeclarationFile {
  /** By local name: overloads, and a type beside a value of the same name, are several. */
  readonly declarations: ReadonlyMap<string, readonly Declaration[]>
  /** By local name: where it comes from. */
  readonly imports: ReadonlyMap<string, Origin>
  /** By exported name. */
  readonly exports: ReadonlyMap<string, Origin>
}

/** A name in a module: `specifier` is undefined for this very file. */
export interface Origin {
  readonly specifier: string | undefined
  readonly name: string
}

export interface Declaration {
  /** `class Store<B> implements AsyncDisposable`, `type Cause = 'a' | 'b'`. */
  readonly head: string
  readonly members: readonly string[]
  /** Every name of a type or value in it that this file may declare or import. */
  readonly mentions: ReadonlySet<string>
}

/** A token of the code, and whether the compiler left room before it. */
interface Word extends Token {
  readonly isSpaced: boolean
}

const WITH_BODY = new Set(['class', 'interface'])
const KINDS = new Set(['class', 'interface', 'type', 'function', 'const', 'let', 'var'])
const MODIFIERS = new Set(['readonly', 'static', 'get', 'set', 'abstract', 'protected', 'private', 'override', 'accessor'])

export function readDeclarations(text: string): DeclarationFile {
  const declarations = new Map<string, Declaration[]>()
  const imports = new Map<string, Origin>()
  const exports = new Map<string, Origin>()
  for (const statement of statementsOf(wordsOf(text))) {
    const words = statement.filter(({ text: word }) => word !== 'type' || statement[1]?.text !== word)
    const [first, second] = words.map(({ text: word }) => word)
    if (first === 'import') for (const [local, origin] of clauseOf(words)) imports.set(local, origin)
    else if (first === 'export' && second === '{') {
      for (const [local, { name, specifier }] of clauseOf(words)) exports.set(local, { name, specifier })
    } else {
      const [name, declaration] = declarationOf(statement)
      declarations.set(name, [...(declarations.get(name) ?? []), declaration])
      if (first === 'export') exports.set(name, { name, specifier: undefined })
    }
  }
  return { declarations, imports, exports }
}

/** Tokens do not know their offsets; they are found again in the order they came. */
function wordsOf(text: string): Word[] {
  const words: Word[] = []
  let end = 0
  for (const token of tokenize(text)) {
    const start = text.indexOf(token.text, end)
    const wasComment = words.length > 0 && text.slice(end, start) === '' && text[start - 1] === '/'
    if (token.kind !== 'comment') words.push({ ...token, isSpaced: start > end || wasComment })
    end = start + token.text.length
  }
  return words
}

/** A statement ends with `;` outside brackets, that of a class or interface with its body. */
function* statementsOf(words: readonly Word[]): Generator<Word[]> {
  let statement: Word[] = []
  let depth = 0
  for (const word of words) {
    depth += depthOf(word)
    if (word.text !== ';' || depth > 0) statement.push(word)
    const closes = word.text === '}' && WITH_BODY.has(kindOf(statement))
    if (depth > 0 || (word.text !== ';' && !closes) || statement.length === 0) continue
    yield statement
    statement = []
  }
  if (statement.length > 0) yield statement
}

/** In declarations `<` and `>` compare nothing, they are brackets. */
function depthOf({ kind, text }: Token): number {
  if (kind !== 'punct') return 0
  if ('([{<'.includes(text) || text === '${') return 1
  return ')]}>'.includes(text) ? -1 : 0
}

function kindOf(statement: readonly Word[]): string {
  return statement.find(({ text }) => KINDS.has(text))?.text ?? ''
}

/** The names of `{ a, type B, c as d } from './x.js'`, by the name they have on this side. */
function clauseOf(words: readonly Word[]): [string, Origin][] {
  const from = words.findLastIndex(({ text }) => text === 'from')
  const specifier = from === -1 ? undefined : words[from + 1]?.text.slice(1, -1)
  const [open, close] = ['{', '}'].map(bracket => words.findIndex(({ text }) => text === bracket))
  const names: [string, Origin][] = []
  for (const part of split(words.slice((open ?? 0) + 1, close), ',')) {
    const [name, as, local] = part.filter(({ text }, index) => text !== 'type' || index > 0 || part.length === 1).map(({ text }) => text)
    if (name !== undefined) names.push([as === 'as' && local !== undefined ? local : name, { specifier, name }])
  }
  return names
}

function declarationOf(statement: readonly Word[]): [string, Declaration] {
  const at = statement.findIndex(({ text }) => KINDS.has(text))
  const name = statement[at + 1]
  if (at === -1 || name?.kind !== 'word') {
    throw new Error(`Cannot read the declaration "${textOf(statement).slice(0, 80)}": teach declaration-file.ts its kind.`)
  }
  const words = statement.filter(({ text }, index) => index >= at || text === 'abstract')
  const body = WITH_BODY.has(statement[at]?.text ?? '') ? bodyStart(words) : words.length
  const members = split(words.slice(body + 1, -1), ';').filter(isReachable)
  const sorted = members.toSorted((a, b) => compare(nameOf(a), nameOf(b)))
  const mentions = new Set([words.slice(0, body), ...members].flatMap(mentionsIn))
  return [name.text, { head: textOf(words.slice(0, body)), members: sorted.map(textOf), mentions }]
}

/** The bracket that the last one closes; those of `extends Base<{ … }>` come before. */
function bodyStart(words: readonly Word[]): number {
  let depth = 0
  for (let index = words.length - 1; index >= 0; index--) {
    depth -= depthOf(words[index] as Word)
    if (depth === 0) return index
  }
  return words.length
}

function isReachable([first, second]: readonly Word[]): boolean {
  return !first?.text.startsWith('#') && (first?.text !== 'private' || second?.text === 'constructor')
}

function nameOf(member: readonly Word[]): string {
  const named = member.find(({ text }, index) => !MODIFIERS.has(text) || '(:?<'.includes(member[index + 1]?.text ?? ';'))
  return named?.text ?? ''
}

/** Words that may be a type or a value; not those behind a dot and not the names of members and parameters. */
function mentionsIn(words: readonly Word[]): string[] {
  const found = words.filter(({ kind }, index) => {
    const before = words[index - 1]?.text ?? ';'
    const after = words[index + 1]?.text ?? ''
    if (kind !== 'word' || before === '.') return false
    const isMember = ['{', ';'].includes(before) || MODIFIERS.has(before)
    if (isMember && '(<'.includes(after)) return false
    const isNamed = isMember || ['(', ',', '...'].includes(before)
    return !isNamed || !(after === ':' || (after === '?' && words[index + 2]?.text === ':'))
  })
  return found.map(({ text }) => text)
}

function split(words: readonly Word[], separator: string): Word[][] {
  const parts: Word[][] = [[]]
  let depth = 0
  for (const word of words) {
    depth += depthOf(word)
    if (word.text === separator && depth === 0) parts.push([])
    else parts.at(-1)?.push(word)
  }
  return parts.filter(part => part.length > 0)
}

function textOf(words: readonly Word[]): string {
  return words.map(({ text, isSpaced }, index) => (isSpaced && index > 0 ? ` ${text}` : text)).join('')
}

/** By code units: the same on every machine, whatever its language. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
