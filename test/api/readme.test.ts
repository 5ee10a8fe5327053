/**
 * The README's lines run as they stand, on the built packages, in a process of their own.
 */

import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const here = fileURLToPath(new URL('.', import.meta.url))

test('the ten lines of the README run and print what a reader expects', async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const block = /```ts\n([\s\S]*?)```/.exec(readme)?.[1]
  expect(block).toBeDefined()
  const cwd = mkdtempSync(join(tmpdir(), 'repertory-readme-'))
  // Beside this file, so that the packages are found as in an installed project.
  const program = join(here, `readme-${process.pid}.mjs`)
  try {
    writeFileSync(program, block as string)
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [program], { cwd })
    expect(stderr).toBe('')
    expect(stdout).toContain('bucket.users.inserted u1')
    expect(stdout).toContain('bucket.users.updated u1')
    expect(stdout).toMatch(/id: 'u1',\s+name: 'Alice',\s+age: 37/)
    expect(existsSync(join(cwd, 'data', 'shop.db'))).toBe(true)
  } finally {
    rmSync(program, { force: true })
    rmSync(cwd, { recursive: true })
  }
})
