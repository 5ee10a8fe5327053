/**
 * Driver: finds better-sqlite3, refuses combinations that would crash, and shows the few calls that are used of it.
 *
 * 1 It is an optional peer: loaded when a database is opened, and a missing one is an `OptionError` that says what to install.
 * 2 Releases from 13 on end the process with a segmentation fault on Node 20, so the version is read from its package.json
 *   before its code is loaded.
 * 3 A native part that does not load (another Node, no build) is found here and not in the middle of a store.
 */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, OptionError } from '@repertory/core'

export interface SqliteStatement {
  run(...parameters: readonly unknown[]): { readonly changes: number }
  get(...parameters: readonly unknown[]): unknown
  all(...parameters: readonly unknown[]): unknown[]
  /** Rows as arrays of cells. */
  raw(): SqliteStatement
}

export interface SqliteDatabase {
  readonly inTransaction: boolean
  prepare(sql: string): SqliteStatement
  exec(sql: string): unknown
  pragma(text: string, options?: { readonly simple: boolean }): unknown
  close(): unknown
}

/** Opens a database file. `timeout: 0` on every use: waiting is done without blocking the event loop. */
export type OpenSqlite = (path: string, options: { readonly readonly?: boolean; readonly fileMustExist?: boolean }) => SqliteDatabase

/** What is known of an installed package before its code runs, and how to run it. Tests put their own here. */
export interface Installation {
  readonly nodeVersion: string
  /** The version, or `undefined` when it is not installed. */
  driverVersion(): string | undefined
  load(): Promise<new (path: string, options: object) => SqliteDatabase>
}

/** From this release on the driver needs the Node release below. */
const DRIVER_MAJOR_WITH_CRASH = 13
const NODE_MAJOR_WITHOUT_CRASH = 22

const installed: Installation = {
  nodeVersion: process.versions.node,
  driverVersion: () => installedVersion('better-sqlite3'),
  load: async () => (await import('better-sqlite3')).default,
}

export async function loadDriver(installation: Installation = installed): Promise<OpenSqlite> {
  const version = installation.driverVersion()
  if (version === undefined) {
    throw new OptionError(
      'persistence',
      'sqlite() needs the package better-sqlite3, which is not installed; run: npm install better-sqlite3@12',
    )
  }
  if (major(version) >= DRIVER_MAJOR_WITH_CRASH && major(installation.nodeVersion) < NODE_MAJOR_WITHOUT_CRASH) {
    throw new OptionError(
      'persistence',
      `better-sqlite3 ${version} crashes the process on Node ${installation.nodeVersion}; run Node ${NODE_MAJOR_WITHOUT_CRASH} or newer, or: npm install better-sqlite3@12`,
    )
  }
  try {
    const Database = await installation.load()
    new Database(':memory:', {}).close()
    return (path, options) => new Database(path, { ...options, timeout: 0 })
  } catch (error) {
    throw new OptionError(
      'persistence',
      `better-sqlite3 ${version} is installed but does not load; run: npm rebuild better-sqlite3 (${describe(error)})`,
      {
        cause: error,
      },
    )
  }
}

function major(version: string): number {
  return Number.parseInt(version, 10)
}

/** Reads the version without running the package; `undefined` when it cannot be found. */
function installedVersion(name: string): string | undefined {
  let folder: string
  try {
    folder = dirname(createRequire(import.meta.url).resolve(name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
  for (; ; folder = dirname(folder)) {
    const manifest = readManifest(join(folder, 'package.json'))
    if (manifest?.name === name) return manifest.version
    if (folder === dirname(folder)) return undefined
  }
}

function readManifest(path: string): { readonly name?: string; readonly version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as { readonly name?: string; readonly version?: string }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
