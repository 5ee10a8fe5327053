/**
 * Database path: the file a path stands for, and its folder.
 *
 * 1 Two spellings of one file (relative, through symbolic links) give one canonical path, so that they meet at one lock.
 * 2 Paths that SQLite or its driver would take for something else (in-memory, temporary, URI, trimmed) are refused.
 * 3 Missing folders are made, and made durable: a file is as lasting as the entry that names it.
 */

import { closeSync, fsyncSync, mkdirSync, openSync, realpathSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { OptionError } from '@repertory/core'

/** Which file a name stood for at some moment. */
export interface FileIdentity {
  readonly device: number
  readonly inode: number
}

/** The absolute path. Reads no file. */
export function absolutePath(path: string): string {
  const refuse = (found: string, remedy: string): OptionError => new OptionError('path', `sqlite({path}) got ${found}; ${remedy}`)
  if (typeof path !== 'string' || path.trim() === '') throw refuse('no path', "give the file its place, such as './data/store.db'")
  if (path === ':memory:') throw refuse('":memory:"', 'use memory() to keep nothing on disk, or give a file')
  if (path.startsWith('file:'))
    throw refuse(`the URL ${JSON.stringify(path)}`, 'give a plain path (fileURLToPath turns one into the other)')
  if (path.includes('\0')) throw refuse(`${JSON.stringify(path)}, which holds U+0000`, 'give a plain path')
  const absolute = resolve(path)
  if (absolute !== absolute.trim()) throw refuse(`${JSON.stringify(path)}, which ends in white space`, 'choose another name')
  return absolute
}

/** Makes the folders, and follows symbolic links to the file's one canonical path. */
export function canonicalPath(absolute: string): string {
  const folder = dirname(absolute)
  const firstMade = mkdirSync(folder, { recursive: true })
  if (firstMade !== undefined) for (let made = folder; made.length >= dirname(firstMade).length; made = dirname(made)) syncFolder(made)
  const found = statSync(absolute, { throwIfNoEntry: false })
  if (found === undefined) return join(realpathSync(folder), basename(absolute))
  if (!found.isFile()) {
    const kind = found.isDirectory() ? 'a folder' : 'not a regular file'
    throw new OptionError('path', `${absolute} is ${kind}; sqlite({path}) needs the name of a file, which is made when it is not there`)
  }
  return realpathSync(absolute)
}

/** The file that has this name now; `undefined` when there is none. */
export function identify(path: string): FileIdentity | undefined {
  const found: Stats | undefined = statSync(path, { throwIfNoEntry: false })
  return found === undefined ? undefined : { device: found.dev, inode: found.ino }
}

/** Bytes in the file; 0 when there is none. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function syncFolder(path: string): void {
  // Windows cannot open a folder, and needs no such call.
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
