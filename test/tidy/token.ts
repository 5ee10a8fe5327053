/**
 * Token: source text cut into comments, strings, templates, regular expressions, numbers, words and punctuation.
 *
 * 1 Enough of TypeScript's grammar that no rule mistakes a word in a string or a comment for code, and no more:
 *   no tree, no types. (The compiler offers no API to read its tree with.)
 * 2 The code inside `${…}` of a template is tokens like any other; `${` is a bracket that `}` closes.
 * 3 Never fails: what it cannot read becomes one-character punctuation.
 * 4 A slash begins a regular expression unless an operand has just ended. Only `) /x/` and `} /x/` are misread.
 */

export interface Token {
  readonly kind: 'comment' | 'string' | 'template' | 'regex' | 'number' | 'word' | 'punct'
  readonly text: string
  /** Counted from 1. */
  readonly line: number
}

const SPACE = /\s+/y
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|^#![^\n]*/y
const STRING = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y
const NUMBER = /\d[\w.]*/y
const WORD = /#?[\p{ID_Start}$_][\p{ID_Continue}$]*/uy
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y
const TEMPLATE = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{|$)/y
const PUNCT = /=>|\.\.\.|\?\.|\+\+|--|[\s\S]/y

/** Words after which an operand follows, so that a slash begins a regular expression. */
const BEFORE_OPERAND = new Set('await case delete do else in instanceof new of return throw typeof void yield'.split(' '))

export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  /** For each open brace, whether `}` goes back into a template. */
  const braces: boolean[] = []
  let at = 0
  let line = 1

  function match(pattern: RegExp): string | undefined {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0]
  }
  function take(kind: Token['kind'] | 'space', taken: string): void {
    if (kind !== 'space') tokens.push({ kind, text: taken, line })
    at += taken.length
    for (const character of taken) if (character === '\n') line++
  }
  function takeTemplate(): void {
    const chunk = match(TEMPLATE) ?? ''
    const opens = chunk.endsWith('${')
    take('template', opens ? chunk.slice(0, -2) : chunk)
    if (!opens) return
    take('punct', '${')
    braces.push(true)
  }
  function takePunct(): void {
    const punct = match(PUNCT) ?? ''
    take('punct', punct)
    if (punct === '`') takeTemplate()
    else if (punct === '{') braces.push(false)
    else if (punct === '}' && braces.pop() === true) takeTemplate()
  }

  const patterns = { space: SPACE, comment: COMMENT, string: STRING, number: NUMBER, word: WORD } as const
  while (at < text.length) {
    const kind = (Object.keys(patterns) as (keyof typeof patterns)[]).find(name => match(patterns[name]) !== undefined)
    const regex = kind === undefined && !endsOperand(tokens) ? match(REGEX) : undefined
    if (kind !== undefined) take(kind, match(patterns[kind]) ?? '')
    else if (regex !== undefined) take('regex', regex)
    else takePunct()
  }
  return tokens
}

/** Whether the tokens so far end with an operand, after which a slash divides. */
function endsOperand(tokens: readonly Token[]): boolean {
  let index = tokens.findLastIndex(token => token.kind !== 'comment')
  // `value!`: look at what the mark stands behind.
  if (tokens[index]?.text === '!') index--
  const last = tokens[index]
  if (last === undefined) return false
  if (last.kind === 'word') return !BEFORE_OPERAND.has(last.text) || tokens[index - 1]?.text === '.'
  return last.kind !== 'punct' || [')', ']', '}', '++', '--'].includes(last.text)
}

/** For each bracket its partner's place, for every other token -1. A bracket without a partner has -1 too. */
export function partnersOf(tokens: readonly Token[]): Int32Array {
  const partners = new Int32Array(tokens.length).fill(-1)
  const open: number[] = []
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'punct') continue
    if ('([{'.includes(token.text) || token.text === '${') open.push(index)
    else if (')]}'.includes(token.text)) {
      const opener = open.pop()
      if (opener === undefined) continue
      partners[opener] = index
      partners[index] = opener
    }
  }
  return partners
}
