import { expect, it } from 'vitest'
import { progressText } from './progress.js'

it.each([
  [{ done: 0, total: 200, elapsedMs: 0 }, '  0 %   0 of 200   0/s   1 s left'],
  [{ done: 109_500, total: 171_075, elapsedMs: 3490 }, ' 64 %   109,500 of 171,075   31,400/s   2 s left'],
  [{ done: 5, total: 1000, elapsedMs: 1000 }, '  0 %   5 of 1,000   5/s   3 min 19 s left'],
  [{ done: 171_075, total: 171_075, elapsedMs: 5000 }, '100 %   171,075 of 171,075   34,200/s   1 s left'],
])('%j reads %s', (state, text) => {
  expect(progressText(state)).toBe(text)
})
