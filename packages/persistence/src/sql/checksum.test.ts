import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Cell, checksum, checksumSeed } from './checksum.js'

const SEED = checksumSeed('users')
const cell = fc.oneof(fc.string({ unit: 'binary' }), fc.double({ noNaN: true }), fc.constant(null))

describe('the checksum of a row', () => {
  it('is an unsigned 32-bit number, the same in every release', () => {
    expect(checksum(SEED, ['ann', 41, null, 'x', 0.5], 0)).toBe(2480533459)
  })

  it('moves when one cell changes', () => {
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 8 }), fc.nat(), cell, (cells, place, other) => {
        const at = place % cells.length
        fc.pre(!Object.is(cells[at], other) && !(cells[at] === 0 && other === 0))
        const changed = cells.with(at, other)
        expect(checksum(SEED, changed, 0)).not.toBe(checksum(SEED, cells, 0))
      }),
      // A random pair meets by chance once in 2^32.
      { seed: 20_261_120, numRuns: 2000 },
    )
  })

  it('stays when empty columns are added, and moves when a value moves to another column or table', () => {
    const cells: Cell[] = ['a', 1, null, 'b']
    expect(checksum(SEED, [...cells, null, null], 0)).toBe(checksum(SEED, cells, 0))
    expect(checksum(SEED, ['a', 1, 'b', null], 0)).not.toBe(checksum(SEED, cells, 0))
    expect(checksum(checksumSeed('Users'), cells, 0)).not.toBe(checksum(SEED, cells, 0))
  })

  it('never matches for cells of other types', () => {
    expect([Buffer.from('a'), true, 1n, undefined].map(odd => checksum(SEED, [odd], 0))).toEqual([-1, -1, -1, -1])
  })
})
