/**
 * Commands: what `scripts/run.mjs` does with a script of `package.json`, in a repository of three small files.
 *
 * The package manager is a planted `npx` that says it was called; the real one is met by every fresh clone.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { ROOT } from './api-page.js'

const SCRIPTS = {
  show: 'node show.mjs first',
  both: 'A=1 node show.mjs one && B=2 node show.mjs two',
  failing: 'node exit.mjs 3 && node show.mjs never',
  missing: 'no-such-command',
  killed: 'node exit.mjs SIGTERM',
  waiting: 'node wait.mjs',
  piped: 'node show.mjs | cat',
}
const FILES = {
  'show.mjs': 'console.log(JSON.stringify([process.argv.slice(2), process.env.A, process.env.B]))',
  'exit.mjs': 'const [how] = process.argv.slice(2); how > 0 ? process.exit(how) : process.kill(process.pid, how)',
  'wait.mjs': `let times = 0
process.on('SIGTERM', () => { console.log('told ' + ++times); setTimeout(() => process.exit(7), 100) })
setInterval(() => {}, 1000)
console.log('ready')`,
  'node_modules/.bin/npx': `#!/usr/bin/env node
require('fs').appendFileSync('called', process.argv.slice(2).join(' '))
console.log('the words of the package manager')
if (require('fs').existsSync('broken')) process.exit(9)
require('fs').writeFileSync('node_modules/.modules.yaml', '')`,
  'pnpm-workspace.yaml': 'packages:\n  - parts/*\n  - bench\n',
  'parts/one/package.json': '{}',
}

const roots: string[] = []

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true })
})

/** A repository with an install that is newer than every manifest. */
function createRepository(engines = '>=20.19'): string {
  const root = mkdtempSync(join(tmpdir(), 'repertory-commands-'))
  roots.push(root)
  for (const folder of ['scripts', 'node_modules/.bin', 'parts/one']) mkdirSync(join(root, folder), { recursive: true })
  copyFileSync(`${ROOT}scripts/run.mjs`, join(root, 'scripts/run.mjs'))
  const manifest = { packageManager: 'pnpm@1.2.3', engines: { node: engines }, scripts: SCRIPTS }
  for (const [path, text] of Object.entries({ ...FILES, 'package.json': JSON.stringify(manifest) })) writeFileSync(join(root, path), text)
  chmodSync(join(root, 'node_modules/.bin/npx'), 0o755)
  writeFileSync(join(root, 'node_modules/.modules.yaml'), '')
  age(root, 'node_modules/.modules.yaml', -10)
  return root
}

/** Dates a file so many seconds back; files of the moment could be as old as each other. */
function age(root: string, path: string, seconds: number): void {
  const at = Date.now() / 1000 - seconds
  utimesSync(join(root, path), at, at)
}

function start(root: string, ...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [join(root, 'scripts/run.mjs'), ...args], { cwd: tmpdir(), stdio: ['ignore', 'pipe', 'pipe'] })
}

async function end(child: ChildProcess): Promise<{ code: number; out: string; err: string }> {
  const told = { out: '', err: '' }
  child.stdout?.on('data', chunk => {
    told.out += chunk
  })
  child.stderr?.on('data', chunk => {
    told.err += chunk
  })
  const [code] = (await once(child, 'close')) as [number]
  return { code, ...told }
}

function run(root: string, ...args: readonly string[]): ReturnType<typeof end> {
  return end(start(root, ...args))
}

test('arguments reach the last command as they are, whatever a shell would make of them', async () => {
  const args = ['a b', '', '"quoted" \'twice\'', '$HOME', '*', 'a && b', '`c`', '\\', '-t', '--', 'ü\n']
  expect(await run(createRepository(), 'show', ...args)).toEqual({
    code: 0,
    out: `${JSON.stringify([['first', ...args], null, null])}\n`,
    err: '',
  })
})

test('commands run one after the other, each with its own variables; arguments are for the last', async () => {
  const { out } = await run(createRepository(), 'both', 'x')
  expect(out).toBe('[["one"],"1",null]\n[["two","x"],null,"2"]\n')
})

test('the first command that fails ends the script, with its exit code', async () => {
  expect(await run(createRepository(), 'failing')).toEqual({ code: 3, out: '', err: '' })
})

test('a command ended by a signal counts as 128 and its number', async () => {
  expect((await run(createRepository(), 'killed')).code).toBe(128 + 15)
})

test('a command that is not there, a script that is not there and a script with shell in it are refused by name', async () => {
  const root = createRepository()
  const told = await Promise.all(['missing', 'nothing', 'piped'].map(name => run(root, name)))
  expect(told.map(({ code }) => code)).toEqual([1, 1, 1])
  expect(told[0]?.err).toMatch(/^Cannot run no-such-command: .*ENOENT/)
  expect(told.slice(1).map(({ err }) => err)).toEqual([
    'package.json has no script "nothing" made of plain words and &&.\n',
    'package.json has no script "piped" made of plain words and &&.\n',
  ])
})

test('a Node that is too old is told which one is needed, and nothing is started or installed', async () => {
  const root = createRepository('>=99.1')
  rmSync(join(root, 'node_modules/.modules.yaml'))
  expect(await run(root, 'show')).toEqual({
    code: 1,
    out: '',
    err: `Repertory needs Node 99.1 or newer, and this is Node ${process.versions.node}: install a current one and try again.\n`,
  })
  expect(existsSync(join(root, 'called'))).toBe(false)
  const [major, minor] = process.versions.node.split('.').map(Number)
  expect((await run(createRepository(`>=${major}.${(minor ?? 0) + 1}`), 'show')).code).toBe(1)
  expect((await run(createRepository(`>=${major}.${minor}`), 'show')).code).toBe(0)
})

test.each(['package.json', 'parts/one/package.json', 'pnpm-lock.yaml'])(
  'a newer %s is followed by one install, told in one line',
  async path => {
    const root = createRepository()
    writeFileSync(join(root, path), path === 'package.json' ? readFileSync(join(root, path)) : '{}')
    age(root, path, -20)
    age(root, 'node_modules/.modules.yaml', 10)
    const first = await run(root, 'show')
    expect([first.code, first.err]).toEqual([0, 'installing…\n'])
    expect(readFileSync(join(root, 'called'), 'utf8')).toBe('-y -p pnpm@1.2.3 -c pnpm install --frozen-lockfile --prefer-offline')
    age(root, path, 10)
    expect((await run(root, 'show')).err).toBe('')
  },
)

test('an install that fails is told in its own words, and ends the command with its code', async () => {
  const root = createRepository()
  rmSync(join(root, 'node_modules/.modules.yaml'))
  writeFileSync(join(root, 'broken'), '')
  const { code, out, err } = await run(root, 'show')
  expect([code, out]).toEqual([9, ''])
  expect(err).toMatch(/^installing…\nthe words of the package manager\n\nInstalling failed with exit code 9: "pnpm install/)
})

test('a signal reaches the command once, and its own way of ending is waited for', async () => {
  const child = start(createRepository(), 'waiting')
  const ended = end(child)
  // Copies come one by one: the system keeps only one of a signal that is pending already.
  for (let copy = 0; copy < 2; copy++) {
    await new Promise<void>(resolve => child.stdout?.once('data', () => resolve()))
    child.kill('SIGTERM')
  }
  const { code, out } = await ended
  expect([code, out]).toEqual([7, 'ready\ntold 1\n'])
})
