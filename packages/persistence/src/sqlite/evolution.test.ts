import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { expectHolds } from '../conformance/clause.js'
import { Model } from '../conformance/model.js'
import { visit } from '../conformance/place.js'
import { shapeOf } from '../conformance/samples.js'
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

describe('a change of shape', () => {
  it('adds columns and leaves old rows as they are', async () => {
    const narrow = shapeOf('users', 'id', 'string', ['id:string'])
    await saveCommits(place, model, { shape: narrow, puts: [{ id: 'old', age: 1 }] }, { shape: USERS, puts: [{ id: 'new', age: 2 }] })
    expect(place.query('SELECT id, age, _extra FROM users')).toEqual([
      { id: 'old', age: null, _extra: '{"age":1}' },
      { id: 'new', age: 2, _extra: null },
    ])
    await visit(place, ({ state }) => expectHolds(state, model, 'users'))
  })

  it('keeps the column of a field whose type changed, and what does not fit it in _extra', async () => {
    const retyped = shapeOf('users', 'id', 'string', ['id:string', 'age:string', 'born:other', 'name:date'])
    await saveCommits(
      place,
      model,
      { shape: USERS, puts: [{ id: 'a', age: 1, name: 'x' }] },
      { shape: retyped, puts: [{ id: 'b', age: '1', born: [1], name: new Date(1) }] },
    )
    expect(place.query("SELECT age, born, name, _extra FROM users WHERE id = 'b'")).toEqual([
      { age: null, born: null, name: null, _extra: '{"age":"1","born":[1],"name":{"$date":1}}' },
    ])
    await visit(place, ({ state }) => expectHolds(state, model, 'users'))
  })

  it('moves the rows to a new table when keys get another type, and views go on', async () => {
    const numbered = shapeOf('items', 'id', 'number', ['id:number', 'name:string'], ['name'])
    await saveCommits(place, model, {
      shape: numbered,
      puts: [
        { id: 1, name: 'x' },
        { id: 2.5, name: 'y' },
      ],
    })
    place.edit('CREATE VIEW names AS SELECT name FROM items')
    await saveCommits(place, model, { shape: { ...numbered, keyType: 'either' }, puts: [{ id: '1', name: 'z' }] })
    expect(place.query('SELECT id, _ord FROM items')).toEqual([
      { id: 'n:1', _ord: 1 },
      { id: 'n:2.5', _ord: 2 },
      { id: 's:1', _ord: 3 },
    ])
    expect(place.query('SELECT * FROM names')).toEqual([{ name: 'x' }, { name: 'y' }, { name: 'z' }])
    await visit(place, ({ state }) => expectHolds(state, model, 'items'))
  })

  it('to another key field is refused when records lack that key or share it, and leaves everything as it was', async () => {
    await saveCommits(place, model, { shape: USERS, puts: [{ id: 'a', name: 'x' }, { id: 'b', name: 'x' }, { id: 'c' }] })
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
