import { type Commit, compileSchema, Database, shapeOf } from '@repertory/core'
import { describe, expect, it } from 'vitest'
import { CommitLine } from './commit-line.js'
import { Dispatcher } from './dispatcher.js'
import { createDraw } from './ids.js'
import { USERS } from './store.harness.js'
import { TurnGate } from './turn-gate.js'
import { createVirtualClock } from './virtual-clock.js'

function rig(recordsMax = Number.POSITIVE_INFINITY) {
  const clock = createVirtualClock({ startMs: 1000 })
  const database = new Database({ draw: createDraw(() => 0.5) })
  const schema = compileSchema('users', USERS)
  const image = database.define({ shape: shapeOf('users', USERS, schema), schema, order: 'insertion', isPersistent: true })
  const log: string[] = []
  const consumer = { hasListeners: true, deliver: ({ seq }: Commit) => log.push(`delivered ${seq}`) }
  const dispatcher = new Dispatcher(clock, new TurnGate(clock), [consumer as never])
  const sink = { committed: ({ seq }: Commit) => log.push(`saver ${seq}`) }
  const line = new CommitLine({ database, clock, dispatcher, recordsMax, sink: sink as never })
  return { clock, database, image, log, line, dispatcher }
}

describe('a commit', () => {
  it('is told to the savers in its turn, to consumers after it, and carries what the caller gave', async () => {
    const { line, image, log, dispatcher } = rig()
    const commit = line.commit([{ type: 'insert', image, data: { id: 'a' } }], { by: 'ann', reason: undefined, timeoutMs: 5 })
    expect(log).toEqual(['saver 1'])
    await dispatcher.delivered()
    expect(log).toEqual(['saver 1', 'delivered 1'])
    expect(commit).toMatchObject({ seq: 1, at: 1000, attribution: { by: 'ann' } })
    expect(Object.keys(commit!.attribution)).toEqual(['by'])
  })

  it('that changes nothing, or is refused, is told to nobody', async () => {
    const { line, image, log, database } = rig()
    expect(line.commit([{ type: 'delete', image, key: 'absent', expect: undefined }], undefined)).toBe(undefined)
    expect(line.clear(image, 'cleared', undefined)).toBe(undefined)
    expect(() => line.commit([{ type: 'insert', image, data: { id: 5 } }], undefined)).toThrow(
      expect.objectContaining({ code: 'VALIDATION' }),
    )
    expect([log, database.seq]).toEqual([[], 0])
  })

  it('beyond the records a store may hold is refused before it is checked; deletions make room', () => {
    const { line, image, log } = rig(2)
    const insert = (id: string) => ({ type: 'insert', image, data: { id } }) as const
    line.commit([insert('a'), insert('b')], undefined)
    expect(() => line.commit([insert('c')], undefined)).toThrow(expect.objectContaining({ code: 'OVERLOADED' }))
    line.commit([{ type: 'update', image, key: 'a', patch: { age: 1 }, expect: undefined }], undefined)
    line.commit([{ type: 'delete', image, key: 'a', expect: undefined }], undefined)
    line.commit([insert('c')], undefined)
    expect([log.length, image.count]).toEqual([4, 2])
  })

  it('is never dated before the one before it', async () => {
    let nowMs = 5000
    const { database, image } = rig()
    const line = new CommitLine({
      database,
      clock: { ...createVirtualClock(), now: () => nowMs },
      dispatcher: { publish: () => undefined } as never,
      recordsMax: Number.POSITIVE_INFINITY,
      sink: undefined,
    })
    const at = (id: string): number | undefined => line.commit([{ type: 'insert', image, data: { id } }], undefined)?.at
    const first = at('a')
    nowMs = 10
    expect([first, at('b')]).toEqual([5000, 5000])
  })
})
