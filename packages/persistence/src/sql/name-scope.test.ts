import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOSTILE_FIELDS } from '../conformance/samples.js'
import { foldName, NameScope, quoteName } from './name-scope.js'

describe('a name scope', () => {
  it('leaves tame names as they are, and numbers those that another engine would confuse', () => {
    const scope = new NameScope(['_ord'], 60)
    const given = ['users', 'Users', 'two words', 'é', 'e', 'É', '_ORD', 'users~2', '', 'a\0b', 'sqlite_stat1'].map(name =>
      scope.claim(name),
    )
    expect(given).toEqual(['users', 'Users~2', 'two words', 'é', 'e~2', 'É~3', '_ORD~2', 'users~2~2', 'unnamed', 'a_b', '~sqlite_stat1'])
  })

  it('gives names that differ after folding, within the bytes allowed, whatever was asked for', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE_FIELDS)), { maxLength: 60 }),
        wanted => {
          const scope = new NameScope([], 24)
          const given = wanted.map(name => scope.claim(name))
          expect(new Set(given.map(foldName)).size).toBe(wanted.length)
          for (const name of given) {
            expect(Buffer.byteLength(name)).toBeLessThanOrEqual(24)
            expect(name.isWellFormed()).toBe(true)
            expect(name).toMatch(/^\P{C}+$/u)
          }
        },
      ),
      { numRuns: 50 },
    )
  })

  it('doubles quotes in SQL text', () => {
    expect([quoteName('a"b'), quoteName('a`b', '`'), quoteName("a'b")]).toEqual(['"a""b"', '`a``b`', '"a\'b"'])
  })
})
