/**
 * Size: bundles what users would ship to a browser, weighs it, and runs it as a browser would.
 *
 * 1 The packages must have been built. A size is that of the whole public entry, minified and gzipped.
 * 2 `docs/sizes.json` holds each size as last recorded and its bound; above the bound is a failure, below it nobody has to
 *   record anew. `--write` records. Bounds are set by hand.
 * 3 A bundle that needs a Node built-in is a failure, told with the file that imports it.
 * 4 The bundle starts a store, writes and reads where there is no `process`, no `Buffer` and no `require`.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { createContext, runInContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const RECORD = 'docs/sizes.json'
/** How each entry of the record is made: whose name is imported, and what is left out of the bundle. */
const BUNDLES = {
  repertory: { source: "export * from 'repertory'", external: ['zod', 'xstate'] },
  'repertory with zod and xstate': { source: "export * from 'repertory'" },
}
/** What a page does first; the answer must be ANSWER. */
const PAGE = `
  import { from, Store } from 'repertory'
  async function visit() {
    const users = { key: 'id', schema: { id: { type: 'string', generated: 'nanoid' }, age: { type: 'number' } }, indexes: ['age'] }
    const store = await Store.start({ buckets: { users } })
    for (const age of [30, 40, 50]) await store.buckets.users.insert({ age })
    const rows = await store.query(from('users').where({ age: { $gte: 40 } }).orderBy('age', 'desc'))
    await store.stop()
    return rows.map(({ age }) => age).join()
  }
  globalThis.answer = visit()
`
const ANSWER = '50,40'

const isWriting = process.argv.includes('--write')
const record = JSON.parse(readFileSync(RECORD, 'utf8'))
const failures = []
for (const [name, { source, external = [] }] of Object.entries(BUNDLES)) await attempt(name, () => weigh(name, source, external))
await attempt('repertory in a browser', visit)
if (isWriting) writeFileSync(RECORD, `${JSON.stringify(record, undefined, 2)}\n`)
for (const failure of failures) process.stdout.write(`${failure}\n`)
process.exitCode = failures.length === 0 ? 0 : 1

async function attempt(name, run) {
  try {
    await run()
  } catch (error) {
    failures.push(`${name}: ${error.message}`)
  }
}

async function weigh(name, source, external) {
  const code = await bundle(source, { format: 'esm', external })
  const gzipBytes = gzipSync(code, { level: 9 }).length
  const { gzipBytes: recorded, gzipBytesMax } = record[name] ?? {}
  if (gzipBytesMax === undefined) throw new Error(`${RECORD} has no bound for it: add "gzipBytesMax".`)
  const before = recorded === gzipBytes ? '' : `, recorded ${recorded}`
  process.stdout.write(`${name}: ${gzipBytes} bytes minified and gzipped (at most ${gzipBytesMax}${before})\n`)
  if (isWriting) record[name] = { gzipBytes, gzipBytesMax }
  if (gzipBytes > gzipBytesMax)
    throw new Error(`${gzipBytes - gzipBytesMax} bytes too many: find what came in, or raise the bound in ${RECORD}.`)
}

async function visit() {
  const code = await bundle(PAGE, { format: 'iife' })
  const ports = []
  class Channel extends MessageChannel {
    constructor() {
      super()
      ports.push(this.port1)
    }
  }
  const page = createContext({
    MessageChannel: Channel,
    crypto,
    queueMicrotask,
    setTimeout,
    clearTimeout,
    TextEncoder,
    TextDecoder,
    console,
  })
  try {
    runInContext(code, page)
    const answer = await page.answer
    if (answer !== ANSWER) throw new Error(`a store answered "${answer}", not "${ANSWER}".`)
  } finally {
    // An open port would keep this process alive.
    for (const port of ports) port.close()
  }
}

async function bundle(contents, options) {
  try {
    const { outputFiles } = await build({
      ...options,
      // In `test`, as a user's project, every package of ours is installed.
      stdin: { contents, resolveDir: 'test' },
      bundle: true,
      minify: true,
      platform: 'browser',
      write: false,
      logLevel: 'silent',
    })
    return outputFiles[0].text
  } catch ({ errors = [], message }) {
    const told = errors.map(({ text, location }) => `${location?.file ?? ''}:${location?.line ?? ''}: ${text}`)
    throw new Error(`it cannot be bundled for a browser:\n  ${told.join('\n  ') || message}`)
  }
}
