import { expect, test } from 'vitest'
import { Unsaved } from './unsaved.js'

test('what was touched after a cut stays marked when the cut is saved', () => {
  const seqs = [1, 2, 3]
  const unsaved = new Unsaved()
  for (const slot of [0, 1, 2]) unsaved.mark(slot)
  unsaved.markDeleted('gone', 2)
  seqs[1] = 5
  unsaved.markDeleted('late', 4)
  expect(unsaved.clean(3, slot => seqs[slot]!)).toEqual([0, 2])
  expect([unsaved.slots, unsaved.deletions(), unsaved.isEmpty]).toEqual([[1], ['late'], false])
  expect(unsaved.clean(5, slot => seqs[slot]!)).toEqual([1])
  expect(unsaved.isEmpty).toBe(true)
})

test('a slot is marked once, and again after it was clean', () => {
  const unsaved = new Unsaved()
  for (const slot of [5, 5, 1000, 5]) unsaved.mark(slot)
  expect(unsaved.slots).toEqual([5, 1000])
  unsaved.clean(9, () => 1)
  unsaved.mark(5)
  expect([unsaved.slots, unsaved.isDirty(5), unsaved.isDirty(1000), unsaved.isDirty(7)]).toEqual([[5], true, false, false])
})

test('a clearing voids what was marked before, and is saved only with its own commit', () => {
  const unsaved = new Unsaved()
  unsaved.mark(1)
  unsaved.markDeleted('gone', 1)
  unsaved.markCleared(5)
  expect([unsaved.isCleared, unsaved.slots, unsaved.deletions(), unsaved.isEmpty]).toEqual([true, [], [], false])
  unsaved.clean(4, () => 1)
  expect(unsaved.isCleared).toBe(true)
  unsaved.clean(5, () => 1)
  expect(unsaved.isEmpty).toBe(true)
})

test('a clearing that is taken back leaves the marks as they were', () => {
  const unsaved = new Unsaved()
  unsaved.mark(1)
  unsaved.markDeleted('gone', 1)
  const kept = unsaved.keep()
  unsaved.markCleared(5)
  unsaved.mark(70)
  unsaved.restore(kept)
  expect([unsaved.isCleared, unsaved.slots, unsaved.deletions(), unsaved.isDirty(1), unsaved.isDirty(70)]).toEqual([
    false,
    [1],
    ['gone'],
    true,
    false,
  ])
})
