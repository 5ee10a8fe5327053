import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { countSaved, type Ending, Folder, makeRows } from './fixtures/program.js'
import { openGazetteer } from './gazetteer.js'

let folder: Folder
let small: string

beforeEach(() => {
  folder = new Folder()
  small = folder.write('small.json', makeRows(60))
})

afterEach(() => folder.remove())

/** One sentence on stderr, no stack, the exit code. */
function expectSentence({ code, err }: Ending, pattern: RegExp, exitCode = 1): void {
  expect(err).toMatch(pattern)
  expect(err).toMatch(/^[^\n]+\.\n$/)
  expect(err).not.toContain('mistake')
  expect(code).toBe(exitCode)
}

describe('the command line', () => {
  it.each([[['--bogus']], [['word']], [['--data']], [['--file', '']], [['--fresh=yes']]])('%j is refused with exit code 2', async args => {
    const ending = await folder.run(args)
    expectSentence(ending, /; --help shows what there is\.$/m, 2)
    expect(existsSync(folder.path('data'))).toBe(false)
  })
})

describe('rows', () => {
  it.each([
    ['a file that is not there', undefined, /cannot be read \(ENOENT/],
    ['what is no JSON', '{', /is not JSON/],
    ['what is no array', '{}', /it must be an array of rows/],
    ['an empty array', '[]', /there is nothing to import/],
  ])('%s is refused before anything is opened', async (_what, content, pattern) => {
    const file = content === undefined ? folder.path('absent.json') : folder.write('rows.json', content)
    expectSentence(await folder.run(['--file', file]), pattern)
    expect(countSaved(folder)).toBe(0)
  })

  it('that are no places are named by number, and nothing is imported', async () => {
    const rows: unknown[] = makeRows(20)
    rows[3] = { ...makeRows(1)[0], lat: 'north' }
    rows[6] = { ...makeRows(1)[0], lat: ' ' }
    rows[9] = 7
    const ending = await folder.run(['--file', folder.write('bad.json', rows)])
    expectSentence(ending, /3 rows are no places of 20: row 4 \(lat: .*\), row 7 \(lat: is blank\), row 10 \(.*\); nothing was imported/)
    expect(countSaved(folder)).toBe(0)
  })

  it('that are no places are met before --fresh removes good ones', async () => {
    await folder.run(['--file', small])
    expectSentence(await folder.run(['--fresh', '--file', folder.write('bad.json', [{}])]), /1 row is no place of 1: row 1/)
    expect(countSaved(folder)).toBe(60)
  })
})

describe('the database', () => {
  it('is refused while another process has it, with its name', async () => {
    const { store } = await openGazetteer(folder.database)
    try {
      const pattern = new RegExp(`is open in store "cities" in process ${process.pid} .*; --data DIR uses another folder`)
      expectSentence(await folder.run(['--file', small]), pattern)
      expectSentence(await folder.run(['--file', small, '--fresh']), pattern)
    } finally {
      await store.stop()
    }
  })

  it('is refused when it is a folder', async () => {
    mkdirSync(folder.database, { recursive: true })
    expectSentence(await folder.run(['--file', small]), /is a folder/)
    expectSentence(await folder.run(['--file', small, '--fresh']), /is a folder/)
  })

  it('is refused when its folder is a file', async () => {
    expectSentence(await folder.run(['--file', small, '--data', folder.write('file', 'x')]), /cannot be opened for writing/)
  })

  it.skipIf(process.getuid?.() === 0)('is refused in a folder that this user may not write', async () => {
    mkdirSync(folder.path('data'), { mode: 0o555 })
    expectSentence(await folder.run(['--file', small]), /cannot be opened for writing/)
  })

  it('is refused, also with --fresh, and left alone when it is no database', async () => {
    mkdirSync(folder.path('data'))
    const letter = 'Dear diary, '.repeat(100)
    folder.write('data/places.db', letter)
    expectSentence(await folder.run(['--file', small]), /is not an SQLite database/)
    expectSentence(await folder.run(['--file', small, '--fresh']), /is not a database, so --fresh leaves it alone/)
    expect(readFileSync(folder.database, 'utf8')).toBe(letter)
  })

  it('is refused, also with --fresh, and left alone when it is of another program', async () => {
    mkdirSync(folder.path('data'))
    new Database(folder.database).exec('CREATE TABLE theirs (a); INSERT INTO theirs VALUES (7)').close()
    expectSentence(await folder.run(['--file', small]), /is an SQLite database of another program/)
    expectSentence(await folder.run(['--file', small, '--fresh']), /is an SQLite database of another program/)
    expect(folder.query('SELECT a FROM theirs')).toEqual([[7]])
  })

  it('is refused when it is damaged, not touched, and replaced with --fresh', async () => {
    await folder.run(['--file', small])
    damage(folder.database)
    const damaged = readFileSync(folder.database)
    expectSentence(await folder.run(['--file', small]), /is damaged: .*; --fresh imports into a new file/)
    expect(readFileSync(folder.database).equals(damaged)).toBe(true)
    expect((await folder.run(['--file', small, '--fresh'])).code).toBe(0)
    expect(countSaved(folder)).toBe(60)
  })

  it('that cannot grow stops the import with a sentence, and the next start imports the rest', async () => {
    const many = folder.write('many.json', makeRows(30_000))
    const ending = await folder.run(['--file', many], { shell: 'ulimit -f 4000' })
    expectSentence(ending, /The import stopped after [\d,]+ of 30,000 places: .*; the next start imports what is missing/)
    const saved = countSaved(folder)
    expect(saved).toBeGreaterThan(0)
    expect((await folder.run(['--file', many])).out).toContain(`${saved.toLocaleString('en-US')} of 30,000 are here`)
    expect(countSaved(folder)).toBe(30_000)
  })
})

it('a stack is shown when DEBUG is set', async () => {
  const { err } = await folder.run(['--file', folder.path('absent.json')], { env: { DEBUG: '1' } })
  expect(err).toMatch(/cannot be read .*\n\s*(?:Refusal|Error): .*\n\s+at /)
})

/** Overwrites the second half of the file. */
function damage(file: string): void {
  const bytes = statSync(file).size / 2
  const handle = openSync(file, 'r+')
  writeSync(handle, Buffer.alloc(bytes, 7), 0, bytes, bytes)
  closeSync(handle)
}
