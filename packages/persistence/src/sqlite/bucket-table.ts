/**
 * Bucket table: one bucket's rows as SQL, and the statements that read and write them.
 *
 * 1 `_ord` is the rowid: a load is one walk through the table in order, an insert an append.
 * 2 The key is unique and compared binary. A put replaces whatever has its key or its `_ord`, so that two records may even
 *   swap places within one cut.
 * 3 Everything that others might leave out when they insert a row has a default; `_crc` has none, so such a row is noticed.
 * 4 Statements are prepared on first use and kept; SQL text is made of quoted names from the layout, values are bound.
 */

import type { Key, StoredRecord } from '@repertory/core'
import { quoteName } from '../sql/name-scope.js'
import { createRowCodec, type RowCodec } from '../sql/row-codec.js'
import type { ColumnType, IndexLayout, KeyLayout, TableLayout } from '../sql/table-layout.js'
import type { SqliteDatabase, SqliteStatement } from './driver.js'

const COLUMN_TYPE: { readonly [type in ColumnType]: string } = { string: 'TEXT', number: 'REAL', boolean: 'BOOLEAN', date: 'INTEGER' }
const KEY_TYPE: { readonly [type in KeyLayout['type']]: string } = { string: 'TEXT', either: 'TEXT', number: 'NUMERIC' }

/** Works in every SQLite, so that an old shell can insert rows. */
const NOW_MS = "(CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))"

export class BucketTable {
  readonly layout: TableLayout
  readonly codec: RowCodec
  readonly #db: SqliteDatabase
  #put: SqliteStatement | undefined
  #replace: SqliteStatement | undefined
  #remove: SqliteStatement | undefined

  constructor(db: SqliteDatabase, bucket: string, layout: TableLayout) {
    this.#db = db
    this.layout = layout
    this.codec = createRowCodec(bucket, layout)
  }

  put(stored: StoredRecord): void {
    const cells = this.codec.encode(stored)
    this.#put ??= this.#db.prepare(this.#upsert())
    if (this.#put.run(cells).changes > 0) return
    this.#replace ??= this.#db.prepare(this.#insertOrReplace())
    this.#replace.run(cells)
  }

  remove(key: Key): void {
    const cell = this.codec.keyCell(key)
    if (cell === undefined) return
    this.#remove ??= this.#db.prepare(`DELETE FROM ${this.#name} WHERE ${quoteName(this.layout.key.column)} = ?`)
    this.#remove.run(cell)
  }

  clear(): void {
    this.#db.exec(`DELETE FROM ${this.#name}`)
  }

  isEmpty(): boolean {
    return this.#db.prepare(`SELECT 1 FROM ${this.#name} LIMIT 1`).get() === undefined
  }

  /** All rows in `_ord`, so many at a time, as one read transaction of the connection sees them. */
  *scan(rowsMax: number): Generator<readonly (readonly unknown[])[], void, void> {
    const select = this.#db.prepare(`SELECT ${this.#columns} FROM ${this.#name} WHERE _ord > ? ORDER BY _ord LIMIT ${rowsMax}`).raw()
    let after = Number.MIN_SAFE_INTEGER
    for (;;) {
      const rows = select.all(after) as unknown[][]
      if (rows.length > 0) yield rows
      if (rows.length < rowsMax) return
      after = rows.at(-1)![this.codec.columns.indexOf('_ord')] as number
    }
  }

  /** In place when the record keeps its `_ord`, which spares the index of the key; no change when it does not. */
  #upsert(): string {
    const key = quoteName(this.layout.key.column)
    const others = this.codec.columns.map(column => quoteName(column)).filter(column => column !== key && column !== '"_ord"')
    const changes = others.map(column => `${column} = excluded.${column}`).join(', ')
    return `${this.#insertOrReplace()} ON CONFLICT (${key}) DO UPDATE SET ${changes} WHERE _ord = excluded._ord`
  }

  #insertOrReplace(): string {
    return `INSERT OR REPLACE INTO ${this.#name} (${this.#columns}) VALUES (${this.codec.columns.map(() => '?').join()})`
  }

  get #name(): string {
    return quoteName(this.layout.table)
  }

  get #columns(): string {
    return this.codec.columns.map(column => quoteName(column)).join(', ')
  }
}

/** Makes the table of a layout; its indexes apart. */
export function createTable(db: SqliteDatabase, { table, key, columns }: TableLayout): void {
  const own = [
    '_ord INTEGER PRIMARY KEY',
    '_seq INTEGER NOT NULL DEFAULT 0',
    '_version INTEGER NOT NULL DEFAULT 1',
    `_created_at INTEGER NOT NULL DEFAULT ${NOW_MS}`,
    `_updated_at INTEGER NOT NULL DEFAULT ${NOW_MS}`,
    '_expires_at INTEGER',
    '_extra TEXT',
    '_nulls TEXT',
    '_crc INTEGER',
  ]
  const fields = columns.map(({ column, type }) => `${quoteName(column)} ${COLUMN_TYPE[type]}`)
  const lines = [`${quoteName(key.column)} ${KEY_TYPE[key.type]} NOT NULL UNIQUE`, ...fields, ...own]
  db.exec(`CREATE TABLE ${quoteName(table)} (\n  ${lines.join(',\n  ')}\n)`)
}

/** Brings a table from one layout to a later one of the same table. */
export function alterTable(db: SqliteDatabase, from: TableLayout, to: TableLayout): void {
  const table = quoteName(to.table)
  for (const { column, type } of to.columns.slice(from.columns.length)) {
    db.exec(`ALTER TABLE ${table} ADD COLUMN ${quoteName(column)} ${COLUMN_TYPE[type]}`)
  }
  const wanted = new Set(to.indexes.map(index => index.index))
  const present = new Set(from.indexes.map(index => index.index))
  for (const { index } of from.indexes) if (!wanted.has(index)) db.exec(`DROP INDEX IF EXISTS ${quoteName(index)}`)
  createIndexes(
    db,
    to.table,
    to.indexes.filter(index => !present.has(index.index)),
  )
}

export function createIndexes(db: SqliteDatabase, table: string, indexes: readonly IndexLayout[]): void {
  for (const { index, columns } of indexes) {
    db.exec(`CREATE INDEX ${quoteName(index)} ON ${quoteName(table)} (${columns.map(column => quoteName(column)).join(', ')})`)
  }
}

export function dropTable(db: SqliteDatabase, table: string): void {
  db.exec(`DROP TABLE IF EXISTS ${quoteName(table)}`)
}
