import { execFileSync } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { loadAll, openAt, visit } from '../conformance/place.js'
import { buildPackage, SaverProcess } from '../fixtures/saver-process.js'
import { type SqlitePlace, sqlitePlace } from '../fixtures/sqlite-place.js'

const started: { readonly child: SaverProcess; readonly place: SqlitePlace }[] = []

beforeAll(buildPackage)

afterEach(async () => {
  for (const { child, place } of started.splice(0)) {
    await child.kill()
    await place.remove()
  }
})

function start(place: SqlitePlace, ...args: [mode: 'hold' | 'rounds' | 'fill', rows?: number, fileBytesMax?: number]): SaverProcess {
  const child = new SaverProcess(place.file, ...args)
  started.push({ child, place })
  return child
}

/** The number after the last line that begins with this word; 0 when there is none. */
function lastNumber(child: SaverProcess, word: string): number {
  return Number(child.last(word)?.slice(word.length) ?? 0)
}

/** How many rows each of the two buckets has, and which rounds they are of. */
async function roundsIn(place: SqlitePlace): Promise<{ rows: number[]; rounds: unknown[] }> {
  return visit(place, async ({ state }) => {
    const [left, right] = [await loadAll(state, 'left'), await loadAll(state, 'right')]
    return { rows: [left.length, right.length], rounds: [...new Set([...left, ...right].map(({ record }) => record.round))] }
  })
}

describe('a process that is killed', () => {
  it.each([0, 20, 45, 80, 130])(
    'in the middle of saves over two buckets (%i ms) leaves whole cuts, the last acknowledged one among them',
    async ms => {
      const place = await sqlitePlace()
      const child = start(place, 'rounds', 1500)
      await child.until(ms === 0 ? 'open' : 'saved')
      await delay(ms)
      await child.kill()
      const acknowledged = lastNumber(child, 'saved')
      const { rows, rounds } = await roundsIn(place)
      if (rounds.length === 0) expect({ rows, acknowledged }).toEqual({ rows: [0, 0], acknowledged: 0 })
      else {
        expect(rows).toEqual([1500, 1500])
        expect(rounds).toHaveLength(1)
        // Saved and not yet said is possible, said and not saved is not.
        expect([acknowledged, acknowledged + 1]).toContain(rounds[0])
      }
    },
  )

  it('holds the lock while it lives, and not a moment longer', async () => {
    const place = await sqlitePlace()
    const child = start(place, 'hold')
    await child.until('open')
    const sentence = `is open in store "the hold process" in process ${child.pid} on .* since 20.*; stop that store first`
    await expect(openAt(place, 'second')).rejects.toMatchObject({ code: 'LOCKED', message: expect.stringMatching(sentence) })
    await child.kill()
    expect(await visit(place, async ({ opened }) => opened.epoch)).toBe(2)
  })

  it('is fenced when somebody removed its lock and another took its place', async () => {
    const place = await sqlitePlace()
    const child = start(place, 'rounds', 10)
    await child.until('saved')
    await rm(`${place.file}.lock`)
    expect(await visit(place, async ({ opened }) => opened.epoch)).toBe(2)
    await expect(child.until('never said')).rejects.toThrow(/FencedError: .* is at epoch 2; the writer of epoch 1 has been replaced/)
  })
})

// `prlimit` gives a running process its room back.
describe.skipIf(process.platform !== 'linux')('a disk that is full', () => {
  it('refuses the cut, keeps what was there, and takes the same cut when there is room again', async () => {
    const place = await sqlitePlace()
    const child = start(place, 'fill', 2000, 2 * 1024 * 1024)
    expect(await child.until('refused')).toMatch(/^refused UNAVAILABLE \S*store\.db: .* the same call can be repeated$/)
    const round = lastNumber(child, 'saved')
    expect(round).toBeGreaterThan(0)
    expect(place.query('SELECT count(*) AS n FROM "left"')).toEqual([{ n: round * 2000 }])

    execFileSync('prlimit', ['--pid', String(child.pid), '--fsize=unlimited'])
    child.tell('again')
    expect(await child.until('repeated')).toBe(`repeated ${round + 1}`)
    await child.kill()
    expect((await roundsIn(place)).rows).toEqual([(round + 1) * 2000, (round + 1) * 2000])
  })

  it('refuses to make a database where there is no room for one', async () => {
    const place = await sqlitePlace()
    const child = start(place, 'hold', 0, 1024)
    await expect(child.until('open')).rejects.toThrow(/UnavailableError: \S*store\.db: /)
    expect(await visit(place, async ({ opened }) => opened.epoch)).toBe(1)
  })
})
