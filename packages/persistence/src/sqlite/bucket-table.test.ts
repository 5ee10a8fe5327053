import { execFileSync } from 'node:child_process'
import { addMark, type Cut, recordMark, type StoredRecord } from '@repertory/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { expectHolds } from '../conformance/clause.js'
import { Model } from '../conformance/model.js'
import { loadAll, visit } from '../conformance/place.js'
import { HOSTILE_BUCKETS, shapeOf } from '../conformance/samples.js'
import { type SqlitePlace, saveCommits, sqlitePlace } from '../fixtures/sqlite-place.js'

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

describe('the tables', () => {
  it('have a typed column for each declared scalar field, and the rest in _extra and _nulls', async () => {
    const ann = { id: 'ann', name: 'Ann', age: 41, admin: true, born: new Date(5), tags: ['x'], more: { $set: 1, at: new Date(6) } }
    await saveCommits(place, model, {
      shape: USERS,
      puts: [ann, { id: 'bob', name: null, age: 'unknown', born: '1970-01-01T00:00:00.007Z', tags: null }],
    })
    expect(place.query('SELECT id, name, age, admin, born, _extra, _nulls, _ord, _version FROM users')).toEqual([
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
    expect(place.query("SELECT name, type FROM pragma_table_info('users') LIMIT 5")).toEqual([
      { name: 'id', type: 'TEXT' },
      { name: 'name', type: 'TEXT' },
      { name: 'age', type: 'REAL' },
      { name: 'admin', type: 'BOOLEAN' },
      { name: 'born', type: 'INTEGER' },
    ])
  })

  it('mirror the indexes over columns, not unique, and follow the shape', async () => {
    const indexes = (): unknown[] =>
      place.query(
        'SELECT i.name, i."unique", group_concat(c.name) AS columns FROM pragma_index_list(\'users\') i, pragma_index_info(i.name) c GROUP BY i.name ORDER BY i.name',
      )
    await saveCommits(place, model, { shape: USERS, puts: [] })
    const key = { name: 'sqlite_autoindex_users_1', unique: 1, columns: 'id' }
    expect(indexes()).toEqual([
      key,
      { name: 'users~age', unique: 0, columns: 'age' },
      { name: 'users~name+age', unique: 0, columns: 'name,age' },
    ])
    await saveCommits(place, model, {
      shape: { ...USERS, indexes: [{ name: 'by name', fields: ['name'], kind: 'sorted', unique: true }] },
      puts: [],
    })
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
      (place.query('SELECT name, table_name FROM _buckets') as { name: string; table_name: string }[]).map(row => [
        row.name,
        row.table_name,
      ]),
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
    await saveCommits(place, model, { shape, puts: [{ _crc: 'k', _ord: 'a', _ORD: 'b', _extra: 'c', _nulls: null, _seq: 'd' }] })
    await visit(place, ({ state }) => expectHolds(state, model, 'own'))
  })

  it('have at most 500 columns; further fields are in _extra', async () => {
    const names = Array.from({ length: 620 }, (_, at) => `field ${at}`)
    const shape = shapeOf('wide', 'id', 'number', ['id:number', ...names.map(name => `${name}:number`)], ['field 610', 'field 3'])
    await saveCommits(place, model, { shape, puts: [Object.fromEntries([['id', 1], ...names.map((name, at) => [name, at] as const)])] })
    await visit(place, ({ state }) => expectHolds(state, model, 'wide'))
    expect(place.query("SELECT count(*) AS n FROM pragma_table_info('wide')")).toEqual([{ n: 510 }])
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
      expect(place.query('SELECT age FROM users')).toEqual([{ age: 41 }])
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

function hasShell(): boolean {
  try {
    execFileSync('sqlite3', ['-version'])
    return true
  } catch {
    return false
  }
}
