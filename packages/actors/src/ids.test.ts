import { describe, expect, it } from 'vitest'
import { createDraw } from './ids.js'
import { seededRandom } from './seeded-random.js'

const KINDS = ['uuid', 'uuidv7', 'cuid', 'nanoid'] as const
const FORMS = {
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  uuidv7: /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  cuid: /^c[0-9a-z]{24}$/,
  nanoid: /^[A-Za-z0-9_-]{21}$/,
}

describe.each(KINDS)('%s', kind => {
  it.each([
    ['the host', undefined],
    ['a seed', seededRandom(7)],
  ])('drawn from %s has its form and does not come twice in 10,000', (_, random) => {
    const draw = createDraw(random)
    const drawn = Array.from({ length: 10_000 }, () => draw(kind, 1_700_000_000_000))
    for (const id of drawn) expect(id).toMatch(FORMS[kind])
    expect(new Set(drawn).size).toBe(10_000)
  })

  it('drawn from one seed twice is the same', () => {
    const [one, other] = [createDraw(seededRandom(3)), createDraw(seededRandom(3))]
    for (let at = 0; at < 50; at++) expect(one(kind, at)).toBe(other(kind, at))
  })
})

it('uuidv7 sorts by time and says it', () => {
  const draw = createDraw(undefined)
  const times = [0, 1, 255, 256, 0xffffffff, 0x100000000, 1_700_000_000_000, 1_700_000_000_001, 2 ** 47]
  const drawn = times.map(ms => draw('uuidv7', ms))
  expect([...drawn].sort()).toEqual(drawn)
  expect(drawn.map(id => Number.parseInt(id.slice(0, 13).replace('-', ''), 16))).toEqual(times)
})
