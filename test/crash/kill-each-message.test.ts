/**
 * A bucket's actor killed at each message of a run of 1,000: no commit lost, each waiting caller answered exactly once, old
 * handles and subscriptions work. Without a backend, on memory and on SQLite.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memory } from '@repertory/persistence/memory'
import { sqlite } from '@repertory/persistence/sqlite'
import type { Backend } from 'repertory'
import { crash, seededRandom } from 'repertory/testing'
import { describe, expect, test } from 'vitest'
import { type Bank, holdingsOf, Ledger, openBank, randomCall } from './bank.harness.js'

const MESSAGES = process.env.REPERTORY_SOAK === undefined ? 1000 : 20_000

type KillPoint = 'now' | 'check' | 'apply'

/** Kills at every message: sends some calls without waiting, and kills before, in and between them. */
async function run(bank: Bank, ledger: Ledger, at: KillPoint | 'mixed', seed: number): Promise<void> {
  const random = seededRandom(seed)
  const points: readonly KillPoint[] = ['now', 'check', 'apply']
  let waiting: Promise<void>[] = []
  for (let message = 0; message < MESSAGES; message++) {
    crash(bank, 'accounts', new Error(`kill ${message}`), { at: at === 'mixed' ? points[Math.floor(random() * 3)]! : at })
    waiting.push(randomCall(bank, ledger, random))
    if (random() < 0.6) continue
    await Promise.all(waiting)
    waiting = []
  }
  await Promise.all(waiting)
}

function withBackends(name: string, prove: (makeBackend: () => Backend | undefined) => Promise<void>): void {
  test(`${name}, without a backend`, () => prove(() => undefined))
  test(`${name}, on memory`, () => {
    const place = memory()
    return prove(() => place)
  })
  test(`${name}, on SQLite`, async () => {
    const dir = mkdtempSync(join(tmpdir(), 'repertory-crash-'))
    try {
      await prove(() => sqlite({ path: join(dir, 'bank.db') }))
    } finally {
      rmSync(dir, { recursive: true })
    }
  })
}

describe(`killed at each of ${MESSAGES} messages`, () => {
  for (const at of ['now', 'check', 'apply', 'mixed'] as const) {
    withBackends(`at ${at}: nothing is lost and everyone is answered once`, async makeBackend => {
      const backend = makeBackend()
      const bank = await openBank(backend)
      const ledger = new Ledger()
      const mirror = new Map<string, number>()
      await bank.on('bucket.accounts.*', event => {
        if (event.type === 'deleted') mirror.delete(String(event.key))
        else mirror.set(String(event.key), (event.type === 'inserted' ? event.record : event.newRecord).amount as number)
      })
      bank.defineQuery('count', context => context.bucket('accounts').count())
      let counted = 0
      await bank.subscribe<number>('count', n => {
        counted = n
      })
      const handle = bank.buckets.accounts
      await run(bank, ledger, at, 7)

      const { tally } = ledger
      expect(tally.resolved + tally.crashed + tally.refused).toBe(tally.sent)
      expect(tally.sent).toBe(MESSAGES)
      if (at !== 'now') expect(tally.crashed).toBeGreaterThan(MESSAGES / 4)
      expect(bank.health().actors.accounts?.restarts).toBeGreaterThan(MESSAGES / 4)
      const held = await holdingsOf(bank)
      expect(held).toEqual([...ledger.amounts])
      await bank.settle()
      expect(mirror).toEqual(ledger.amounts)
      expect(counted).toBe(ledger.amounts.size)
      for (const [id, amount] of held.slice(0, 20)) expect(await handle.get(id)).toMatchObject({ id, amount })
      expect(await handle.count({ amount: { $gte: 500 } })).toBe(held.filter(([, amount]) => amount >= 500).length)
      await bank.stop()
      if (backend === undefined) return
      const again = await openBank(makeBackend())
      expect(await holdingsOf(again)).toEqual(held)
      await again.stop()
    })
  }
})
