import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addMark, recordMark, removeMark } from './fingerprint.js'
import { runs } from './property-runs.harness.js'

const anyMark = fc.tuple(fc.nat(), fc.nat()).map(([ord, seq]) => recordMark(ord, seq))

test('adding and removing commute, and what was added can be taken out again', () => {
  fc.assert(
    fc.property(fc.array(anyMark), fc.array(anyMark), (kept, gone) => {
      const sum = [...gone, ...kept].reduce(addMark, 0)
      expect(gone.reduce(removeMark, sum)).toBe(kept.reduce(addMark, 0))
      expect([...kept, ...gone].reverse().reduce(addMark, 0)).toBe(sum)
      expect(Number.isInteger(sum) && sum >= 0 && sum < 2 ** 32).toBe(true)
    }),
    runs(300),
  )
})

test('marks of neighbours differ: another version, another record, the two exchanged', () => {
  const marks = new Set<number>()
  for (let ord = 0; ord < 300; ord++) for (let seq = 0; seq < 300; seq++) marks.add(recordMark(ord, seq))
  expect(marks.size).toBeGreaterThan(89_990)
  expect(addMark(recordMark(1, 2), recordMark(3, 4))).not.toBe(addMark(recordMark(1, 4), recordMark(3, 2)))
  expect(recordMark(2 ** 32 + 1, 5)).not.toBe(recordMark(1, 5))
})
