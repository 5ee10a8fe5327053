import type { StoredRecord } from '@repertory/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { text } from '../conformance/model.js'
import { HOSTILE, hostileRecords } from '../conformance/samples.js'
import { NameScope } from './name-scope.js'
import { createRowCodec, KEY, type RowCodec } from './row-codec.js'
import { planTable } from './table-layout.js'

const METADATA = { _version: 3, _createdAt: 1_700_000_000_000, _updatedAt: 1_700_000_000_001 }

function codecFor(keyType: 'string' | 'number' | 'either'): RowCodec {
  return createRowCodec('hostile', planTable({ ...HOSTILE, keyType }, new NameScope([], 100), 100))
}

const codec = codecFor('string')
const records: readonly StoredRecord[] = hostileRecords().map((fields, at) => ({
  record: { ...fields, ...METADATA },
  ord: at,
  seq: at * 2,
}))

describe('a row', () => {
  it('gives its record back exactly, and is intact', () => {
    for (const stored of records) {
      const cells = codec.encode(stored)
      expect(text(codec.decode(cells))).toBe(text(stored))
      expect([codec.isIntact(cells), codec.isReadable(cells), cells.length]).toEqual([true, true, codec.columns.length])
    }
  })

  it('is not intact when any one cell was changed', () => {
    const forged = fc.oneof(fc.string(), fc.double({ noNaN: true }), fc.constant(null))
    fc.assert(
      fc.property(fc.constantFrom(...records), fc.nat(), forged, (stored, place, cell) => {
        const cells = codec.encode(stored)
        const at = place % cells.length
        fc.pre(cells[at] !== cell)
        expect(codec.isIntact(cells.with(at, cell))).toBe(false)
      }),
      { seed: 20_261_120, numRuns: 1000 },
    )
  })

  it('has dates in one form as they were given, and as an instant for others to compare', () => {
    const at = codec.columns.indexOf('at')
    const instants = [new Date(5), 5, '1970-01-01T00:00:00.005Z', '1970-01-01T01:00:00.005+01:00', 5.5, 'no date'].map(
      given => codec.encode({ record: { id: 'a', at: given, ...METADATA }, ord: 1, seq: 1 })[at],
    )
    expect(instants).toEqual([5, 5, 5, 5, null, null])
  })

  it('that others wrote is readable only when each cell can be a value', () => {
    const cells = codec.encode(records[0]!)
    const unreadable: [number, unknown][] = [
      [codec.columns.indexOf('_ord'), 'text'],
      [codec.columns.indexOf('_version'), null],
      [codec.columns.indexOf('_expires_at'), 'soon'],
      [codec.columns.indexOf('_extra'), 5],
      [codec.columns.indexOf('text'), Buffer.from('blob')],
      [codec.columns.indexOf('number'), Number.POSITIVE_INFINITY],
      [KEY, null],
      [KEY, ''],
      [KEY, 5],
    ]
    for (const [at, cell] of unreadable) expect(codec.isReadable((cells as unknown[]).with(at, cell)), `${codec.columns[at]}`).toBe(false)
    expect(codec.isReadable((cells as unknown[]).with(codec.columns.indexOf('text'), 5))).toBe(true)
  })
})

describe('a key', () => {
  it('has a cell in columns of its type only', () => {
    const keys = ['1', 1, 'n:1', 1.5, -0, ''] as const
    expect(keys.map(key => codecFor('string').keyCell(key))).toEqual(['1', undefined, 'n:1', undefined, undefined, ''])
    expect(keys.map(key => codecFor('number').keyCell(key))).toEqual([undefined, 1, undefined, 1.5, 0, undefined])
    expect(keys.map(key => codecFor('either').keyCell(key))).toEqual(['s:1', 'n:1', 's:n:1', 'n:1.5', 'n:0', 's:'])
  })

  it('that others wrote into a column of both types is readable when it says its type', () => {
    const either = codecFor('either')
    const cells = either.encode(records[0]!)
    const readable = ['s:x', 's:\n', 'n:1', 'n:1e+21', 's:', 'n:', 'n:01', 'n:x', 'x', ''].filter(key =>
      either.isReadable((cells as unknown[]).with(KEY, key)),
    )
    expect(readable).toEqual(['s:x', 's:\n', 'n:1', 'n:1e+21'])
  })
})
