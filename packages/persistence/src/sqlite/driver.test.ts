import { describe, expect, it } from 'vitest'
import { type Installation, loadDriver, type SqliteDatabase } from './driver.js'

function installation(change: Partial<Installation>): Installation {
  const load = async (): Promise<never> => {
    throw new Error('the native part was loaded')
  }
  return { nodeVersion: '20.20.2', driverVersion: () => '12.11.1', load, ...change }
}

describe('the driver', () => {
  it('that is not installed is an OptionError that says what to install', async () => {
    await expect(loadDriver(installation({ driverVersion: () => undefined }))).rejects.toMatchObject({
      code: 'OPTION',
      message: 'sqlite() needs the package better-sqlite3, which is not installed; run: npm install better-sqlite3@12',
    })
  })

  it('that would crash this Node is refused before its code is loaded', async () => {
    await expect(loadDriver(installation({ driverVersion: () => '13.2.0' }))).rejects.toMatchObject({
      code: 'OPTION',
      message: expect.stringMatching(
        /^better-sqlite3 13\.2\.0 crashes the process on Node 20\.20\.2; run Node 22 or newer, or: npm install/,
      ),
    })
  })

  it('that does not load says so, with its reason', async () => {
    await expect(loadDriver(installation({}))).rejects.toMatchObject({
      code: 'OPTION',
      message: expect.stringMatching(/is installed but does not load; run: npm rebuild better-sqlite3 \(the native part was loaded\)/),
    })
  })

  it('of a newer release is taken on a newer Node', async () => {
    const opened: unknown[] = []
    class Database {
      constructor(...args: unknown[]) {
        opened.push(args)
      }
      close(): void {}
    }
    const load = async (): Promise<new () => SqliteDatabase> => Database as unknown as new () => SqliteDatabase
    const open = await loadDriver(installation({ driverVersion: () => '13.2.0', nodeVersion: '22.1.0', load }))
    open('x.db', { readonly: true })
    expect(opened).toEqual([
      [':memory:', {}],
      ['x.db', { readonly: true, timeout: 0 }],
    ])
  })

  it('that is installed here opens databases', async () => {
    const db = (await loadDriver())(':memory:', {})
    expect(db.prepare('SELECT 1 + 1 AS two').get()).toEqual({ two: 2 })
    db.close()
  })
})
