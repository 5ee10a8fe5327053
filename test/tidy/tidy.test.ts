/**
 * Tidy: the style of this code, checked. The first test looks at the repository; the others plant an offence for each
 * rule, so that it is known to be found, and a look-alike, so that it is known to be left alone.
 */

import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { PLANTED } from './planted.js'
import { createProject, readProject } from './project.js'
import { RULES } from './rules.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const project = readProject(ROOT)

describe('the repository is tidy', () => {
  test('it was read', () => {
    const read = [project.sources.some(({ path }) => path === 'packages/core/src/errors.ts'), project.workspaces.length >= 6]
    expect(read).toEqual([true, true])
  })

  test.each(Object.entries(RULES))('%s', (_, rule) => {
    expect(rule(project).map(tell).join('\n')).toBe('')
  })
})

describe('an offence is found, a look-alike is not', () => {
  for (const [name, cases] of Object.entries(PLANTED)) {
    for (const [text, offends, path = 'packages/core/src/thing.ts'] of cases) {
      test(`${name}: ${JSON.stringify(text.slice(0, 60))} ${offends === undefined ? 'may' : 'may not'} stand in ${path}`, () => {
        expect(foundIn(name, { [path]: text })).toEqual(offends === undefined ? [] : [expect.stringContaining(`${path}:${offends}`)])
      })
    }
  }

  test('every rule has an offence planted', () => {
    const offending = Object.entries(PLANTED).filter(([, cases]) => cases.some(([, offends]) => offends !== undefined))
    const elsewhere = ['no file imports itself by way of others', 'every file is reached']
    expect([...offending.map(([name]) => name), ...elsewhere].sort()).toEqual(Object.keys(RULES).sort())
  })
})

describe('rules about several files', () => {
  const rule = 'no file imports itself by way of others'
  const reached = 'every file is reached'

  test('a cycle is found through values, types and the package itself, and told as a way round', () => {
    const files = {
      'packages/core/src/index.ts': "export { a } from './a.js'",
      'packages/core/src/a.ts': "\nimport { b } from './b.js'",
      'packages/core/src/b.ts': "import type { C } from './c.js'",
      'packages/core/src/c.ts': "type A = import('./a.js').A",
    }
    const [told, ...others] = foundIn(rule, files)
    expect(told).toMatch(/^packages\/core\/src\/a\.ts:2: .*a\.ts -> .*b\.ts -> .*c\.ts -> .*a\.ts: move/)
    expect(others).toEqual([])
    expect(foundIn(rule, { 'packages/core/src/index.ts': "import '@repertory/core'" })).toHaveLength(1)
  })

  test('two files that import a third are no cycle', () => {
    const files = {
      'packages/core/src/a.ts': "import './b.js'; import './c.js'",
      'packages/core/src/b.ts': "import './c.js'",
      'packages/core/src/c.ts': '',
    }
    expect(foundIn(rule, files)).toEqual([])
  })

  test('a file is dead unless an export, a command, a script, a worker or a test leads to it', () => {
    const files = {
      'packages/core/src/index.ts': "export { a } from './a.js'",
      'packages/core/src/a.ts': "new Worker(new URL('./worker.js', import.meta.url))",
      'packages/core/src/worker.ts': '',
      'packages/core/src/command.ts': '',
      'packages/core/src/b.test.ts': "import './b.js'",
      'packages/core/src/b.ts': '',
      'bench/src/main.ts': '',
      'scripts/run.mjs': '',
      'package.json': '{"scripts":{"test":"node scripts/run.mjs"}}',
    }
    const dead = { 'packages/core/src/dead.ts': "import './deader.js'", 'packages/core/src/deader.ts': '', 'scripts/dead.mjs': '' }
    expect(foundIn(reached, files)).toEqual([])
    expect(foundIn(reached, { ...files, ...dead }).map(told => told.split(':')[0])).toEqual(Object.keys(dead))
  })
})

/** Findings of one rule in planted files, beside the manifests of three packages. */
function foundIn(name: string, files: Readonly<Record<string, string>>): string[] {
  const manifests = {
    'packages/core/package.json':
      '{"name":"@repertory/core","exports":{".":{"default":"./dist/index.js"}},"bin":{"core":"./dist/command.js"}}',
    'packages/actors/package.json': '{"name":"repertory"}',
    'packages/persistence/package.json': '{"name":"@repertory/persistence"}',
    'packages/bridge/package.json': '{"name":"@repertory/bridge"}',
    'bench/package.json': '{"name":"@repertory/bench"}',
  }
  return RULES[name]?.(createProject(new Map(Object.entries({ ...manifests, ...files })))).map(tell) ?? ['no such rule']
}

function tell(finding: { file: string; line: number; message: string }): string {
  return `${finding.file}:${finding.line}: ${finding.message}`
}
