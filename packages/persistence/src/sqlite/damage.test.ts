import { readFileSync, writeFileSync } from 'node:fs'
import { CorruptError } from '@repertory/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Model, text } from '../conformance/model.js'
import { loadAll, visit } from '../conformance/place.js'
import { shapeOf } from '../conformance/samples.js'
import { type SqlitePlace, sqlitePlace } from '../fixtures/sqlite-place.js'
import { type SqliteOptions, sqlite } from '../sqlite.js'

const NOTES = shapeOf('notes', 'id', 'number', ['id:number', 'text:string', 'at:date', 'more:other'], ['text'])
const OTHERS = shapeOf('others', 'id', 'string', ['id:string', 'stars:number'])

/** Flipped bits in one run; R4 has thousands more. */
const FLIPS = 100

let place: SqlitePlace
let model: Model

beforeEach(async () => {
  place = await sqlitePlace()
  model = new Model()
  const notes = Array.from({ length: 60 }, (_, id) => ({
    id,
    text: `note ${id} ${'x'.repeat((id * 37) % 300)}`,
    at: new Date(id),
    more: [id],
  }))
  const others = Array.from({ length: 60 }, (_, at) => ({ id: `other ${at}`, stars: at / 3 }))
  await visit(place, ({ opened, state }) =>
    state.save(
      model.cut(opened.epoch, [
        { shape: NOTES, puts: notes },
        { shape: OTHERS, puts: others },
      ]),
    ),
  )
})

afterEach(() => place.remove())

/** One opening that loads a bucket. */
function load(bucket: string, options: Partial<SqliteOptions> = {}): Promise<readonly string[]> {
  return visit({ ...place, backend: () => sqlite({ path: place.file, ...options }) }, async ({ state }) =>
    (await loadAll(state, bucket)).map(text),
  )
}

describe('edits by other programs', () => {
  it.each([
    ['a changed value', "UPDATE notes SET text = 'forged' WHERE id = 7", /the row with id 7 of table "notes" does not match its checksum/],
    ['a changed date', 'UPDATE notes SET at = at + 1 WHERE id = 7', /the row with id 7/],
    ['a value set to NULL', 'UPDATE notes SET text = NULL WHERE id = 7', /the row with id 7/],
    ['a changed place', 'UPDATE notes SET _ord = 1000 WHERE id = 7', /the row with id 7/],
    ['changed metadata', 'UPDATE notes SET _version = 9 WHERE id = 7', /the row with id 7/],
    ['a changed _extra', "UPDATE notes SET _extra = '{}' WHERE id = 7", /the row with id 7/],
    ['a new row', "INSERT INTO notes (id, text) VALUES (100, 'new')", /the row with id 100/],
    ['a deleted row', 'DELETE FROM notes WHERE id = 7', /table "notes" has 59 rows where 60 were saved/],
    [
      'the content of another row',
      'UPDATE notes SET (text, _crc) = (SELECT text, _crc FROM notes WHERE id = 8) WHERE id = 7',
      /the row with id 7/,
    ],
  ])('%s: refused, naming file, table and key, and what to do', async (_, sql, sentence) => {
    place.edit(sql)
    const refusal = await load('notes').catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(CorruptError)
    expect(refusal).toMatchObject({ file: place.file, message: expect.stringMatching(sentence) })
    expect(String(refusal)).toMatch(
      /Restore the file from a backup, or take what is there with sqlite\(\{path, foreignEdits: 'accept'\}\)$/,
    )
    expect(await load('others')).toEqual(model.records('others').map(text))
  })

  it('a table that was dropped or altered is refused', async () => {
    place.edit('ALTER TABLE notes DROP COLUMN at')
    await expect(load('notes')).rejects.toThrow(/store\.db: another program has altered the tables \(no such column: "?at/)
    place.edit('DROP TABLE notes')
    await expect(load('notes')).rejects.toThrow(/another program has altered the tables \(no such table: notes\)/)
    expect(await load('others')).toEqual(model.records('others').map(text))
  })

  it('are taken over with foreignEdits: accept, and the store is asked to check them', async () => {
    place.edit(`UPDATE notes SET text = 'edited' WHERE id = 7; DELETE FROM notes WHERE id = 8;
      INSERT INTO notes (id, text, at) VALUES (100, 'new', 5); UPDATE notes SET text = 12 WHERE id = 9`)
    const accepting = { ...place, backend: () => sqlite({ path: place.file, foreignEdits: 'accept' as const }) }
    await visit(accepting, async ({ opened, state }) => {
      const records = await loadAll(state, 'notes')
      const notes = opened.saved!.buckets.find(bucket => bucket.shape.name === 'notes')!
      const others = opened.saved!.buckets.find(bucket => bucket.shape.name === 'others')!
      expect(notes).toMatchObject({ count: 60, next: { autoincrement: 101, ord: 62 }, shape: { fingerprint: '' } })
      expect(others).toMatchObject(model.summary('others'))
      expect(records).toHaveLength(60)
      expect(records.find(({ record }) => record.id === 7)?.record.text).toBe('edited')
      expect(records.find(({ record }) => record.id === 9)?.record.text).toBe('12')
      const added = records.at(-1)!.record
      expect(added).toMatchObject({ id: 100, text: 'new', at: new Date(5), _version: 1 })
      expect(Math.abs((added._createdAt as number) - Date.now())).toBeLessThan(60_000)
    })
  })

  it('that make no record are refused even then', async () => {
    place.edit('UPDATE notes SET _extra = \'{"__proto__": 1}\' WHERE id = 7')
    await expect(load('notes', { foreignEdits: 'accept' })).rejects.toThrow(
      /the row with id 7 of table "notes" cannot be read: _extra names a field "__proto__"/,
    )
    place.edit("UPDATE notes SET _extra = 'no JSON' WHERE id = 7")
    await expect(load('notes', { foreignEdits: 'accept' })).rejects.toThrow(/the row with id 7 of table "notes" cannot be read: /)
    place.edit("UPDATE notes SET _extra = NULL, text = x'00ff' WHERE id = 7")
    await expect(load('notes', { foreignEdits: 'accept' })).rejects.toThrow(
      /the row with id 7 of table "notes" cannot be read: it holds values of impossible types/,
    )
  })

  it('a row that is saved again is ours again', async () => {
    place.edit("UPDATE notes SET text = 'forged' WHERE id = 7")
    await visit(place, ({ opened, state }) => state.save(model.cut(opened.epoch, [{ shape: NOTES, puts: [{ id: 7, text: 'mine' }] }])))
    expect(await load('notes')).toEqual(model.records('notes').map(text))
  })
})

describe('a flipped bit anywhere in the file', () => {
  it('is refused or harmless, never a wrong record', async () => {
    const sound = readFileSync(place.file)
    const expected = { notes: model.records('notes').map(text), others: model.records('others').map(text) }
    const random = seeded(20_261_120)
    let refused = 0
    for (let flip = 0; flip < FLIPS; flip++) {
      const at = Math.floor(random() * sound.length)
      const bit = 1 << Math.floor(random() * 8)
      const bytes = Buffer.from(sound)
      bytes[at]! ^= bit
      for (const suffix of ['-wal', '-shm']) writeFileSync(place.file + suffix, '')
      writeFileSync(place.file, bytes)
      const found = await visit(place, async ({ opened, state }) => ({
        epoch: opened.epoch,
        seq: opened.saved?.seq,
        notes: (await loadAll(state, 'notes')).map(text),
        others: (await loadAll(state, 'others')).map(text),
      })).catch((error: unknown) => error)
      if (found instanceof Error) {
        expect(['CORRUPT', 'OPTION'], `flip of bit ${bit} at ${at}: ${found.stack}`).toContain((found as CorruptError).code)
        refused++
      } else expect(found, `flip of bit ${bit} at ${at}`).toEqual({ epoch: 2, seq: 1, ...expected })
    }
    // Most of the pages are full; the rest of the flips hit free space and mirrored indexes.
    expect(refused).toBeGreaterThan(FLIPS / 4)
  })
})

/** mulberry32: the same flips in every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
