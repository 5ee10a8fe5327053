import { expect, test } from 'vitest'
import { functionsOf } from './function-length.js'
import { importsOf } from './imports.js'
import { tokenize } from './token.js'

const textsOf = (source: string): string[] => tokenize(source).map(({ text }) => text)
const kindsOf = (source: string): string[] => tokenize(source).map(({ kind }) => kind)
const codeOf = (source: string) => tokenize(source).filter(({ kind }) => kind !== 'comment')

test('strings, comments and regular expressions are one token each', () => {
  expect(textsOf(`a = 'it\\'s' // "no" 'string'`)).toEqual(['a', '=', `'it\\'s'`, `// "no" 'string'`])
  expect(kindsOf('x = /[/"]\\/*/g /* " */')).toEqual(['word', 'punct', 'regex', 'comment'])
})

test('a slash behind an operand divides', () => {
  for (const source of [
    'a / b / c',
    'f(x) / 2 / 3',
    'list[0] / 2 / 3',
    'value! / 2 / 3',
    'count++ / 2 / 3',
    'a.return / b / c',
    '1 / 2 / 3',
  ]) {
    expect(kindsOf(source), source).not.toContain('regex')
  }
})

test('a slash behind an operator or a word of control begins a regular expression', () => {
  for (const source of ['return /x/.test(y)', 'a && !/x/.test(y)', '[/x/, 1]', 'f(/x/)', 'x => /x/', 'typeof /x/']) {
    expect(kindsOf(source), source).toContain('regex')
  }
})

test('code in a template is code, however deep', () => {
  const source = `a = \`one \${f({ b: \`two \${Date.now()} }\` })} three \\\` \${x}\` + 1`
  expect(textsOf(source)).toEqual(expect.arrayContaining(['Date', 'now', ' three \\` ', 'x', '1']))
  expect(textsOf(source).at(-1)).toBe('1')
  expect(kindsOf(`\`no \${"\`"} code: Date.now()\``).filter(kind => kind === 'word')).toEqual([])
})

test('lines are counted through strings, comments and templates', () => {
  const source = `/*\n\n*/ a = \`\n\${1}\n\`\nlast`
  expect(tokenize(source).at(-1)).toEqual({ kind: 'word', text: 'last', line: 6 })
})

test('imports are found in every spelling', () => {
  const source = `
    import './side.js'
    import a, { b as c } from './value.js'
    import type { D } from './type.js'
    export { e } from './export.js'
    export type { F } from './export-type.js'
    export * from './star.js'
    const g = await import('./dynamic.js')
    type H = import('./inline.js').H
    new Worker(new URL('./worker.js', import.meta.url))
    export interface I { from: 'nowhere' }
    store.import('nothing')
    const text = "import x from 'text'" // import y from 'comment'
    export const from = 'not this'`
  const types = ['./type.js', './export-type.js']
  const found = importsOf(codeOf(source))
  const names = ['side', 'value', 'type', 'export', 'export-type', 'star', 'dynamic', 'inline', 'worker']
  expect(found.map(({ specifier }) => specifier)).toEqual(names.map(name => `./${name}.js`))
  expect(found.filter(({ isTypeOnly }) => isTypeOnly).map(({ specifier }) => specifier)).toEqual(types)
  expect(found[0]?.line).toBe(2)
})

test('functions are measured whatever their return type', () => {
  const heads = [
    'function f(a: number): void',
    'function f<T>(a: { b: number }): asserts a is Map<string, () => T[]>',
    'class A { f(a: number): { b: number } | undefined',
    'const f = (a: number): number =>',
    'const f = async a =>',
    'class A { constructor()',
    'class A { get f(): readonly string[]',
  ]
  for (const head of heads) expect(functionsOf(codeOf(`${head} {\n\n\n}`)), head).toEqual([{ line: 1, lines: 4 }])
})

test('blocks, objects and suites are no functions', () => {
  const others = [
    'if (a)',
    'for await (const a of b)',
    'switch (a)',
    'const a = b ? f(c) :',
    'class A',
    'describe(() => { test("a", f); ',
    'try',
    'do',
  ]
  for (const other of others) expect(functionsOf(codeOf(`${other} {\n\n\n}`)), other).toEqual([])
})
