/**
 * Table layout: which field of a bucket lives in which column of which table.
 *
 * 1 A declared scalar field gets a column of its type; everything else, and every value that does not fit its column,
 *   goes to `_extra`. So a layout is about where things are found, never about what may be kept.
 * 2 Layouts only grow. A field keeps its column and the column its type for as long as the table lives, whatever the
 *   schema says later: rows written before need no rewriting, and nothing is lost by going back.
 * 3 Only the key may force a new table (`keyFits`): a key column cannot take keys of a type it was not made for.
 * 4 Names come from a `NameScope`, so any field name works; the layout is stored with the table and is the only way back.
 * 5 Indexes are mirrored for the reader of the table: over columns only, never unique (a legal swap would be refused row by row).
 */

import type { BucketShape } from '@repertory/core'
import { NameScope } from './name-scope.js'

export type ColumnType = 'string' | 'number' | 'boolean' | 'date'

export interface ColumnLayout {
  readonly field: string
  readonly column: string
  readonly type: ColumnType
}

export interface KeyLayout {
  readonly field: string
  readonly column: string
  /** `either` keeps `s:…` and `n:…`. */
  readonly type: 'string' | 'number' | 'either'
}

export interface IndexLayout {
  /** The name in SQL. */
  readonly index: string
  readonly columns: readonly string[]
}

export interface TableLayout {
  readonly table: string
  readonly key: KeyLayout
  /** In the order they were added. */
  readonly columns: readonly ColumnLayout[]
  readonly indexes: readonly IndexLayout[]
}

/** Columns every table has beside its key and its fields, in the order of a row's cells. */
export const OWN_COLUMNS = ['_crc', '_ord', '_seq', '_version', '_created_at', '_updated_at', '_expires_at', '_extra', '_nulls'] as const

/** Fields beyond these stay in `_extra`: well under every engine's limit (MySQL 1,017, PostgreSQL 1,600, SQLite 2,000). */
const COLUMNS_MAX = 500

/** A layout for a bucket that has no table yet. `names` are those of the database, tables and indexes alike. */
export function planTable(
  shape: BucketShape,
  names: NameScope,
  nameBytesMax: number,
  keyType: KeyLayout['type'] = shape.keyType,
): TableLayout {
  const key: KeyLayout = { field: shape.key, column: new NameScope(OWN_COLUMNS, nameBytesMax).claim(shape.key), type: keyType }
  return growTable({ table: names.claim(shape.name), key, columns: [], indexes: [] }, shape, names, nameBytesMax)
}

/** The layout after a change of schema: new columns behind the old ones, the indexes of the new shape. */
export function growTable(stored: TableLayout, shape: BucketShape, names: NameScope, nameBytesMax: number): TableLayout {
  const columns = [...stored.columns]
  const known = new Set([stored.key.field, ...columns.map(column => column.field)])
  const columnNames = new NameScope([...OWN_COLUMNS, stored.key.column, ...columns.map(column => column.column)], nameBytesMax)
  for (const { name, type } of shape.fields) {
    if (type === 'other' || known.has(name) || columns.length >= COLUMNS_MAX) continue
    known.add(name)
    columns.push({ field: name, column: columnNames.claim(name), type })
  }
  const indexes = planIndexes({ ...stored, columns }, shape, names)
  return { table: stored.table, key: stored.key, columns, indexes }
}

/** Whether the key column of a table can take the keys of this shape. */
export function keyFits(key: KeyLayout, shape: BucketShape): boolean {
  return key.field === shape.key && (key.type === shape.keyType || key.type === 'either')
}

function planIndexes(layout: TableLayout, shape: BucketShape, names: NameScope): IndexLayout[] {
  const columnOf = new Map([layout.key, ...layout.columns].map(({ field, column }) => [field, column]))
  const kept = new Map(layout.indexes.map(index => [identity(index.columns), index]))
  const planned = new Map<string, IndexLayout>()
  for (const index of shape.indexes) {
    const columns = index.fields.flatMap(field => columnOf.get(field) ?? [])
    // The key has its own unique index; a field without a column cannot be indexed here.
    if (columns.length < index.fields.length || (columns.length === 1 && columns[0] === layout.key.column)) continue
    const id = identity(columns)
    if (planned.has(id)) continue
    planned.set(id, kept.get(id) ?? { index: names.claim(`${layout.table}~${index.name}`), columns })
  }
  return [...planned.values()]
}

/** Two indexes over the same columns are one. */
function identity(columns: readonly string[]): string {
  return JSON.stringify(columns)
}
