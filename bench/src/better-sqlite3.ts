/**
 * better-sqlite3: SQLite in the process, in memory and in a file; the quickest durable peer.
 *
 * 1 Columns and indexes as the standard record asks; tags are JSON text, taken apart when a record is read.
 * 2 Every statement is prepared once; a patch has one statement for each set of fields.
 * 3 The file is written with WAL and `synchronous = NORMAL`, its usual fast setting, in a folder that `close` removes.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Contender, ContenderKind, OpenOptions, Patch } from './contender.js'
import { FIELDS, type StandardRecord } from './standard-record.js'

type Row = Omit<StandardRecord, 'tags'> & { tags: string }

class BetterSqlite3 implements Contender {
  readonly #database: Database.Database
  readonly #folder: string | undefined
  readonly #get: Database.Statement<[string], Row>
  readonly #insert: Database.Statement<[Row]>
  readonly #whereOwner: Database.Statement<[string], Row>
  readonly #ageRange: Database.Statement<[number, number, number], Row>
  readonly #updates = new Map<string, Database.Statement<unknown[]>>()

  constructor(folder: string | undefined) {
    this.#folder = folder
    const database = new Database(folder === undefined ? ':memory:' : join(folder, 'bench.db'))
    this.#database = database
    if (folder !== undefined) database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    database.exec(`
      CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE, ownerId TEXT NOT NULL, role TEXT NOT NULL,
        age REAL NOT NULL, score REAL NOT NULL, createdAt REAL NOT NULL, tags TEXT NOT NULL);
      CREATE INDEX users_role ON users (role);
      CREATE INDEX users_owner ON users (ownerId);
      CREATE INDEX users_age ON users (age);`)
    this.#get = database.prepare('SELECT * FROM users WHERE id = ?')
    this.#insert = database.prepare(`INSERT INTO users (${FIELDS.join()}) VALUES (${FIELDS.map(field => `@${field}`).join()})`)
    this.#whereOwner = database.prepare('SELECT * FROM users WHERE ownerId = ?')
    this.#ageRange = database.prepare('SELECT * FROM users WHERE age BETWEEN ? AND ? ORDER BY age, rowid LIMIT ?')
  }

  get(id: string): StandardRecord | undefined {
    const row = this.#get.get(id)
    return row === undefined ? undefined : recordOf(row)
  }

  insert(record: StandardRecord): unknown {
    return this.#insert.run({ ...record, tags: JSON.stringify(record.tags) })
  }

  insertAll(records: readonly StandardRecord[]): void {
    this.#database.transaction(() => {
      for (const record of records) this.insert(record)
    })()
  }

  update(id: string, patch: Patch): unknown {
    const fields = Object.keys(patch)
    const name = fields.join()
    let statement = this.#updates.get(name)
    if (statement === undefined) {
      statement = this.#database.prepare<unknown[]>(`UPDATE users SET ${fields.map(field => `${field} = ?`).join()} WHERE id = ?`)
      this.#updates.set(name, statement)
    }
    const values: unknown[] = Object.values(patch).map(value => (Array.isArray(value) ? JSON.stringify(value) : value))
    values.push(id)
    const result = statement.run(...values)
    if (result.changes === 0) throw new Error(`id ${id} was not found`)
    return result
  }

  whereOwner(ownerId: string): StandardRecord[] {
    return this.#whereOwner.all(ownerId).map(recordOf)
  }

  ageRange(from: number, to: number, limit: number): StandardRecord[] {
    return this.#ageRange.all(from, to, limit).map(recordOf)
  }

  close(): void {
    this.#database.close()
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true })
  }
}

export const sqliteInMemory: ContenderKind = {
  name: 'better-sqlite3 :memory:',
  isAwaited: false,
  open: async options => openSqlite(undefined, options),
}

export const sqliteInFile: ContenderKind = {
  name: 'better-sqlite3 file',
  isAwaited: false,
  share: 0.1,
  open: async options => openSqlite(mkdtempSync(join(tmpdir(), 'bench-sqlite-')), options),
}

function openSqlite(folder: string | undefined, { records }: OpenOptions): BetterSqlite3 {
  const opened = new BetterSqlite3(folder)
  opened.insertAll(records)
  return opened
}

function recordOf(row: Row): StandardRecord {
  return { ...row, tags: JSON.parse(row.tags) }
}
