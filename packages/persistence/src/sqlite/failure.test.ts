import { describe, expect, it } from 'vitest'
import { asStoreError, isBusy } from './failure.js'

const failure = (code: string, message = 'what the driver said'): Error => Object.assign(new Error(message), { code })

describe('a failure of SQLite or the file system', () => {
  it.each([
    ['SQLITE_FULL', 'write', 'UNAVAILABLE', /^a\.db cannot grow: the disk is full; free some space, the same save can be repeated$/],
    ['SQLITE_IOERR_FSYNC', 'write', 'UNAVAILABLE', /I\/O error \(SQLITE_IOERR_FSYNC\)/],
    ['SQLITE_BUSY', 'write', 'UNAVAILABLE', /locked by another program/],
    ['SQLITE_BUSY', 'open', 'LOCKED', /^a\.db is locked by another program; end its transaction/],
    ['SQLITE_BUSY_SNAPSHOT', 'write', 'UNAVAILABLE', /locked by another program/],
    ['SQLITE_NOMEM', 'write', 'UNAVAILABLE', /out of memory/],
    ['SQLITE_READONLY', 'open', 'OPTION', /cannot be opened for writing \(what the driver said\); check that/],
    ['SQLITE_READONLY_DBMOVED', 'write', 'UNAVAILABLE', /cannot be opened for writing/],
    ['SQLITE_CANTOPEN', 'read', 'UNAVAILABLE', /cannot be read/],
    ['SQLITE_CORRUPT', 'read', 'CORRUPT', /^a\.db is damaged: what the driver said; stop its writers and restore it/],
    ['SQLITE_CORRUPT_INDEX', 'write', 'CORRUPT', /is damaged/],
    ['SQLITE_NOTADB', 'open', 'CORRUPT', /is not an SQLite database/],
    ['SQLITE_CONSTRAINT_TRIGGER', 'write', 'CORRUPT', /another program has altered the tables/],
    ['ENOSPC', 'open', 'UNAVAILABLE', /can be repeated/],
    ['EACCES', 'open', 'OPTION', /cannot be opened for writing/],
  ] as const)('%s (%s) becomes %s, with the file and a remedy', (code, phase, expected, sentence) => {
    const cause = failure(code)
    expect(asStoreError(cause, 'a.db', phase)).toMatchObject({ code: expected, message: expect.stringMatching(sentence), cause })
  })

  it('that only a mistake of ours can cause stays what it is', () => {
    for (const error of [failure('SQLITE_ERROR', 'near "SELCT": syntax error'), new TypeError('x'), 'a text', failure('ERR_ASSERTION')]) {
      expect(asStoreError(error, 'a.db', 'write')).toBe(error)
    }
  })

  it('is busy when others hold a lock, and only then', () => {
    expect(['SQLITE_BUSY', 'SQLITE_BUSY_RECOVERY', 'SQLITE_LOCKED', 'SQLITE_FULL', 'EBUSY'].map(code => isBusy(failure(code)))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ])
  })
})
