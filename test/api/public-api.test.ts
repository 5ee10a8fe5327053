/**
 * Public API: `docs/api` says what the packages offer, and each change of it is meant. The first tests compare the pages
 * with the build; the others change a planted package and look at what is told.
 */

import { describe, expect, test } from 'vitest'
import { makeApiPages, readText, recordedPages } from './api-page.js'
import { changesBetween, publicApiOf } from './public-api.js'

const UPDATE = 'If this is meant, run `npm run api:update` and commit docs/api with the change; what a user notices goes into CHANGELOG.md.'

describe('docs/api is what the packages offer', () => {
  const pages = makeApiPages()

  test.each(pages)('$entry', ({ entry, path, text }) => {
    const changes = changesBetween(readText(path) ?? '', text)
    const told = changes.length > 0 || readText(path) === text ? changes : ['the page is not as the command writes it']
    expect(told.length === 0 ? '' : [`${entry} is not as ${path} says:`, ...told, UPDATE].join('\n')).toBe('')
  })

  test('every page has its entry', () => {
    expect(recordedPages().filter(path => pages.every(page => page.path !== path))).toEqual([])
  })
})

const INDEX = `
/** A package. */
export { Shelf, type Book as Volume } from './shelf.js';
export type { Size } from './size.js';
export { Query, from } from '@repertory/core';
`
const SHELF = `
import { type Size } from './size.js';
import { Engine } from './engine.js';
/** Not exported, but seen. */
type Titles<B extends Book> = { readonly [N in keyof B]: string };
/** Neither exported nor seen. */
interface Dust { readonly grams: number; }
export interface Book {
    readonly title: string;
    /** Kept by { no } one; here. */
    readonly pages?: number;
}
export declare class Shelf<B extends Book = Book> extends Base<{ width: number; }> {
    #private;
    private readonly engine;
    private constructor();
    static of<const B extends Book>(books: readonly B[], { size }?: { readonly size?: Size; }): Shelf<B>;
    find(title: string): B | undefined;
    find(at: number): B | undefined;
    get titles(): Titles<B>;
    protected readonly run: (engine: Engine) => void;
}
`
const FILES: Readonly<Record<string, string>> = {
  'dist/index.d.ts': INDEX,
  'dist/shelf.d.ts': SHELF,
  'dist/size.d.ts': `type Unit = 'mm';\nexport type Size = \`\${number}\${Unit}\`;\nexport declare const UNIT: Unit;\nexport {};`,
  'dist/engine.d.ts': "import { Part } from './nowhere.js';\nexport declare class Engine { start(part: Part): void; }",
}

function apiOf(files: Readonly<Record<string, string>> = FILES): string {
  return publicApiOf('dist/index.d.ts', path => files[path])
}

/** What is told when in one file `from` becomes `to`. */
function changesWhen(file: string, from: string, to: string): string[] {
  const text = FILES[`dist/${file}.d.ts`] ?? ''
  expect(text).toContain(from)
  return changesBetween(apiOf(), apiOf({ ...FILES, [`dist/${file}.d.ts`]: text.replace(from, to) }))
}

describe('the normal form', () => {
  test('is what users can name or see in a type, sorted, without what is private', () => {
    expect(apiOf()).toBe(`export Query from '@repertory/core'

class Shelf<B extends Book = Book> extends Base<{ width: number; }>
  private constructor()
  find(title: string): B | undefined
  find(at: number): B | undefined
  static of<const B extends Book>(books: readonly B[], { size }?: { readonly size?: Size; }): Shelf<B>
  protected readonly run: (engine: Engine) => void
  get titles(): Titles<B>

type Size = \`\${number}\${Unit}\`

Volume = interface Book
  readonly pages?: number
  readonly title: string

export from from '@repertory/core'

hidden class Engine

hidden type Titles<B extends Book> = { readonly [N in keyof B]: string }

hidden type Unit = 'mm'
`)
  })

  test('tells in one place what two entries of a package show', () => {
    const all = { ...FILES, 'dist/testing.d.ts': "import { Shelf } from './shelf.js';\nexport declare function shake(shelf: Shelf): void;" }
    expect(publicApiOf('dist/testing.d.ts', path => all[path as keyof typeof all], ['dist/index.d.ts'])).toBe(
      'function shake(shelf: Shelf): void\n',
    )
  })

  test('does not begin from a build with holes in it', () => {
    const holed = { ...FILES, 'dist/shelf.d.ts': SHELF.replace('interface Book', 'interface Tome') }
    expect(() => apiOf(holed)).toThrow('dist/shelf.d.ts exports no "Book", which dist/index.d.ts names: build again')
    expect(() => apiOf({ 'dist/index.d.ts': INDEX })).toThrow('There is no dist/shelf.d.ts: build first')
    expect(() => apiOf({ 'dist/index.d.ts': "export * from './shelf.js';" })).toThrow('Cannot read the declaration "export * from')
  })
})

describe('a change is told', () => {
  test('of a signature, from what to what', () => {
    expect(changesWhen('shelf', 'find(at: number)', 'find(at: number | bigint)')).toEqual([
      'changed Shelf\n  - find(at: number): B | undefined\n  + find(at: number | bigint): B | undefined',
    ])
  })

  test('of a parameter that becomes required, a readonly that goes, a default that changes', () => {
    expect(changesWhen('shelf', '}?: {', '}: {')).toHaveLength(1)
    expect(changesWhen('shelf', 'readonly title', 'title')).toHaveLength(1)
    expect(changesWhen('shelf', 'B extends Book = Book', 'B extends Book')).toHaveLength(1)
  })

  test('of a type that is not exported but seen, however far', () => {
    expect(changesWhen('size', "'mm'", "'mm' | 'cm'")).toEqual([
      "changed hidden Unit\n  - hidden type Unit = 'mm'\n  + hidden type Unit = 'mm' | 'cm'",
    ])
  })

  test('of what comes and what goes', () => {
    expect(changesWhen('index', 'Query, from', 'from, equals')).toEqual([
      "removed export Query from '@repertory/core'",
      "added export equals from '@repertory/core'",
    ])
    expect(changesWhen('index', 'type Book as Volume', 'type Book')).toEqual([
      'added interface Book\n  readonly pages?: number\n  readonly title: string',
      'removed Volume = interface Book\n  readonly pages?: number\n  readonly title: string',
    ])
    expect(changesWhen('shelf', 'private constructor', 'constructor')).toEqual([
      'changed Shelf\n  - private constructor()\n  + constructor()',
    ])
  })

  test('of the order of overloads, which decides which one is taken', () => {
    const both = /find\(title.*\n\s*find\(at.*\n/.exec(SHELF)?.[0] ?? ''
    const [first, second] = both.trim().split(/\n\s*/)
    expect(changesWhen('shelf', both, `${second}\n${first}\n`)).toEqual(['changed Shelf: its lines are in another order'])
  })

  test('not of comments, layout, order of members, or what nobody sees', () => {
    expect(changesWhen('shelf', '/** Kept by { no } one; here. */\n', '')).toEqual([])
    expect(changesWhen('shelf', '{ width: number; }', '{\n        width: number;\n    }')).toEqual([])
    expect(changesWhen('shelf', 'readonly grams: number', 'readonly kilograms: number')).toEqual([])
    expect(changesWhen('shelf', 'private readonly engine', 'private readonly motor')).toEqual([])
    expect(changesWhen('engine', 'start', 'stop')).toEqual([])
    const [title, pages] = ['    readonly title: string;\n', '    readonly pages?: number;\n']
    const moved = SHELF.replace(title, '').replace(pages, pages + title)
    expect(changesBetween(apiOf(), apiOf({ ...FILES, 'dist/shelf.d.ts': moved }))).toEqual([])
  })
})
