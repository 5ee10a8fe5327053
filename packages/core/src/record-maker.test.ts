import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { anyValue } from './any-value.harness.js'
import { BUCKET_KINDS } from './bucket-kinds.harness.js'
import { withoutCodegen } from './codegen.js'
import { compileSchema } from './compile-schema.js'
import type { BucketDefinition } from './definition.js'
import type { Issue } from './errors.js'
import { REFUSED } from './hostile-value.harness.js'
import type { MakeContext } from './make-context.js'
import { runs } from './property-runs.harness.js'
import { RecordMaker } from './record-maker.js'
import type { RecordSchema } from './record-schema.js'
import type { StoreRecord } from './value.js'

interface Made {
  readonly record: StoreRecord | undefined
  readonly issues: readonly Issue[]
  readonly changed: number
  /** Names in the order in which the record has them. */
  readonly names: readonly string[]
}

type Make = (maker: RecordMaker, context: MakeContext) => StoreRecord | undefined

function made(maker: RecordMaker, make: Make): Made {
  const context: MakeContext = { now: 9, draw: kind => kind, autoincrement: 4, issues: [], changed: 0, begun: undefined }
  const record = make(maker, context)
  expect(context.begun).toBeUndefined()
  expect(record === undefined).toBe(context.issues.length > 0)
  if (record !== undefined) expect(Object.isFrozen(record)).toBe(true)
  return { record, issues: [...context.issues], changed: record === undefined ? 0 : context.changed, names: Object.keys(record ?? {}) }
}

/** The same schema with so many more fields that no fast path serves it. */
function widened(schema: RecordSchema): RecordSchema {
  const spare = { ...schema.fields[0]!, isRequired: false, isGenerated: false, fill: undefined }
  const spares = Array.from({ length: 31 }, (_, n) => ({ ...spare, name: `spare${n}` }))
  return { ...schema, fields: [...schema.fields, ...spares] }
}

/** Stands for a hostile value, which the property's own machinery could not bear. */
class Stand {
  readonly for: string
  constructor(name: string) {
    this.for = name
  }
}

/** Without the list that zod walks to its end, a billion holes, before the store sees it. */
const odd = fc.constantFrom(...Object.keys(REFUSED).filter(name => name !== 'list of a billion holes')).map(name => new Stand(name))

function withHostile(fields: object): object {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value instanceof Stand ? REFUSED[value.for]!() : value]))
}

const plans = fc.constantFrom(...BUCKET_KINDS).chain(kind => {
  const { key } = kind.definition
  const field = (good: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
    fc.oneof({ weight: 12, arbitrary: good }, { weight: 1, arbitrary: anyValue }, { weight: 1, arbitrary: odd })
  const fields = Object.fromEntries(Object.entries(kind.fields).map(([name, good]) => [name, field(good)]))
  const others = fc.dictionary(fc.constantFrom('x', 'y', 'valueOf', '_no', '__proto__', 'a.b'), anyValue, { maxKeys: 1 })
  const data = fc
    .tuple(
      fc.record({ [key]: kind.key, ...fields }, { requiredKeys: [key] }),
      fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: others }),
    )
    .map(([one, two]) => ({ ...one, ...two }))
  const patch = fc
    .tuple(fc.record(fields, { requiredKeys: [] }), fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: others }))
    .map(([one, two]) => ({ ...two, ...one }))
  return fc.record({
    kind: fc.constant({ definition: kind.definition, [fc.toStringMethod]: () => key }),
    data: fc.array(data, { minLength: 1, maxLength: 4 }),
    patches: fc.array(patch, { maxLength: 3 }),
  })
})

/** All inserts, the patches on the first that succeeds, and what a backend would give back. */
function makeAll(schema: RecordSchema, data: readonly object[], patches: readonly object[]): Made[] {
  const maker = new RecordMaker(schema)
  const inserts = data.map(input => made(maker, (to, context) => to.insert(withHostile(input), context)))
  const all = [...inserts]
  let current = inserts.find(({ record }) => record !== undefined)?.record
  for (const patch of patches) {
    const before = current
    if (before === undefined) break
    const next = made(maker, (to, context) => to.patch(before, withHostile(patch), context))
    all.push(next)
    current = next.record ?? before
    all.push(made(maker, to => to.restore(before, false, [])))
    expect(all.at(-1)!.record).toEqual(before)
  }
  return all
}

test('the fast path, the wide path and closures make the same records, of the same fields in the same order, or refuse alike', () => {
  fc.assert(
    fc.property(plans, ({ kind, data, patches }) => {
      const schema = compileSchema('things', kind.definition)
      const fast = makeAll(schema, data, patches)
      expect(withoutCodegen(() => makeAll(schema, data, patches))).toEqual(fast)
      expect(makeAll(widened(schema), data, patches)).toEqual(fast)
    }),
    runs(300),
  )
})

const person: BucketDefinition = {
  key: 'id',
  schema: {
    id: { type: 'string', required: true },
    n: { type: 'number', required: true },
    list: { type: 'array' },
    tag: { type: 'string', default: 'x' },
  },
}

function maker(definition: BucketDefinition = person): RecordMaker {
  return new RecordMaker(compileSchema('things', definition))
}

const insert = (input: unknown, to: RecordMaker = maker()): Made => made(to, (m, context) => m.insert(input, context))

test('fields stand in schema order, undeclared ones after them, metadata last', () => {
  expect(insert({ extra: 1, tag: 't', n: 1, id: 'a' }).names).toEqual(['id', 'n', 'tag', 'extra', '_version', '_createdAt', '_updatedAt'])
  expect(insert({ _expiresAt: 5, n: 1, id: 'a' }).names).toEqual(['id', 'n', 'tag', '_version', '_createdAt', '_updatedAt', '_expiresAt'])
})

test('all problems are told at once, whichever path finds them', () => {
  const fields = (input: unknown): string[] => insert(input).issues.map(({ field, code }) => `${field} ${code}`)
  expect(fields({ n: 'x', list: 1 })).toEqual(['id required', 'n type', 'list type'])
  expect(fields({ n: 'x', list: 1, extra: () => 1, _no: 1 })).toEqual(['id required', 'n type', 'list type', 'extra value', '_no unknown'])
  expect(fields({ n: 'x', _expiresAt: 'soon' })).toEqual(['_expiresAt type', 'id required', 'n type'])
})

test('what stores itself as nothing is nothing: it removes a field from a patch, by either path', () => {
  const nothing = { toJSON: () => undefined }
  for (const extra of [{}, { extra: 1 }]) {
    const to = maker()
    const { record } = insert({ id: 'a', n: 1, list: [1], ...extra }, to)
    const patched = made(to, (m, context) => m.patch(record!, { list: nothing }, context))
    expect([patched.record, patched.changed]).toEqual([{ id: 'a', n: 1, tag: 'x', ...extra, _version: 2, _createdAt: 9, _updatedAt: 9 }, 4])
    expect(patched.names).not.toContain('list')
    expect(made(to, (m, context) => m.patch(record!, { n: nothing }, context)).issues).toMatchObject([{ field: 'n', code: 'required' }])
  }
})

describe('an accessor is read once, and what it said is stored', () => {
  let reads = 0
  const counting = (names: readonly string[], rest: object = {}): object => {
    const input = { ...rest }
    for (const name of names)
      Object.defineProperty(input, name, { get: () => (name === 'id' ? `id${reads++}` : reads++), enumerable: true })
    return input
  }
  const definitions: readonly (readonly [string, BucketDefinition])[] = [
    ['a field schema', person],
    [
      'a schema of no fast path',
      {
        key: 'id',
        schema: {
          ...person.schema,
          ...Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`f${at}`, { type: 'string' }])),
        } as BucketDefinition['schema'],
      },
    ],
    ['zod', { key: 'id', schema: z.looseObject({ id: z.string(), n: z.number() }) }],
  ]
  test.each(definitions)('with %s', (_, definition) => {
    const to = maker(definition)
    for (const extra of [{}, { extra: 1 }, { _expiresAt: 7 }, { _version: 3 }]) {
      reads = 0
      const { record } = insert(counting(['id', 'n'], extra), to)
      expect([reads, record!.id, record!.n]).toEqual([2, 'id0', 1])
      const fresh = maker(definition)
      const before = insert({ id: 'id0', n: 0 }, fresh).record!
      reads = 0
      expect(made(fresh, (m, context) => m.patch(before, counting(['n', 'more'], extra), context)).record).toMatchObject({ n: 0, more: 1 })
      expect(reads).toBe(2)
    }
  })

  test('also one called toJSON, and one deep inside', () => {
    reads = 0
    expect(insert({ id: 'a', n: 1, deep: [counting(['toJSON', 'n'])] }).record).toMatchObject({ deep: [{ toJSON: 0, n: 1 }] })
    expect(reads).toBe(2)
  })
})

describe('nothing is taken from the prototype of an input', () => {
  const polluted = (prototype: object, name: string, value: unknown, isEnumerable: boolean, run: () => void): void => {
    Object.defineProperty(prototype, name, { value, enumerable: isEnumerable, configurable: true, writable: true })
    try {
      run()
    } finally {
      Reflect.deleteProperty(prototype, name)
    }
  }

  test.each([true, false])('when Object.prototype is polluted (enumerable: %s)', isEnumerable => {
    for (const [name, value] of [
      ['tag', 'admin'],
      ['list', [1]],
      ['extra', 1],
      ['_expiresAt', 5],
      ['toJSON', 'x'],
    ] as const) {
      const to = maker()
      polluted(Object.prototype, name, value, isEnumerable, () => {
        const { record } = insert({ id: 'a', n: 1 }, to)
        expect(Object.entries(record!)).toEqual(Object.entries({ id: 'a', n: 1, tag: 'x', _version: 1, _createdAt: 9, _updatedAt: 9 }))
        const patched = made(to, (m, context) => m.patch(record!, { n: 2 }, context)).record
        expect(Object.entries(patched!)).toEqual(Object.entries({ id: 'a', n: 2, tag: 'x', _version: 2, _createdAt: 9, _updatedAt: 9 }))
        expect(Object.keys(to.restore(patched!, false, []))).toEqual(Object.keys(patched!))
      })
    }
  })

  test('when it has one of its own', () => {
    const odd = Object.assign(Object.create(Object.assign(Object.create(null), { tag: 'admin', list: [1], n: 5 })), { id: 'a' })
    expect(insert(odd).issues).toMatchObject([{ field: 'n', code: 'required' }])
    const to = maker()
    const { record } = insert(Object.assign(odd, { n: 1 }), to)
    expect(record).toEqual({ id: 'a', n: 1, tag: 'x', _version: 1, _createdAt: 9, _updatedAt: 9 })
    const patch = Object.create(Object.assign(Object.create(null), { tag: 'admin' }))
    expect(made(to, (m, context) => m.patch(record!, patch, context)).record).toMatchObject({ tag: 'x', _version: 2 })
  })

  test('when a patch for a loose zod object brings one', () => {
    const to = maker({ key: 'id', schema: z.looseObject({ id: z.string(), role: z.enum(['user']) }) })
    const { record } = insert({ id: 'a', role: 'user' }, to)
    const { issues } = made(to, (m, context) => m.patch(record!, JSON.parse('{"__proto__": {"role": "admin"}}'), context))
    expect(issues).toMatchObject([{ field: '__proto__', code: 'unknown' }])
  })
})
