/**
 * Public API: everything that the users of one entry can name or see in a type, as text that is compared.
 *
 *   Cause                              an unindented line begins a declaration, its members stand indented below
 *   hidden type RowOf                  not exported, but part of the types that are
 *   hidden class BucketActor           a class of ours that a type names: users cannot make one, its members are not told
 *   export Query from '@repertory/core'   belongs to another package, and is told in full there
 *
 * 1 Sorted and free of positions, so it changes when and only when the declarations do.
 * 2 Follows relative modules as far as they are seen; other packages are named, not followed. What another entry of the
 *   package exports is told there.
 * 3 A change is told by declaration and line: what was added, removed, or changed from what to what.
 */

import { posix } from 'node:path'
import { compare, type Declaration, type DeclarationFile, type Origin, readDeclarations } from './declaration-file.js'

/** The text of a `.d.ts` by its path; undefined when there is none. */
export type ReadText = (path: string) => string | undefined

interface Modules {
  /** What a module exports, by name; a string is the other package it comes from. */
  exportedBy(path: string): { readonly name: string; readonly target: Place | string }[]
  declarations(place: Place): readonly Declaration[]
  /** What the declarations at a place name of our own modules. */
  mentions(place: Place): Place[]
}

interface Place {
  readonly path: string
  readonly name: string
}

/** `beside` are further entries of the same package. */
export function publicApiOf(entry: string, readText: ReadText, beside: readonly string[] = []): string {
  const modules = createModules(readText)
  const exported = modules.exportedBy(entry)
  const seen = new Set([entry, ...beside].flatMap(path => modules.exportedBy(path)).map(({ target }) => keyOf(target)))
  const told = exported.flatMap(({ name, target }) => {
    if (typeof target === 'string') return [[`export ${name} from '${target}'`]]
    const alias = target.name === name ? '' : `${name} = `
    return modules.declarations(target).map(({ head, members }) => [`${alias}${head}`, ...members])
  })
  const hidden: string[][] = []
  const followed = exported.flatMap(({ target }) => (typeof target === 'string' ? [] : [target]))
  // Those found on the way are appended, and so visited in their turn.
  for (const place of followed) {
    for (const mentioned of modules.mentions(place).filter(target => !seen.has(keyOf(target)))) {
      seen.add(keyOf(mentioned))
      const declarations = modules.declarations(mentioned)
      if (declarations.some(isClass)) hidden.push([`hidden class ${mentioned.name}`])
      else {
        followed.push(mentioned)
        hidden.push(...declarations.map(({ head, members }) => [`hidden ${head}`, ...members]))
      }
    }
  }
  return [...told.toSorted(byName), ...hidden.toSorted(byName)].map(([head, ...members]) => block(head ?? '', members)).join('\n')
}

function isClass({ head }: Declaration): boolean {
  return /^(?:abstract )?class /.test(head)
}

function keyOf(target: Place | string): string {
  return typeof target === 'string' ? target : `${target.path} ${target.name}`
}

/** The modules of one package, each read once. */
function createModules(readText: ReadText): Modules {
  const files = new Map<string, DeclarationFile>()

  function read(path: string): DeclarationFile {
    const known = files.get(path)
    if (known !== undefined) return known
    const text = readText(path)
    if (text === undefined) throw new Error(`There is no ${path}: build first (npx tsc -b), or mend "exports" of the package.json.`)
    const file = readDeclarations(text)
    files.set(path, file)
    return file
  }
  function resolve(path: string, { specifier, name }: Origin): Place | string {
    if (specifier !== undefined && !specifier.startsWith('.')) return specifier
    const module = specifier === undefined ? path : posix.join(posix.dirname(path), specifier.replace(/\.js$/, '.d.ts'))
    const file = read(module)
    const origin = file.exports.get(name)
    if (origin === undefined) throw new Error(`${module} exports no "${name}", which ${path} names: build again (npx tsc -b --force).`)
    if (origin.specifier !== undefined) return resolve(module, origin)
    const imported = file.imports.get(origin.name)
    return imported === undefined ? { path: module, name: origin.name } : resolve(module, imported)
  }
  function exportedBy(path: string): { readonly name: string; readonly target: Place | string }[] {
    return [...read(path).exports.keys()].map(name => ({ name, target: resolve(path, { specifier: undefined, name }) }))
  }
  function declarations({ path, name }: Place): readonly Declaration[] {
    return read(path).declarations.get(name) ?? []
  }
  function mentions(place: Place): Place[] {
    const file = read(place.path)
    const names = new Set(declarations(place).flatMap(declaration => [...declaration.mentions]))
    return [...names].flatMap(name => {
      const imported = file.imports.get(name)
      if (imported === undefined) return file.declarations.has(name) ? [{ path: place.path, name }] : []
      const target = resolve(place.path, imported)
      return typeof target === 'string' ? [] : [target]
    })
  }
  return { exportedBy, declarations, mentions }
}

/** What a user has to hear about a change of the API, line by line; empty when nothing changed. */
export function changesBetween(recorded: string, found: string): string[] {
  const [before, after] = [blocksOf(recorded), blocksOf(found)]
  return [...new Set([...before.keys(), ...after.keys()])].toSorted(compare).flatMap(key => {
    const [old, now] = [before.get(key), after.get(key)]
    if (old === undefined) return [`added ${now?.join('\n  ')}`]
    if (now === undefined) return [`removed ${old.join('\n  ')}`]
    const [gone, come] = [without(old, now), without(now, old)]
    if (gone.length + come.length > 0)
      return [[`changed ${key}`, ...gone.map(line => `- ${line}`), ...come.map(line => `+ ${line}`)].join('\n  ')]
    return old.join('\n') === now.join('\n') ? [] : [`changed ${key}: its lines are in another order`]
  })
}

function block(head: string, members: readonly string[]): string {
  return [head, ...members.map(member => `  ${member}`), ''].join('\n')
}

/** Declarations by name: overloads and merged ones are together. */
function blocksOf(text: string): Map<string, string[]> {
  const blocks = new Map<string, string[]>()
  let key = ''
  for (const line of text.split('\n').filter(line => line !== '' && !line.startsWith('#'))) {
    if (!line.startsWith(' ')) key = nameOf(line)
    blocks.set(key, [...(blocks.get(key) ?? []), line.trim()])
  }
  return blocks
}

function byName([a = '']: readonly string[], [b = '']: readonly string[]): number {
  return compare(nameOf(a), nameOf(b))
}

/** `Store` of `abstract class Store<B>`, `hidden RowOf` of `hidden type RowOf<…>`. */
function nameOf(head: string): string {
  const [, hidden = '', name = ''] =
    /^(hidden )?(?:(?:export|abstract|class|interface|type|function|const|let|var) )*([\w$]+)/.exec(head) ?? []
  return hidden + name
}

function without(lines: readonly string[], others: readonly string[]): string[] {
  return lines.filter(line => !others.includes(line))
}
