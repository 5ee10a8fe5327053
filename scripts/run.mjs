/**
 * Run: what `npm test`, `npm start` and their like call. It brings a fresh clone to where a script of package.json
 * can run, then runs it.
 *
 * 1 Needs only Node (see `engines`), npm and a C++ compiler; the package manager is fetched by name and version.
 * 2 Installs only when a manifest is newer than the last install; warm it starts the script's commands directly.
 * 3 Prints one line when it installs, nothing when not; the output of an install is shown only if it fails.
 * 4 A signal reaches the running command once, however many copies of it arrive here; the command is waited for, and its
 *   exit code is ours. If this process is killed, the command is killed too.
 * 5 A script is words and ` && `, with `NAME=value` in front of a command; there is no shell, so arguments need no quoting.
 */

import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, realpathSync, statSync, utimesSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const INSTALLED = join(ROOT, 'node_modules', '.modules.yaml')
const INSTALL = 'pnpm install --frozen-lockfile --prefer-offline'
/** Ctrl-C arrives from the terminal and again from npm; copies within this time are one signal. A later one is passed on. */
const SAME_SIGNAL_MS = 500

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
/** What a terminal sends, it sends to the whole group of the command; SIGTERM is for the command alone. */
const TERMINAL_SIGNALS = ['SIGINT', 'SIGHUP']
const interruption = { signal: undefined, atMs: 0 }
let running

for (const signal of ['SIGTERM', ...TERMINAL_SIGNALS]) {
  process.on(signal, () => {
    const now = Date.now()
    if (signal === interruption.signal && now - interruption.atMs < SAME_SIGNAL_MS) return
    interruption.signal = signal
    interruption.atMs = now
    if (running?.pid !== undefined) process.kill(TERMINAL_SIGNALS.includes(signal) ? -running.pid : running.pid, signal)
  })
}

process.exitCode = await main(process.argv[2], process.argv.slice(3))

async function main(name, args) {
  const wanted = manifest.engines.node.replace('>=', '')
  if (!isAtLeast(process.versions.node, wanted)) {
    return refuse(
      `Repertory needs Node ${wanted} or newer, and this is Node ${process.versions.node}: install a current one and try again.`,
    )
  }
  const commands = parseScript(name)
  if (commands === undefined) return refuse(`package.json has no script "${name}" made of plain words and &&.`)
  if (!isInstalled()) {
    const code = await install()
    if (code !== 0) return code
  }
  commands.at(-1).words.push(...args)
  for (const { env, words } of commands) {
    if (interruption.signal !== undefined) return exitCodeOf(interruption.signal)
    const code = await run(words, { env, stdio: 'inherit' })
    if (code !== 0) return code
  }
  return 0
}

async function install() {
  process.stderr.write('installing…\n')
  const prefix = dirname(dirname(realpathSync(process.execPath)))
  // Without the headers of the running Node, a native package would fetch them from a host that may be out of reach.
  const headers = existsSync(join(prefix, 'include', 'node', 'node.h')) ? { npm_config_nodedir: prefix } : {}
  const output = []
  const code = await run(['npx', '-y', '-p', manifest.packageManager, '-c', INSTALL], {
    env: { ...headers, CI: 'true', npm_config_update_notifier: 'false' },
    stdio: ['ignore', 'pipe', 'pipe'],
    output,
  })
  if (code === 0) utimesSync(INSTALLED, new Date(), new Date())
  else if (interruption.signal === undefined)
    process.stderr.write(`${Buffer.concat(output)}\nInstalling failed with exit code ${code}: "${INSTALL}" said the above.\n`)
  return code
}

/** Runs one command to its end; resolves to its exit code, 128 + n when signal n ended it. */
function run([command, ...args], { env, stdio, output }) {
  return new Promise(resolve => {
    const path = [join(ROOT, 'node_modules', '.bin'), dirname(process.execPath), process.env.PATH].join(delimiter)
    // Detached: signals of the terminal reach the command through the handlers above alone, hence once.
    const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, ...env, PATH: path }, stdio, detached: true })
    const release = child.pid === undefined ? () => {} : leash(child.pid)
    running = child
    child.stdout?.on('data', chunk => output.push(chunk))
    child.stderr?.on('data', chunk => output.push(chunk))
    child.on('error', error => resolve(refuse(`Cannot run ${command}: ${error.message}`)))
    child.on('exit', () => {
      running = undefined
    })
    child.on('close', (code, signal) => {
      release()
      resolve(code ?? exitCodeOf(signal))
    })
  })
}

/** A detached command would outlive us when we are killed: a shell that sees our end of the pipe close kills its group. */
function leash(pid) {
  const shell = spawn('sh', ['-c', `read -r end || kill -s KILL -- -${pid}`], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  // Without its leash a command runs as well; only our own death by SIGKILL would leave it behind.
  for (const part of [shell, shell.stdin]) part.on('error', () => undefined)
  shell.unref()
  shell.stdin.unref()
  return () => shell.stdin.end('end\n')
}

function parseScript(name) {
  const script = manifest.scripts[name]
  if (script === undefined || /[^\w\s&=:@./*-]/.test(script)) return undefined
  return script.split(' && ').map(command => {
    const words = command.trim().split(/\s+/)
    const first = words.findIndex(word => !/^\w+=/.test(word))
    return { env: Object.fromEntries(words.slice(0, first).map(word => word.split('='))), words: words.slice(first) }
  })
}

function isInstalled() {
  if (!existsSync(INSTALLED)) return false
  const installedMs = statSync(INSTALLED).mtimeMs
  const workspace = readFileSync(join(ROOT, 'pnpm-workspace.yaml'), 'utf8')
  const folders = [...workspace.matchAll(/^ {2}- (\S+)$/gm)].flatMap(([, pattern]) => foldersOf(pattern))
  const manifests = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...['.', ...folders].map(folder => join(folder, 'package.json'))]
  return manifests.every(file => !existsSync(join(ROOT, file)) || statSync(join(ROOT, file)).mtimeMs < installedMs)
}

/** `packages/*` as the folders in it; any other pattern is a folder. */
function foldersOf(pattern) {
  if (!pattern.endsWith('/*')) return [pattern]
  const parent = pattern.slice(0, -2)
  return readdirSync(join(ROOT, parent)).map(folder => join(parent, folder))
}

function isAtLeast(version, wanted) {
  const [major, minor] = version.split('.').map(Number)
  const [wantedMajor, wantedMinor = 0] = wanted.split('.').map(Number)
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
}

function exitCodeOf(signal) {
  return 128 + constants.signals[signal]
}

function refuse(sentence) {
  process.stderr.write(`${sentence}\n`)
  return 1
}
