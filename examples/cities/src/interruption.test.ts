import { afterEach, beforeEach, expect, it } from 'vitest'
import { countSaved, Folder, makeRows } from './fixtures/program.js'

/** Enough for several commits: the import is under way when the first is on disk. */
const ROWS = 40_000
const COMMIT_ROWS = 5000

let folder: Folder
let rows: string

beforeEach(() => {
  folder = new Folder()
  rows = folder.write('rows.json', makeRows(ROWS))
})

afterEach(() => folder.remove())

/** Starts again and expects exactly the rest to be imported. */
async function expectResumed(): Promise<void> {
  const saved = countSaved(folder)
  expect(saved).toBeGreaterThan(0)
  expect(saved).toBeLessThan(ROWS)
  expect(saved % COMMIT_ROWS).toBe(0)
  const { code, out, err } = await folder.run(['--file', rows])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toContain(`an earlier import was cut off: ${saved.toLocaleString('en-US')} of 40,000 are here`)
  expect(out).toContain(`${(ROWS - saved).toLocaleString('en-US')} places in `)
  expect(countSaved(folder)).toBe(ROWS)
}

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('ends in order on %s, after the running commit', async (signal, code) => {
  const program = folder.start(['--file', rows])
  await program.saved(folder)
  program.kill(signal)
  const ending = await program.ended
  expect({ code: ending.code, err: ending.err }).toEqual({ code, err: '' })
  expect(ending.out).toContain(`${signal}: the step under way ends`)
  const saved = countSaved(folder)
  expect(ending.out).toContain(`${saved.toLocaleString('en-US')} places in data/places.db, saved and closed`)
  expect(saved).toBeLessThan(ROWS)
  expect(saved % COMMIT_ROWS).toBe(0)
})

it('loses no saved commit to kill -9, and the next start imports the rest', async () => {
  const program = folder.start(['--file', rows])
  await program.saved(folder)
  program.kill('SIGKILL')
  await program.ended
  await expectResumed()
})

it('ends at once when it is asked twice', async () => {
  const program = folder.start(['--file', rows])
  await program.saved(folder)
  program.kill('SIGINT')
  await program.said('SIGINT: ')
  program.kill('SIGINT')
  const { code, err } = await program.ended
  expect({ code, err }).toEqual({ code: 130, err: '' })
  await expectResumed()
})

it('ends in order, without a word, when nobody reads it any more', async () => {
  const program = folder.start(['--file', rows])
  await program.said('Import')
  program.stopReading()
  const { code, err } = await program.ended
  expect({ code, err }).toEqual({ code: 141, err: '' })
  expect(countSaved(folder)).toBe(ROWS)
})
