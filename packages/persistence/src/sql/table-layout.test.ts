import { describe, expect, it } from 'vitest'
import { shapeOf } from '../conformance/samples.js'
import { NameScope } from './name-scope.js'
import { growTable, keyFits, planTable } from './table-layout.js'

const names = (): NameScope => new NameScope([], 100)
const USERS = shapeOf(
  'users',
  'id',
  'string',
  ['id:string', 'Name:string', 'name:string', 'tags:other'],
  ['name', 'id', 'name+id', 'tags', 'name'],
)

describe('a table layout', () => {
  it('has a column for each scalar field, and indexes over columns', () => {
    expect(planTable(USERS, names(), 100)).toEqual({
      table: 'users',
      key: { field: 'id', column: 'id', type: 'string' },
      columns: [
        { field: 'Name', column: 'Name', type: 'string' },
        { field: 'name', column: 'name~2', type: 'string' },
      ],
      indexes: [
        { index: 'users~name', columns: ['name~2'] },
        { index: 'users~name+id', columns: ['name~2', 'id'] },
      ],
    })
  })

  it('only grows: columns stay where and what they are, whatever the shape says later', () => {
    const first = planTable(USERS, names(), 100)
    const later = shapeOf('users', 'id', 'string', ['tags:string', 'name:number'], ['tags'])
    const grown = growTable(first, later, names(), 100)
    expect(grown.columns).toEqual([...first.columns, { field: 'tags', column: 'tags', type: 'string' }])
    expect(grown.indexes).toEqual([{ index: 'users~tags', columns: ['tags'] }])
    expect(growTable(grown, later, names(), 100)).toEqual(grown)
  })

  it('keeps the name of an index that stays', () => {
    const first = planTable(USERS, new NameScope(['users~name'], 100), 100)
    expect(first.indexes[0]).toEqual({ index: 'users~name~2', columns: ['name~2'] })
    expect(
      growTable(first, { ...USERS, indexes: [{ name: 'other', fields: ['name'], kind: 'sorted', unique: true }] }, names(), 100).indexes,
    ).toEqual([{ index: 'users~name~2', columns: ['name~2'] }])
  })

  it('can take keys of its own type, and of both types when it was made for both', () => {
    const { key } = planTable(USERS, names(), 100)
    const both = planTable({ ...USERS, keyType: 'either' }, names(), 100).key
    const shapes = [USERS, { ...USERS, keyType: 'either' as const }, { ...USERS, key: 'name' }]
    expect(shapes.map(shape => keyFits(key, shape))).toEqual([true, false, false])
    expect(shapes.map(shape => keyFits(both, shape))).toEqual([true, true, false])
  })
})
