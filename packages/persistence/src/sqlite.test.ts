import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { expectHolds } from './conformance/clause.js'
import { Model } from './conformance/model.js'
import { loadAll, openAt, visit } from './conformance/place.js'
import { shapeOf } from './conformance/samples.js'
import { describeBackend } from './conformance/suite.js'
import { type SqlitePlace, saveCommits, sqlitePlace } from './fixtures/sqlite-place.js'
import { type SqliteOptions, sqlite } from './sqlite.js'

describeBackend('sqlite', () => sqlitePlace(), { describe, it })

const USERS = shapeOf('users', 'id', 'string', ['id:string', 'name:string'])

let place: SqlitePlace
let model: Model

beforeEach(async () => {
  place = await sqlitePlace()
  model = new Model()
})

afterEach(() => place.remove())

describe('one writer', () => {
  it('is found out through a symbolic link too', async () => {
    const link = join(place.folder, 'link.db')
    const { backend } = await openAt(place, 'shop')
    await symlink(place.file, link)
    await expect(openAt({ ...place, backend: () => sqlite({ path: link }) }, 'other')).rejects.toThrow(/is open in store "shop" in process/)
    await backend.close()
  })

  it('is refused for good when the file is replaced under it, and the store is told', async () => {
    const { backend, opened, state, lost } = await openAt(place)
    await state.save(model.cut(opened.epoch, [{ shape: USERS, puts: [{ id: 'a' }] }]))
    execFileSync('mv', [place.file, `${place.file}.away`])
    const cut = model.cut(opened.epoch, [{ shape: USERS, puts: [{ id: 'b' }] }])
    await expect(state.save(cut)).rejects.toThrow(/was removed or replaced while it was open/)
    await expect(state.save(cut)).rejects.toThrow(/was removed or replaced while it was open/)
    expect(lost.map(error => error.code)).toEqual(['UNAVAILABLE'])
    await backend.close()
  })

  it('waits for the transaction of another program, then refuses, and takes the same cut later', async () => {
    const busy = { ...place, backend: () => sqlite({ path: place.file, busyTimeoutMs: 60 }) }
    await visit(busy, async ({ opened, state }) => {
      await state.save(model.cut(opened.epoch, [{ shape: USERS, puts: [{ id: 'a' }] }]))
      const other = new Database(place.file)
      other.exec('BEGIN IMMEDIATE')
      const cut = model.cut(opened.epoch, [{ shape: USERS, puts: [{ id: 'b' }] }])
      await expect(state.save(cut)).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringContaining('locked by another program'),
      })
      const waiting = state.save(cut)
      other.exec('COMMIT')
      other.close()
      await waiting
      await expectHolds(state, model, 'users')
    })
  })

  it('brings a long log into the file after the save, not within it', async () => {
    await visit(place, async ({ opened: { epoch }, state }) => {
      const puts = Array.from({ length: 6000 }, (_, at) => ({ id: `u${at}`, name: 'x'.repeat(1000) }))
      await state.save(model.cut(epoch, [{ shape: USERS, puts }]))
      const before = statSync(place.file).size
      await state.save(model.cut(epoch, [{ shape: USERS, puts: [{ id: 'one more' }] }]))
      await state.save(model.cut(epoch, [{ shape: USERS, puts: [{ id: 'and another' }] }]))
      expect([before < 100_000, statSync(place.file).size > 5_000_000, statSync(`${place.file}-wal`).size]).toEqual([
        true,
        true,
        4 * 1024 * 1024,
      ])
      await expectHolds(state, model, 'users')
    })
  })

  it('may close while a bucket is being loaded; the load says so', async () => {
    await saveCommits(place, model, { shape: USERS, puts: Array.from({ length: 3000 }, (_, at) => ({ id: `u${at}` })) })
    const { backend, state } = await openAt(place)
    const batches = state.load('users', { signal: new AbortController().signal })[Symbol.asyncIterator]()
    await batches.next()
    await backend.close()
    await expect(batches.next()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('was closed while bucket "users"'),
    })
  })
})

describe('the options', () => {
  it.each([
    [{}, 'path'],
    [{ path: 'x', paht: 'y' }, 'paht'],
    [{ path: 'x', foreignEdits: 'maybe' }, 'foreignEdits'],
    [{ path: 'x', busyTimeoutMs: -1 }, 'busyTimeoutMs'],
    [{ path: 'x', busyTimeoutMs: 0.5 }, 'busyTimeoutMs'],
  ])('%j is refused, naming %s', (options, option) => {
    expect(() => sqlite(options as unknown as SqliteOptions)).toThrow(expect.objectContaining({ code: 'OPTION', option }))
  })

  it.each(['', ' ', ':memory:', 'file:x.db', 'file:///x.db', 'a\0b', 'ends in space '])(
    'the path %j is refused when it is opened',
    async path => {
      await expect(openAt({ ...place, backend: () => sqlite({ path }) })).rejects.toMatchObject({ code: 'OPTION', option: 'path' })
    },
  )

  it('touch nothing before the backend is opened, and make missing folders then', async () => {
    const path = join(place.folder, 'some', 'where', 'new.db')
    const backend = sqlite({ path, foreignEdits: undefined, busyTimeoutMs: undefined })
    expect([backend.name, existsSync(join(place.folder, 'some'))]).toEqual([`sqlite ${path}`, false])
    await visit({ ...place, backend: () => backend }, async ({ state }) => expect(await loadAll(state, 'x')).toEqual([]))
    expect(existsSync(path)).toBe(true)
  })
})
