/**
 * Planted: for each rule texts that offend and texts that only look as if they did.
 *
 * 1 Each is small, and breaks one thing.
 * 2 What no file of the repository may say is put together from halves here.
 */

/** A text, the line and the message it is found with (left out: it does not offend), and the path it stands at. */
type Case = readonly [text: string, offends?: string | undefined, path?: string]

const ACTORS = 'packages/actors/src/bucket.ts'

export const PLANTED: Readonly<Record<string, readonly Case[]>> = {
  'imports between packages run one way': [
    ["\nimport { readFile } from 'node:fs'", "2: packages/core does not import 'node:fs'"],
    ["import { mail } from 'repertory'", '1: packages/core does not'],
    ["import { z } from 'zod'"],
    ["import { open } from 'node:fs'", undefined, 'packages/core/src/thing.test.ts'],
    ["import { memory } from '@repertory/persistence/memory'", '1: packages/actors does not', ACTORS],
    ["import { EventEmitter } from 'node:events'", '1: packages/actors does not', ACTORS],
    ["export type { Store } from 'repertory'", '1: packages/persistence does not', 'packages/persistence/src/sqlite.ts'],
    ["import Database from 'better-sqlite3'; import 'node:fs'", undefined, 'packages/persistence/src/sqlite.ts'],
    ["import { StoreError } from '@repertory/core'", '1: packages/bridge does not', 'packages/bridge/src/rules.ts'],
    ["import type { Commit } from '@repertory/core'; import { Store } from 'repertory'", undefined, 'packages/bridge/src/rules.ts'],
    ["import { clock } from '../../actors/src/clock.js'", "1: '../../actors/src/clock.js' reaches into"],
    ["import { Store } from 'repertory'; import 'node:fs'", undefined, 'bench/src/main.ts'],
  ],
  'each package keeps to its one impurity': [
    ['\nconst now = Date.now()', '2: `Date.now` is not for packages/core: take `now`'],
    ['const now = new Date()', '1: `Date()`'],
    [`const text = \`at \${performance.now()}\``, '1: `performance`'],
    ['setTimeout(f, 1)', '1: `setTimeout`'],
    ['globalThis.setTimeout(f, 1)', '1: `setTimeout`'],
    ['const id = Math.random()', '1: `Math.random`'],
    ['console.log(1)', '1: `console`'],
    ['if (process.env.X) f()', '1: `process`'],
    ['const f = async () => 1', '1: `async`'],
    ['interface A { f(): Promise<void> }', '1: `Promise`'],
    ['interface A { f(): Promise<void> }', undefined, 'packages/core/src/backend.ts'],
    ['const a = Promise.resolve()', '1: `Promise.`', 'packages/core/src/backend.ts'],
    ['const make = new Function(text)', '1: `Function(`', 'packages/bridge/src/rules.ts'],
    ['const make = new Function(text)', undefined, 'packages/core/src/codegen.ts'],
    ['eval(text)', '1: `eval(`'],
    ["const at = new Date(ms); options.async = 'Date.now()' // Math.random()"],
    ['const isLate = value instanceof Promise; const keys = { process: 1, async: true }'],
    ['const now = Date.now()', undefined, 'packages/core/src/thing.test.ts'],
    ['const now = Date.now()', '1: `Date.now` is not for packages/actors', ACTORS],
    ['const timer = setTimeout(f, 1)', '1: `setTimeout`', ACTORS],
    ['const now = Date.now() + Math.random(); setTimeout(f, performance.now())', undefined, 'packages/actors/src/clock.ts'],
    ['const f = async () => { await clock.yield() }', undefined, ACTORS],
    ['process.exit(1)', '1: `process.`', ACTORS],
  ],
  'a file opens with its contract': [
    ['const a = 1', '1: no contract'],
    ['/** Short. */\nconst a = 1', '1: no contract'],
    ['import "a"\n/**\n * Late.\n */', '1: no contract'],
    ['/**\n * Thing: what it is.\n */\nconst a = 1'],
    ['#!/usr/bin/env node\n/**\n * Thing: what it is.\n */', undefined, 'scripts/run.mjs'],
    ['const a = 1', undefined, 'packages/core/src/thing.test.ts'],
    ['const a = 1', undefined, 'vitest.config.ts'],
  ],
  'a file is one noun long': [[`${emptyLines(400)}a`, '400: 401 lines'], [`${emptyLines(399)}a\n`]],
  'a function fits a screen': [
    [`\nfunction f(): void {${emptyLines(70)}}`, '2: a function of 71 lines'],
    [`const f = () => {${emptyLines(70)}}`, '1: a function of 71 lines'],
    [`function f(): void {${emptyLines(69)}}`],
    [`class A {${emptyLines(90)}}`],
    [`describe('a', () => { test('b', f)${emptyLines(90)}})`, undefined, 'packages/core/src/thing.test.ts'],
  ],
  'a file is named by its noun': [
    ['', '1: "utils" names nothing', 'packages/core/src/utils.ts'],
    ['', '1: "commit-helpers" names nothing', 'packages/core/src/commit-helpers.ts'],
    ['', '1: "common" names nothing', 'packages/core/src/common/thing.ts'],
    ['', '1: "sortedIndex" is not kebab-case', 'packages/core/src/sortedIndex.ts'],
    ['', undefined, 'packages/core/src/sorted-index.test.ts'],
  ],
  'index.ts stands at the root of a package alone': [
    ['', '1: a barrel', 'packages/core/src/live/index.ts'],
    ['', undefined, 'packages/core/src/index.ts'],
  ],
  'code says what it means': [
    ["export * from './a.js'", '1: `export *`'],
    ['export default 1', '1: a default export'],
    ['export default 1', undefined, 'vitest.config.ts'],
    ['const a: any = 1', '1: `any`'],
    ['f(a as any)', '1: `any`'],
    ['const a: Map<string, any> = b', '1: `any`'],
    ['z.any(); const a = { any: 1 }; any(a)'],
    ['// @ts-ignore\na()', '1: `@ts-ignore`'],
    ['try { a() } catch {}', '1: an empty catch'],
    ['// reason elsewhere\ntry { a() } catch (error) {\n}', '2: an empty catch'],
    ['try { a() } catch {\n// The observer failed: nobody is left to tell.\n}'],
    ['a().catch(() => {})', '1: an empty catch'],
    ['try { a() } catch (error) { tell(error) }'],
    ['a().catch(tell).then(() => {})'],
    ["test.only('a', f)", '1: a test that is switched off'],
    ["describe.concurrent.skip('a', f)", '1: a test that is switched off'],
    ['query.skip(10); test.skipIf(a)("b", f)'],
    [`/*\n * ${'TO'}DO later */`, '2: a mark of unfinished work'],
    [`const text = "${'TO'}DO // @ts-ignore"`],
  ],
  'nothing names one machine': [
    [`\nsee ${'/work'}/main`, '2: an absolute path', 'README.md'],
    [`cd ${'/root'}/x`, '1: an absolute path', 'scripts/x.sh'],
    [`open ${'/home'}/ann`, '1: an absolute path', 'docs/a.md'],
    [`https://${'registry'}.npmjs.org/zod`, '1: the host of a registry', 'pnpm-lock.yaml'],
    ['https://example.com/work/items and src/root/file.ts and a registry.', undefined, 'README.md'],
  ],
}

function emptyLines(count: number): string {
  return '\n'.repeat(count)
}
