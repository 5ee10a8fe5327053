import { chmodSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Model } from '../conformance/model.js'
import { openAt, visit } from '../conformance/place.js'
import { shapeOf } from '../conformance/samples.js'
import { type SqlitePlace, sqlitePlace } from '../fixtures/sqlite-place.js'
import { sqlite } from '../sqlite.js'

const NOTES = shapeOf('notes', 'id', 'number', ['id:number', 'text:string'], ['text'])

let place: SqlitePlace

beforeEach(async () => {
  place = await sqlitePlace()
})

afterEach(() => place.remove())

/** A file of ours with a few pages in it. */
async function fill(): Promise<void> {
  const model = new Model()
  const puts = Array.from({ length: 500 }, (_, id) => ({ id, text: `note ${id} ${'x'.repeat(200)}` }))
  await visit(place, ({ opened, state }) => state.save(model.cut(opened.epoch, [{ shape: NOTES, puts }])))
}

/** The file must be refused with this code and sentence, and be left as it is. */
async function expectRefused(code: string, sentence: RegExp, at: SqlitePlace = place): Promise<void> {
  const before = readFileSync(at.file)
  await expect(openAt(at)).rejects.toMatchObject({ code, message: expect.stringMatching(sentence) })
  await expect(openAt(at)).rejects.toThrow(at.file)
  expect(readFileSync(at.file).equals(before)).toBe(true)
}

/** Root may write everything, so it steps down for a moment. */
async function asOrdinaryUser(work: () => Promise<void>): Promise<void> {
  const root = process.getuid?.() === 0
  if (root) {
    chmodSync(place.folder, 0o777)
    process.seteuid!(65534)
  }
  try {
    await work()
  } finally {
    if (root) process.seteuid!(0)
  }
}

describe('what is opened as empty', () => {
  it('is a file of no bytes', async () => {
    await writeFile(place.file, '')
    const { opened, backend } = await openAt(place)
    expect(opened).toEqual({ epoch: 1 })
    await backend.close()
  })

  it('is a database without tables', async () => {
    place.edit('PRAGMA user_version = 7')
    const { opened, backend } = await openAt(place)
    expect(opened).toEqual({ epoch: 1 })
    await backend.close()
  })
})

describe('what is refused and left as it is', () => {
  it.each([
    ['a text', 'this is a text, not a database\n'.repeat(400)],
    ['one byte', 'x'],
    ['the beginning of a header', 'SQLite format 3\0'],
    ['zeros', Buffer.alloc(8192)],
  ])('%s', async (_, content) => {
    await writeFile(place.file, content)
    await expectRefused('CORRUPT', /is not an SQLite database, or its first page is damaged; choose another path|is damaged: /)
  })

  it('a database of another program', async () => {
    place.edit('CREATE TABLE customers (id INTEGER PRIMARY KEY); INSERT INTO customers VALUES (1)')
    await expectRefused('OPTION', /is an SQLite database of another program .*; choose another path/)
  })

  it('a database of another program that has a _meta of its own', async () => {
    place.edit("CREATE TABLE _meta (product TEXT, format INTEGER, crc INTEGER); INSERT INTO _meta VALUES ('theirs', 1, 2)")
    await expectRefused('OPTION', /is an SQLite database of another program/)
  })

  it('a database in WAL mode of another program that was killed', async () => {
    const db = new Database(place.file)
    db.pragma('journal_mode = WAL')
    db.exec('CREATE TABLE customers (id INTEGER PRIMARY KEY)')
    const copy = { ...place, file: join(place.folder, 'copy.db') }
    await writeFile(copy.file, readFileSync(place.file))
    await writeFile(`${copy.file}-wal`, readFileSync(`${place.file}-wal`))
    db.close()
    const log = readFileSync(`${copy.file}-wal`)
    await expectRefused('OPTION', /is an SQLite database of another program/, { ...copy, backend: () => sqlite({ path: copy.file }) })
    expect(readFileSync(`${copy.file}-wal`).equals(log)).toBe(true)
  })

  it('a file of a newer format', async () => {
    await fill()
    place.edit('UPDATE _meta SET format = 2')
    await expectRefused('OPTION', /is of format 2, this release reads format 1; install the newer/)
  })

  it.each(['epoch = 7', 'seq = seq + 1', "store_id = 'other'", 'format = 0'])('a file whose _meta was changed: %s', async change => {
    await fill()
    place.edit(`UPDATE _meta SET ${change}`)
    await expectRefused('CORRUPT', /is damaged: the row of _meta does not match its checksum; .* restore it from a backup/)
  })

  it('a file whose _meta is empty', async () => {
    await fill()
    place.edit('DELETE FROM _meta')
    await expectRefused('CORRUPT', /is damaged: the table _meta is empty/)
  })

  it.each(['count = count + 1', 'next_ord = 1', "shape = replace(shape, 'text', 'texts')"])(
    'a file whose _buckets was changed: %s',
    async change => {
      await fill()
      place.edit(`UPDATE _buckets SET ${change}`)
      await expectRefused('CORRUPT', /is damaged: the row of bucket "notes" in _buckets does not match its checksum/)
    },
  )

  it.each([0.9, 0.5, 0.1])('a file cut off at %f of its size', async part => {
    await fill()
    truncateSync(place.file, Math.floor((statSync(place.file).size * part) / 4096) * 4096)
    await expectRefused('CORRUPT', /is damaged: .*; stop its writers and restore it from a backup, or salvage it/)
  })

  it('a file with a damaged page that no load would meet', async () => {
    await fill()
    const db = new Database(place.file, { readonly: true })
    const { rootpage } = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'notes~text'").get() as { rootpage: number }
    db.close()
    const bytes = readFileSync(place.file)
    bytes.fill(0xab, (rootpage - 1) * 4096 + 8, rootpage * 4096)
    await writeFile(place.file, bytes)
    await expectRefused('CORRUPT', /is damaged: (SQLite's quick_check says: |database disk image is malformed)/)
  })

  it('a log without its file', async () => {
    await writeFile(`${place.file}-wal`, 'changes')
    await expect(openAt(place)).rejects.toMatchObject({
      code: 'CORRUPT',
      message: expect.stringMatching(/is missing or empty, but \S*-wal holds changes that belong to it/),
    })
    expect(readFileSync(`${place.file}-wal`, 'utf8')).toBe('changes')
  })

  it('a file cut off within its first page', async () => {
    await fill()
    truncateSync(place.file, 50)
    await expectRefused('CORRUPT', /is not an SQLite database, or its first page is damaged/)
  })
})

describe('places that cannot be used', () => {
  it('a folder', async () => {
    await mkdir(place.file)
    await expect(openAt(place)).rejects.toMatchObject({
      code: 'OPTION',
      option: 'path',
      message: `${place.file} is a folder; sqlite({path}) needs the name of a file, which is made when it is not there`,
    })
  })

  it('a path through a file', async () => {
    await writeFile(place.file, 'x')
    const path = join(place.file, 'store.db')
    await expect(openAt({ ...place, backend: () => sqlite({ path }) })).rejects.toMatchObject({ code: 'OPTION', option: 'path' })
  })

  it('a device', async () => {
    await expect(openAt({ ...place, backend: () => sqlite({ path: '/dev/null' }) })).rejects.toThrow(/is not a regular file/)
  })

  it('a folder that may not be written', async () => {
    await mkdir(join(place.folder, 'closed'), { mode: 0o555 })
    const path = join(place.folder, 'closed', 'store.db')
    await asOrdinaryUser(async () => {
      await expect(openAt({ ...place, backend: () => sqlite({ path }) })).rejects.toMatchObject({
        code: 'OPTION',
        option: 'path',
        message: expect.stringContaining(path),
      })
      const deeper = join(place.folder, 'closed', 'deeper', 'store.db')
      await expect(openAt({ ...place, backend: () => sqlite({ path: deeper }) })).rejects.toMatchObject({
        code: 'OPTION',
        message: expect.stringContaining(deeper),
      })
    })
  })

  it.each([
    ['a file that may only be read', 'store.db', 0o444],
    ['a file that may not even be read', 'store.db', 0o000],
    ['a lock that may only be read', 'store.db.lock', 0o444],
  ])('%s', async (_, name, mode) => {
    await fill()
    chmodSync(place.file, 0o666)
    chmodSync(`${place.file}.lock`, 0o666)
    chmodSync(join(place.folder, name), mode)
    const sentence = new RegExp(
      `${name} cannot be opened for writing .*; check that the folder and the file exist and that this user may write both`,
    )
    await asOrdinaryUser(() => expect(openAt(place)).rejects.toMatchObject({ code: 'OPTION', message: expect.stringMatching(sentence) }))
    chmodSync(join(place.folder, name), 0o666)
    expect(await visit(place, async ({ opened }) => opened.saved?.seq)).toBe(1)
  })

  it('a file whose lock is in the way', async () => {
    await writeFile(`${place.file}.lock`, 'something else of another program')
    await expect(openAt(place)).rejects.toMatchObject({
      code: 'OPTION',
      message: expect.stringMatching(/store\.db\.lock is in the way of the lock; remove it/),
    })
  })

  it('a file that another program keeps to itself', async () => {
    await fill()
    const other = new Database(place.file)
    other.pragma('locking_mode = EXCLUSIVE')
    other.exec('UPDATE _meta SET holder = NULL')
    const impatient = { ...place, backend: () => sqlite({ path: place.file, busyTimeoutMs: 30 }) }
    await expect(openAt(impatient)).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining('is locked by another program'),
    })
    other.close()
    await visit(place, async ({ opened }) => expect(opened.saved?.seq).toBe(1))
  })

  it('an opening that was aborted leaves no lock behind', async () => {
    const abort = new AbortController()
    abort.abort()
    const context = { store: { id: 'x', name: 'x' }, shapes: [], signal: abort.signal, lost: () => undefined }
    await expect(place.backend().open(context)).rejects.toMatchObject({ code: 'ABORTED' })
    await visit(place, async ({ opened }) => expect(opened.epoch).toBe(1))
  })
})
