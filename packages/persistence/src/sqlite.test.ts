import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { addMark, type BucketShape, type Cut, recordMark, type StoredRecord } from '@repertory/core'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { expectHolds } from './conformance/clause.js'
import { type Fields, Model } from './conformance/model.js'
import { loadAll, openAt, visit } from './conformance/place.js'
import { HOSTILE_BUCKETS, shapeOf } from './conformance/samples.js'
import { describeBackend } from './conformance/suite.js'
import { type SqlitePlace, sqlitePlace } from './fixtures/sqlite-place.js'
import { type SqliteOptions, sqlite } from './sqlite.js'

describeBackend('sqlite', () => sqlitePlace(), { describe, it })

const USERS = shapeOf(
  'users',
  'id',
  'string',
  ['id:string', 'name:string', 'age:number', 'admin:boolean', 'born:date', 'tags:other'],
  ['age', 'name+age', 'tags'],
)

let place: SqlitePlace
let model: Model

beforeEach(async () => {
  place = await sqlitePlace()
  model = new Model()
})

afterEach(() => place.remove())

/** Saves commits of one bucket, each in an opening of its own. */
async function save(...commits: readonly { readonly shape: BucketShape; readonly puts: readonly Fields[] }[]): Promise<void> {
  for (const commit of commits) await visit(place, ({ opened, state }) => state.save(model.cut(opened.epoch, [commit])))
}

/** Rows as another program sees them. */
function query(sql: string): unknown[] {
  const db = new Database(place.file, { readonly: true })
  try {
    return db.prepare(sql).all()
  } finally {
    db.close()
  }
}

describe('the tables', () => {
  it('have a typed column for each declared scalar field, and the rest in _extra and _nulls', async () => {
    const ann = { id: 'ann', name: 'Ann', age: 41, admin: true, born: new Date(5), tags: ['x'], more: { $set: 1, at: new Date(6) } }
    await save({ shape: USERS, puts: [ann, { id: 'bob', name: null, age: 'unknown', born: '1970-01-01T00:00:00.007Z', tags: null }] })
    expect(query('SELECT id, name, age, admin, born, _extra, _nulls, _ord, _version FROM users')).toEqual([
      {
        id: 'ann',
        name: 'Ann',
        age: 41,
        admin: 1,
        born: 5,
        _extra: '{"tags":["x"],"more":{"$$set":1,"at":{"$date":6}}}',
        _nulls: null,
        _ord: 1,
        _version: 1,
      },
      {
        id: 'bob',
        name: null,
        age: null,
        admin: null,
        born: 7,
        _extra: '{"age":"unknown","born":"1970-01-01T00:00:00.007Z"}',
        _nulls: '["name","tags"]',
        _ord: 2,
        _version: 1,
      },
    ])
    expect(query("SELECT name, type FROM pragma_table_info('users') LIMIT 5")).toEqual([
      { name: 'id', type: 'TEXT' },
      { name: 'name', type: 'TEXT' },
      { name: 'age', type: 'REAL' },
      { name: 'admin', type: 'BOOLEAN' },
      { name: 'born', type: 'INTEGER' },
    ])
  })

  it('mirror the indexes over columns, not unique, and follow the shape', async () => {
    const indexes = (): unknown[] =>
      query(
        'SELECT i.name, i."unique", group_concat(c.name) AS columns FROM pragma_index_list(\'users\') i, pragma_index_info(i.name) c GROUP BY i.name ORDER BY i.name',
      )
    await save({ shape: USERS, puts: [] })
    const key = { name: 'sqlite_autoindex_users_1', unique: 1, columns: 'id' }
    expect(indexes()).toEqual([
      key,
      { name: 'users~age', unique: 0, columns: 'age' },
      { name: 'users~name+age', unique: 0, columns: 'name,age' },
    ])
    await save({ shape: { ...USERS, indexes: [{ name: 'by name', fields: ['name'], kind: 'sorted', unique: true }] }, puts: [] })
    expect(indexes()).toEqual([key, { name: 'users~by name', unique: 0, columns: 'name' }])
  })

  it('take the name of their bucket when no other has it', async () => {
    await visit(place, ({ opened, state }) =>
      state.save(
        model.cut(
          opened.epoch,
          HOSTILE_BUCKETS.map(name => ({ shape: { ...USERS, name }, puts: [{ id: name }] })),
        ),
      ),
    )
    const tables = Object.fromEntries(
      (query('SELECT name, table_name FROM _buckets') as { name: string; table_name: string }[]).map(row => [row.name, row.table_name]),
    )
    expect(tables).toMatchObject({
      users: 'users',
      Users: 'Users~2',
      USERS: 'USERS~3',
      select: 'select',
      'a:b': 'a:b',
      sqlite_x: '~sqlite_x',
    })
    expect(new Set(Object.values(tables).map(name => name.toLowerCase())).size).toBe(HOSTILE_BUCKETS.length)
  })

  it('keep fields apart that are named like columns of ours', async () => {
    const names = ['_ord', '_crc', '_ORD', '_extra', '_nulls', '_seq', '_created_at']
    const shape = shapeOf(
      'own',
      '_crc',
      'string',
      names.map(name => `${name}:string`),
    )
    await save({ shape, puts: [{ _crc: 'k', _ord: 'a', _ORD: 'b', _extra: 'c', _nulls: null, _seq: 'd' }] })
    await visit(place, ({ state }) => expectHolds(state, model, 'own'))
  })

  it('have at most 500 columns; further fields are in _extra', async () => {
    const names = Array.from({ length: 620 }, (_, at) => `field ${at}`)
    const shape = shapeOf('wide', 'id', 'number', ['id:number', ...names.map(name => `${name}:number`)], ['field 610', 'field 3'])
    await save({ shape, puts: [Object.fromEntries([['id', 1], ...names.map((name, at) => [name, at] as const)])] })
    await visit(place, ({ state }) => expectHolds(state, model, 'wide'))
    expect(query("SELECT count(*) AS n FROM pragma_table_info('wide')")).toEqual([{ n: 510 }])
  })

  it('let records swap places within one cut', async () => {
    const metadata = { _version: 1, _createdAt: 1, _updatedAt: 1 }
    const stored = (id: string, ord: number, seq: number): StoredRecord => ({ record: { id, ...metadata }, ord, seq })
    const cutOf = (epoch: number, to: number, ...puts: StoredRecord[]): Cut => {
      const fingerprint = puts.reduce((sum, { ord, seq }) => addMark(sum, recordMark(ord, seq)), 0)
      return {
        epoch,
        from: to - 1,
        to,
        buckets: [{ shape: USERS, cleared: false, deletes: [], puts, next: { autoincrement: 1, ord: 4 }, count: 3, fingerprint }],
      }
    }
    await visit(place, async ({ opened: { epoch }, state }) => {
      await state.save(cutOf(epoch, 1, stored('a', 1, 1), stored('b', 2, 1), stored('c', 3, 1)))
      await state.save(cutOf(epoch, 2, stored('a', 2, 2), stored('b', 3, 2), stored('c', 1, 2)))
      expect((await loadAll(state, 'users')).map(({ record, ord, seq }) => [record.id, ord, seq])).toEqual([
        ['c', 1, 2],
        ['a', 2, 2],
        ['b', 3, 2],
      ])
    })
  })

  it('can be read by other programs while the store is open', async () => {
    await visit(place, async ({ opened, state }) => {
      await state.save(model.cut(opened.epoch, [{ shape: USERS, puts: [{ id: 'ann', age: 41 }] }]))
      expect(query('SELECT age FROM users')).toEqual([{ age: 41 }])
    })
  })

  it.skipIf(!hasShell())('can be queried with the sqlite3 shell while the store is open', async () => {
    await visit(place, async ({ opened, state }) => {
      await state.save(model.cut(opened.epoch, [{ shape: USERS, puts: [{ id: 'ann', name: "O'Neill" }] }]))
      expect(execFileSync('sqlite3', [place.file, 'SELECT id, name FROM users WHERE age IS NULL'], { encoding: 'utf8' })).toBe(
        "ann|O'Neill\n",
      )
    })
  })
})

describe('a change of shape', () => {
  it('adds columns and leaves old rows as they are', async () => {
    const narrow = shapeOf('users', 'id', 'string', ['id:string'])
    await save({ shape: narrow, puts: [{ id: 'old', age: 1 }] }, { shape: USERS, puts: [{ id: 'new', age: 2 }] })
    expect(query('SELECT id, age, _extra FROM users')).toEqual([
      { id: 'old', age: null, _extra: '{"age":1}' },
      { id: 'new', age: 2, _extra: null },
    ])
    await visit(place, ({ state }) => expectHolds(state, model, 'users'))
  })

  it('keeps the column of a field whose type changed, and what does not fit it in _extra', async () => {
    const retyped = shapeOf('users', 'id', 'string', ['id:string', 'age:string', 'born:other', 'name:date'])
    await save(
      { shape: USERS, puts: [{ id: 'a', age: 1, name: 'x' }] },
      { shape: retyped, puts: [{ id: 'b', age: '1', born: [1], name: new Date(1) }] },
    )
    expect(query("SELECT age, born, name, _extra FROM users WHERE id = 'b'")).toEqual([
      { age: null, born: null, name: null, _extra: '{"age":"1","born":[1],"name":{"$date":1}}' },
    ])
    await visit(place, ({ state }) => expectHolds(state, model, 'users'))
  })

  it('moves the rows to a new table when keys get another type, and views go on', async () => {
    const numbered = shapeOf('items', 'id', 'number', ['id:number', 'name:string'], ['name'])
    await save({
      shape: numbered,
      puts: [
        { id: 1, name: 'x' },
        { id: 2.5, name: 'y' },
      ],
    })
    const foreign = new Database(place.file)
    foreign.exec('CREATE VIEW names AS SELECT name FROM items')
    foreign.close()
    await save({ shape: { ...numbered, keyType: 'either' }, puts: [{ id: '1', name: 'z' }] })
    expect(query('SELECT id, _ord FROM items')).toEqual([
      { id: 'n:1', _ord: 1 },
      { id: 'n:2.5', _ord: 2 },
      { id: 's:1', _ord: 3 },
    ])
    expect(query('SELECT * FROM names')).toEqual([{ name: 'x' }, { name: 'y' }, { name: 'z' }])
    await visit(place, ({ state }) => expectHolds(state, model, 'items'))
  })

  it('to another key field is refused when records lack that key or share it, and leaves everything as it was', async () => {
    await save({ shape: USERS, puts: [{ id: 'a', name: 'x' }, { id: 'b', name: 'x' }, { id: 'c' }] })
    await visit(place, async ({ opened, state }) => {
      const rekeyed = { ...USERS, key: 'name' }
      const cut = new Model().cut(opened.epoch, [{ shape: rekeyed, puts: [{ name: 'new' }] }])
      await expect(state.save({ ...cut, to: 2 })).rejects.toThrow(
        /cannot be keyed by "name": the record with id "b" has a value others have too/,
      )
      await expectHolds(state, model, 'users')
    })
  })
})

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
    await save({ shape: USERS, puts: Array.from({ length: 3000 }, (_, at) => ({ id: `u${at}` })) })
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

function hasShell(): boolean {
  try {
    execFileSync('sqlite3', ['-version'])
    return true
  } catch {
    return false
  }
}
