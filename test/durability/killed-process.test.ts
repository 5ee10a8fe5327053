/**
 * A process killed while a cut over two buckets is written: SQLite holds all of a cut or nothing of it, so what is there
 * is a prefix of the commits.
 */

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sqlite } from '@repertory/persistence/sqlite'
import { Store } from 'repertory'
import { expect, test } from 'vitest'

const KILLS = process.env.REPERTORY_SOAK === undefined ? 8 : 60
const fixture = fileURLToPath(new URL('./pair-writer.fixture.mjs', import.meta.url))
const pair = { key: 'n', schema: { n: { type: 'number', required: true }, text: { type: 'string' } } } as const

/** Lets the writer work for a while, then kills it. Resolves to the newest pair it was told is saved. */
function killAfter(path: string, ms: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fixture, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    let told = ''
    child.stdout.on('data', chunk => {
      if (told === '') setTimeout(() => child.kill('SIGKILL'), ms)
      told += chunk
    })
    child.on('error', reject)
    child.on('exit', (_code, signal) => {
      const lines = told.split('\n').slice(0, -1)
      if (signal === 'SIGKILL') resolve(Number(lines.at(-1)))
      else reject(new Error(`the writer ended by itself: ${told}`))
    })
  })
}

test(`killed ${KILLS} times in the middle of saves, both buckets hold the same prefix, nothing saved is missing`, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'repertory-kill-'))
  const path = join(dir, 'pairs.db')
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      const saved = await killAfter(path, 7 + ((kill * 23) % 90))
      const store = await Store.start({ buckets: { left: pair, right: pair }, persistence: { backend: sqlite({ path }) } })
      const left = await store.buckets.left.all()
      const right = await store.buckets.right.all()
      expect(left.map(({ n }) => n)).toEqual(left.map((_, at) => at))
      expect(right.map(({ n }) => n)).toEqual(right.map((_, at) => at))
      expect(left.length - right.length).toBeGreaterThanOrEqual(0)
      expect(left.length - right.length).toBeLessThanOrEqual(1)
      expect(right.length).toBeGreaterThan(saved)
      await store.stop()
    }
  } finally {
    rmSync(dir, { recursive: true })
  }
})
