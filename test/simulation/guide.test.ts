/**
 * The guide's program runs as it stands, and finds what the guide says it finds.
 */

import { execFile } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const here = fileURLToPath(new URL('.', import.meta.url))

test('the program of the simulation guide finds the double booking, and none when it is careful', async () => {
  const guide = readFileSync(new URL('../../docs/guides/simulation.md', import.meta.url), 'utf8')
  const program = /```js\n([\s\S]*?)```/.exec(guide)?.[1]
  const promised = /```\n(run with seed[\s\S]*?)```/.exec(guide)?.[1]
  const path = join(here, `guide-${process.pid}.mjs`)
  try {
    writeFileSync(path, program as string)
    const run = promisify(execFile)
    expect((await run(process.execPath, [path])).stdout).toBe(promised)
    expect((await run(process.execPath, [path, '--careful'])).stdout).toBe('200 runs, one guest a seat\n')
  } finally {
    rmSync(path, { force: true })
  }
})
