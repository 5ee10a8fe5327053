/**
 * Evolution: brings a bucket's table to the shape of a cut, inside the transaction that saves it.
 *
 * 1 Additive by itself: a new field adds a column and a new index an index; old rows keep what they hold in `_extra`.
 * 2 Another key, or another type of key, needs another key column. The rows are moved into a new table which takes the old
 *   one's name; views that others made over it go on. A record without the new key refuses the whole save.
 * 3 Everything happens in the caller's transaction, so a refused save leaves the old table as it was.
 */

import { type BucketShape, type Key, OptionError } from '@repertory/core'
import { NameScope, quoteName } from '../sql/name-scope.js'
import { growTable, keyFits, planTable } from '../sql/table-layout.js'
import { alterTable, BucketTable, createIndexes, createTable, dropTable } from './bucket-table.js'
import type { SqliteDatabase } from './driver.js'

/** SQLite has no limit; longer names help nobody. */
const NAME_BYTES_MAX = 200

/** Rows moved at a time. */
const MOVE_ROWS = 1024

/** The table for this shape, made or altered as needed; the same object comes back when nothing had to change. */
export function evolveTable(db: SqliteDatabase, before: BucketTable | undefined, shape: BucketShape): BucketTable {
  if (before === undefined) return makeTable(db, shape)
  if (!keyFits(before.layout.key, shape)) return rebuildTable(db, before, shape)
  const layout = growTable(before.layout, shape, schemaNames(db), NAME_BYTES_MAX)
  if (JSON.stringify(layout) === JSON.stringify(before.layout)) return before
  alterTable(db, before.layout, layout)
  return new BucketTable(db, shape.name, layout)
}

function makeTable(db: SqliteDatabase, shape: BucketShape): BucketTable {
  const layout = planTable(shape, schemaNames(db), NAME_BYTES_MAX)
  createTable(db, layout)
  createIndexes(db, layout.table, layout.indexes)
  return new BucketTable(db, shape.name, layout)
}

function rebuildTable(db: SqliteDatabase, before: BucketTable, shape: BucketShape): BucketTable {
  // Rows that stay may have keys of both types; a table that starts empty can be exact.
  const keyType = before.isEmpty() ? shape.keyType : 'either'
  const interim = planTable(shape, schemaNames(db), NAME_BYTES_MAX, keyType)
  createTable(db, interim)
  moveRows(before, new BucketTable(db, shape.name, interim), shape)
  dropTable(db, before.layout.table)
  // The old table's names are free again.
  const layout = planTable(shape, schemaNames(db), NAME_BYTES_MAX, keyType)
  db.exec(`ALTER TABLE ${quoteName(interim.table)} RENAME TO ${quoteName(layout.table)}`)
  createIndexes(db, layout.table, layout.indexes)
  return new BucketTable(db, shape.name, layout)
}

function moveRows(from: BucketTable, to: BucketTable, shape: BucketShape): void {
  const { name, key } = shape
  const keys = new Set<Key>()
  for (const rows of from.scan(MOVE_ROWS)) {
    for (const row of rows) {
      const stored = from.codec.decode(row)
      const value = stored.record[key]
      const isKey = typeof value === 'string' || typeof value === 'number'
      if (!isKey || keys.has(value)) {
        const was = `the record with ${from.layout.key.field} ${JSON.stringify(stored.record[from.layout.key.field])}`
        throw new OptionError(
          'key',
          `Bucket "${name}" cannot be keyed by "${key}": ${was} has ${isKey ? 'a value others have too' : 'none'}; mend it under the old key first`,
        )
      }
      keys.add(value)
      to.put(stored)
    }
  }
}

/** Every name in the file: tables and indexes share one space, those of others included. */
function schemaNames(db: SqliteDatabase): NameScope {
  const rows = db.prepare('SELECT name FROM sqlite_schema').raw().all() as [string][]
  return new NameScope(
    rows.map(([name]) => name),
    NAME_BYTES_MAX,
  )
}
