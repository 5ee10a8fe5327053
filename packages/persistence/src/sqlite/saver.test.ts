import { expect, it } from 'vitest'
import { Model } from '../conformance/model.js'
import { shapeOf } from '../conformance/samples.js'
import { createCatalog, raiseEpoch } from './catalog.js'
import { loadDriver, type SqliteDatabase } from './driver.js'
import { type SaveTarget, saveCut } from './saver.js'

const FIRST = shapeOf('users', 'id', 'string', ['id:string', 'name:string'])
const SECOND = shapeOf('users', 'id', 'string', ['id:string', 'name:string', 'age:number'])

it('a save whose commit succeeded and then seemed to fail is a success when it is repeated, and the next one builds on it', async () => {
  const db = (await loadDriver())(':memory:', {})
  let failing = true
  const forgetful = new Proxy(db, {
    get(_, name: keyof SqliteDatabase) {
      if (name !== 'exec') return typeof db[name] === 'function' ? (db[name] as () => unknown).bind(db) : db[name]
      return (sql: string) => {
        db.exec(sql)
        if (sql === 'COMMIT' && failing) throw new Error('the answer was lost')
      }
    },
  })
  const target: SaveTarget = {
    file: 'x.db',
    db: forgetful,
    busyTimeoutMs: 0,
    meta: raiseEpoch(db, createCatalog(db, 'id')),
    buckets: new Map(),
  }
  const model = new Model()
  const cut = model.cut(1, [{ shape: SECOND, puts: [{ id: 'a', age: 1 }] }])
  await expect(saveCut(target, cut)).rejects.toThrow('the answer was lost')
  failing = false
  await saveCut(target, cut)
  await saveCut(target, model.cut(1, [{ shape: FIRST, puts: [{ id: 'b', age: 2 }] }]))
  expect(db.prepare('SELECT id, age FROM users').all()).toEqual([
    { id: 'a', age: 1 },
    { id: 'b', age: 2 },
  ])
  db.close()
})
