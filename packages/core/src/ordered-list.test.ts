import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { OrderedDirectory } from './ordered-directory.js'
import { OrderedLeaf } from './ordered-leaf.js'
import { OrderedList } from './ordered-list.js'

type Scalar = number | string | boolean | null

const TYPE_RANK: Record<string, number> = { object: 0, boolean: 1, number: 2, string: 3 }

function compareScalars(left: Scalar, right: Scalar): number {
  const types = TYPE_RANK[typeof left]! - TYPE_RANK[typeof right]!
  if (types !== 0 || left === null || right === null) return types
  return left < right ? -1 : left > right ? 1 : 0
}

/** The same container, naively: a map that is sorted whenever somebody looks. */
class NaiveList {
  readonly values = new Map<number, Scalar>()
  readonly ords: readonly number[]

  constructor(ords: readonly number[]) {
    this.ords = ords
  }

  remove(value: Scalar, slot: number): boolean {
    const known = this.values.get(slot)
    return known !== undefined && compareScalars(known, value) === 0 && this.values.delete(slot)
  }

  rank(value: Scalar, edge: 'before' | 'after'): number {
    return [...this.values.values()].filter(known => compareScalars(known, value) < (edge === 'after' ? 1 : 0)).length
  }

  slots(from: number, to: number): number[] {
    const entries = [...this.values].sort(
      ([left, leftValue], [right, rightValue]) => compareScalars(leftValue, rightValue) || this.ords[left]! - this.ords[right]!,
    )
    return entries.slice(Math.max(from, 0), Math.max(to, 0)).map(([slot]) => slot)
  }
}

/** Ords that do not follow the slots: what reused slots look like. */
function scatteredOrds(count: number): number[] {
  return Array.from({ length: count }, (_, slot) => (slot * 7919) % 104_729)
}

function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 0x1_0000_0000
  }
}

function contents(list: OrderedList<Scalar>): number[] {
  const out: number[] = []
  list.read(0, list.size, out)
  return out
}

function expectEqualLists(list: OrderedList<Scalar>, naive: NaiveList): void {
  expect(list.check()).toBeUndefined()
  expect(list.size).toBe(naive.values.size)
  expect(contents(list)).toEqual(naive.slots(0, list.size))
}

const numbers = fc.oneof(
  fc.integer({ min: 0, max: 6 }),
  fc.double({ noNaN: true }).map(value => value + 0),
)
const scalars: fc.Arbitrary<Scalar> = fc.oneof(
  { weight: 12, arbitrary: numbers },
  fc.string({ maxLength: 2 }),
  fc.boolean(),
  fc.constant(null),
)

describe('an ordered list answers as a sorted array does', () => {
  for (const [kind, values] of [
    ['numbers', numbers],
    ['values of all types', scalars],
  ] as const) {
    test(`under random inserts and removes of ${kind}, with ranks and reads both ways`, () => {
      const edge = fc.integer({ min: -3, max: 620 })
      const run = { slot: fc.nat(540), count: fc.integer({ min: 1, max: 60 }) }
      const commands = fc.array(
        fc.oneof(
          {
            weight: 3,
            arbitrary: fc.record({ type: fc.constant('put' as const), ...run, values: fc.array(values, { minLength: 1, maxLength: 9 }) }),
          },
          { weight: 2, arbitrary: fc.record({ type: fc.constant('remove' as const), ...run }) },
          fc.record({ type: fc.constant('miss' as const), slot: fc.nat(599), value: values }),
          fc.record({ type: fc.constant('rank' as const), value: values, edge: fc.constantFrom('before' as const, 'after' as const) }),
          fc.record({ type: fc.constant('read' as const), from: edge, to: edge, max: fc.nat(300) }),
        ),
        { maxLength: 80, size: 'max' },
      )
      fc.assert(
        fc.property(commands, steps => {
          const ords = scatteredOrds(600)
          const naive = new NaiveList(ords)
          const list = new OrderedList<Scalar>({ compare: compareScalars, ordOf: slot => ords[slot]! })
          for (const step of steps) {
            if (step.type === 'put') {
              for (let slot = step.slot; slot < step.slot + step.count; slot++) {
                const old = naive.values.get(slot)
                if (old !== undefined) expect(list.remove(old, slot)).toBe(true)
                const value = step.values[slot % step.values.length]!
                list.insert(value, slot)
                naive.values.set(slot, value)
              }
            } else if (step.type === 'remove') {
              for (let slot = step.slot; slot < step.slot + step.count; slot++) {
                const old = naive.values.get(slot) ?? null
                expect(list.remove(old, slot)).toBe(naive.remove(old, slot))
              }
            } else if (step.type === 'miss') {
              expect(list.remove(step.value, step.slot)).toBe(naive.remove(step.value, step.slot))
            } else if (step.type === 'rank') {
              expect(list.rank(step.value, step.edge)).toBe(naive.rank(step.value, step.edge))
            } else {
              const slots = naive.slots(step.from, step.to)
              const forward: number[] = [-1]
              const backward: number[] = []
              const visited: number[] = []
              list.read(step.from, step.to, forward, step.max)
              list.readBackward(step.from, step.to, backward, step.max)
              list.visit(step.from, step.to, 'backward', slot => visited.push(slot) < step.max)
              expect(forward).toEqual([-1, ...slots.slice(0, step.max)])
              expect(backward).toEqual([...slots].reverse().slice(0, step.max))
              expect(visited).toEqual([...slots].reverse().slice(0, Math.max(step.max, 1)))
            }
            expectEqualLists(list, naive)
          }
        }),
        { numRuns: 150 },
      )
    })
  }

  test('with equal values spread over many leaves: ties stand by ord, and each entry is found again', () => {
    const ords = scatteredOrds(3_000)
    const naive = new NaiveList(ords)
    const list = new OrderedList<Scalar>({ compare: compareScalars, ordOf: slot => ords[slot]! })
    for (let slot = 0; slot < 3_000; slot++) {
      list.insert(slot % 3, slot)
      naive.values.set(slot, slot % 3)
    }
    expectEqualLists(list, naive)
    expect(list.rank(1, 'before')).toBe(1_000)
    expect(list.rank(1, 'after')).toBe(2_000)
    for (let slot = 0; slot < 3_000; slot++) {
      expect(list.remove((slot + 1) % 3, slot)).toBe(false)
      expect(list.remove(slot % 3, slot)).toBe(true)
    }
    expect(list.size).toBe(0)
    expect(list.check()).toBeUndefined()
  })

  test('at 100,000 entries, through growth, moves and shrinkage', () => {
    const random = randomNumbers(7)
    const count = 100_000
    const ords = scatteredOrds(count)
    const values = Array.from({ length: count }, () => Math.floor(random() * 5_000))
    const list = new OrderedList<number>({ compare: (left, right) => left - right, ordOf: slot => ords[slot]! })
    const alive = new Set<number>()
    const expectSorted = (): void => {
      expect(list.check()).toBeUndefined()
      const expected = [...alive].sort((left, right) => values[left]! - values[right]! || ords[left]! - ords[right]!)
      const found: number[] = []
      list.read(0, count, found)
      expect(found).toEqual(expected)
      const backward: number[] = []
      list.readBackward(0, count, backward)
      expect(backward).toEqual(expected.reverse())
    }
    for (let slot = 0; slot < count; slot++) {
      list.insert(values[slot]!, slot)
      alive.add(slot)
    }
    expectSorted()
    for (let step = 0; step < count; step++) {
      const slot = Math.floor(random() * count)
      expect(list.remove(values[slot]!, slot)).toBe(true)
      values[slot] = Math.floor(random() * 5_000)
      list.insert(values[slot]!, slot)
    }
    expectSorted()
    for (let slot = 0; slot < count; slot++) {
      if (slot % 97 === 0) continue
      list.remove(values[slot]!, slot)
      alive.delete(slot)
    }
    expectSorted()
  })
})

describe('building', () => {
  test('a list at once gives what single inserts give, sorted or not', () => {
    fc.assert(
      fc.property(
        fc.array(scalars, { maxLength: 700, size: 'max' }),
        fc.boolean(),
        fc.constantFrom('slots', 'scattered'),
        (values, isNumeric, kind) => {
          const all = isNumeric ? values.filter(value => typeof value === 'number') : values
          const ords = kind === 'slots' ? all.map((_, slot) => slot) : scatteredOrds(all.length)
          const naive = new NaiveList(ords)
          for (const [slot, value] of all.entries()) naive.values.set(slot, value)
          const list = new OrderedList<Scalar>({ compare: compareScalars, ordOf: slot => ords[slot]! })
          list.insert('gone', 0)
          list.load(
            all,
            all.map((_, slot) => slot),
          )
          expectEqualLists(list, naive)
        },
      ),
      { numRuns: 200 },
    )
  })

  test('a large list at once, then moving in it, keeps every invariant', () => {
    const random = randomNumbers(11)
    const values = Array.from({ length: 60_000 }, () => (random() - 0.5) * 10 ** Math.floor(random() * 40 - 20))
    const list = new OrderedList<number>({ compare: (left, right) => left - right, ordOf: slot => slot })
    list.load(
      values,
      values.map((_, slot) => slot),
    )
    expect(list.check()).toBeUndefined()
    const sorted = [...values].sort((left, right) => left - right)
    for (let at = 0; at < sorted.length; at += 1_001) expect(list.rank(sorted[at]!, 'before')).toBe(at)
    for (let slot = 0; slot < values.length; slot++) {
      expect(list.remove(values[slot]!, slot)).toBe(true)
      list.insert(-values[slot]!, slot)
    }
    expect(list.check()).toBeUndefined()
    expect(list.size).toBe(60_000)
  })

  test('clearing leaves an empty list that takes numbers again', () => {
    const list = new OrderedList<Scalar>({ compare: compareScalars, ordOf: slot => slot })
    list.insert('x', 1)
    list.clear()
    expect([list.size, list.check(), contents(list), list.rank('x', 'after')]).toEqual([0, undefined, [], 0])
    list.insert(2, 1)
    expect([list.size, list.check(), contents(list)]).toEqual([1, undefined, [1]])
  })
})

test('rankBy finds compound bounds by prefix', () => {
  const compare = (left: readonly number[], right: readonly number[]): number => left[0]! - right[0]! || left[1]! - right[1]!
  const list = new OrderedList<readonly number[]>({ compare, ordOf: slot => slot })
  for (let slot = 0; slot < 1_000; slot++) list.insert([slot % 10, Math.floor(slot / 10)], slot)
  expect(list.rankBy(value => value[0]! - 4)).toBe(400)
  expect(list.rankBy(value => (value[0]! > 4 ? 1 : -1))).toBe(500)
  expect(list.rankBy(value => value[0]! - 4 || value[1]! - 30)).toBe(430)
})

test('appending fills leaves, and removing most entries gives the leaves back', () => {
  const leaves = vi.spyOn(OrderedLeaf.prototype, 'split')
  const list = new OrderedList<number>({ compare: (left, right) => left - right, ordOf: slot => slot })
  for (let slot = 0; slot < 12_800; slot++) list.insert(slot, slot)
  expect(leaves).toHaveBeenCalledTimes(99)
  leaves.mockRestore()
  const joins = vi.spyOn(OrderedLeaf.prototype, 'absorb')
  for (let slot = 0; slot < 12_800; slot++) if (slot % 50 !== 0) list.remove(slot, slot)
  expect(list.size).toBe(256)
  expect(list.check()).toBeUndefined()
  expect(joins.mock.calls.length).toBeGreaterThan(90)
  joins.mockRestore()
})

describe('check finds planted damage', () => {
  let ords: number[]
  let list: OrderedList<Scalar>
  const leaves = new Set<OrderedLeaf<Scalar>>()
  const directories = new Set<OrderedDirectory<Scalar, OrderedLeaf<Scalar>>>()

  beforeEach(() => {
    leaves.clear()
    directories.clear()
    ords = Array.from({ length: 20_000 }, (_, slot) => slot)
    list = new OrderedList<Scalar>({ compare: compareScalars, ordOf: slot => ords[slot]! })
    const insertChild = OrderedDirectory.prototype.insert
    vi.spyOn(OrderedDirectory.prototype, 'insert').mockImplementation(function (this: never, at, child, ...rest) {
      directories.add(this)
      if (child instanceof OrderedLeaf) leaves.add(child as OrderedLeaf<Scalar>)
      insertChild.call(this, at, child, ...rest)
    })
    const slots = ords.map(ord => ord)
    list.load(
      slots.map(slot => Math.floor(slot / 50)),
      slots,
    )
    vi.restoreAllMocks()
    expect(list.check()).toBeUndefined()
  })

  afterEach(() => {
    vi.restoreAllMocks()
  })

  const leaf = (at: number): OrderedLeaf<Scalar> => [...leaves].filter(each => each.count > 0)[at]!
  const pages = (): OrderedDirectory<Scalar, OrderedLeaf<Scalar>>[] =>
    [...directories].filter(each => each.children[0] instanceof OrderedLeaf && each.sizes[0]! > 0)
  const root = (): OrderedDirectory<Scalar, OrderedLeaf<Scalar>> =>
    [...directories].filter(each => !(each.children[0] instanceof OrderedLeaf)).at(-1)!

  const damages: Record<string, () => void> = {
    'an ord that changed behind its back': () => {
      ords[725] = 1
    },
    'two slots in the wrong order': () => {
      const { slots } = leaf(3)
      ;[slots[4], slots[5]] = [slots[5]!, slots[4]!]
    },
    'a value that changed': () => {
      leaf(7).values[50] = 10_000
    },
    'a value that is not a number': () => {
      leaf(0).values[0] = Number.NaN
    },
    'a leaf that lost its last entry': () => {
      leaf(2).count--
    },
    'a leaf of the other kind': () => {
      leaf(5).generalise()
    },
    'a size in a page': () => {
      pages()[0]!.sizes[3]!++
    },
    'a size in the root': () => {
      root().sizes[1]!--
    },
    'a bound too low': () => {
      pages()[1]!.values[2] = 0
    },
    'a bound too high': () => {
      pages()[1]!.values[2] = 10_000
    },
    'a bound with the wrong ord': () => {
      pages()[0]!.ords[2]!--
    },
    'a page bound too low': () => {
      root().values[0] = -1
    },
    'a page that lost a leaf': () => {
      pages()[0]!.remove(1)
    },
    'two leaves swapped': () => {
      const { children } = pages()[2]!
      ;[children[1], children[2]] = [children[2]!, children[1]!]
    },
  }
  for (const [name, plant] of Object.entries(damages)) {
    test(name, () => {
      plant()
      expect(list.check()).toMatch(/leaf|page|entries/)
    })
  }
})
