import fc from 'fast-check'
import { test } from 'vitest'
import { z } from 'zod'
import { agree } from './agreement.harness.js'
import { anyDateForm, anyValue } from './any-value.harness.js'
import { createDatabase, defineBucket, problemOf } from './bucket.harness.js'
import { withoutCodegen } from './codegen.js'
import type { BucketDefinition, IndexDefinition } from './definition.js'
import { StoreError } from './errors.js'
import { naiveCompare, naiveRows } from './naive-order.harness.js'
import { runs } from './property-runs.harness.js'
import type { Filter, Ordering } from './query.js'
import { Reader } from './reader.js'
import type { Key, StoreRecord } from './value.js'

/** A kind of bucket to read from: its definition but for indexes, and what may stand in its fields and in filters. */
interface Family {
  readonly definition: BucketDefinition
  readonly fields: { readonly [field: string]: fc.Arbitrary<unknown> }
  readonly dates: ReadonlySet<string>
}

const mixed: Family = {
  definition: {
    key: 'id',
    schema: z.looseObject({ id: z.union([z.string(), z.number()]), a: z.any(), b: z.any(), c: z.any() }),
  },
  fields: {
    a: anyValue,
    b: fc.constantFrom(1, 2, '1', null, true, new Date(1)),
    c: fc.constantFrom(1, 2, 'x', null),
    toString: fc.constantFrom(1, 'x'),
  },
  dates: new Set(),
}

const typed: Family = {
  definition: {
    key: 'id',
    schema: {
      id: { type: 'string', required: true },
      a: { type: 'number' },
      b: { type: 'date' },
      c: { type: 'string' },
      ['toString' as string]: { type: 'string' },
    },
  },
  fields: {
    a: fc.constantFrom(1, 2, 3, null),
    b: anyDateForm,
    c: fc.constantFrom('x', 'y', 'z', null),
    toString: fc.constantFrom('x', null),
    extra: anyValue,
  },
  dates: new Set(['b']),
}

const INDEXES: readonly IndexDefinition[] = [
  'a',
  'b',
  'toString',
  { fields: ['a'], sorted: true },
  { fields: ['b'], sorted: true },
  { fields: ['toString'], sorted: true },
  { fields: ['a', 'b'] },
  { fields: ['b', 'c'], sorted: true },
  { fields: ['a', 'b'], sorted: true },
  { fields: ['b', 'a', 'c'], sorted: true },
  { fields: ['c'], unique: true },
  { fields: ['b', 'c'], unique: true },
  { fields: ['toString'], unique: true },
]

/** A zod object cannot say `toString`: it reads what every object inherits. There the field is an undeclared one. */
function indexesOf(family: Family): IndexDefinition[] {
  return INDEXES.filter(index => family === typed || !JSON.stringify(index).includes('toString'))
}

type Step =
  | { readonly type: 'insert'; readonly key: Key; readonly data: object }
  | { readonly type: 'update'; readonly key: Key; readonly data: object }
  | { readonly type: 'delete'; readonly key: Key }
  | {
      readonly type: 'read'
      readonly where: object | undefined
      readonly orderBy: readonly Ordering[]
      readonly offset: number
      readonly limit: number | undefined
    }

function anyFilter(family: Family): fc.Arbitrary<object> {
  const constant = (field: string): fc.Arbitrary<unknown> =>
    family.dates.has(field) ? family.fields[field]! : fc.oneof(family.fields[field]!, fc.constantFrom(1, 'x', null))
  const condition = fc.constantFrom(...Object.keys(family.fields)).chain(field => {
    const equal = fc.option(constant(field), { nil: undefined })
    const list = fc.array(equal, { maxLength: 12 })
    const comparison = fc
      .uniqueArray(fc.tuple(fc.constantFrom('$gt', '$gte', '$lt', '$lte'), constant(field)), {
        minLength: 1,
        maxLength: 3,
        selector: ([op]) => op,
      })
      .map(Object.fromEntries)
    return fc
      .oneof(
        equal,
        equal.map($eq => ({ $eq })),
        list.map($in => ({ $in })),
        comparison,
      )
      .map(wanted => ({ [field]: wanted }))
  })
  const key = fc.oneof(
    anyKey.map(id => ({ id })),
    fc.array(anyKey, { maxLength: 4 }).map($in => ({ id: { $in } })),
  )
  const leaf = fc
    .array(fc.oneof({ weight: 5, arbitrary: condition }, { weight: 1, arbitrary: key }), { maxLength: 3 })
    .map(parts => Object.assign({}, ...parts))
  const branches = fc.array(leaf, { maxLength: 3 })
  return fc.oneof(
    { weight: 2, arbitrary: condition },
    { weight: 2, arbitrary: leaf },
    { weight: 1, arbitrary: fc.tuple(leaf, branches).map(([rest, $or]) => ({ ...rest, $or })) },
    { weight: 1, arbitrary: branches.map($and => ({ $and })) },
    { weight: 1, arbitrary: fc.tuple(branches, branches).map(([$or, $and]) => ({ $or: [{ $or }, { $and }] })) },
  )
}

const anyKey: fc.Arbitrary<Key> = fc.oneof(
  fc.nat(12).map(n => `k${n}`),
  fc.constantFrom<Key>('1', '2', 1, 2),
)

function anySteps(family: Family): fc.Arbitrary<Step[]> {
  const data = fc.record(family.fields, { requiredKeys: [] })
  const field = fc.constantFrom(...Object.keys(family.fields), 'id')
  return fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ type: fc.constant('insert' as const), key: anyKey, data }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('update' as const), key: anyKey, data }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('delete' as const), key: anyKey }) },
      {
        weight: 4,
        arbitrary: fc.record({
          type: fc.constant('read' as const),
          where: fc.option(anyFilter(family), { nil: undefined }),
          orderBy: fc.array(fc.record({ field, isDescending: fc.boolean() }), { maxLength: 2 }),
          offset: fc.nat(3),
          limit: fc.option(fc.nat(4), { nil: undefined }),
        }),
      },
    ),
    { minLength: 5, maxLength: 60 },
  )
}

function play(
  family: Family,
  indexes: readonly IndexDefinition[],
  order: 'insertion' | 'key',
  isPersistent: boolean,
  steps: readonly Step[],
): void {
  const database = createDatabase()
  const image = defineBucket(database, 'things', { ...family.definition, indexes, order }, isPersistent)
  const reader = new Reader(image)
  const records = new Map<Key, StoreRecord>()
  const ords = new Map<Key, number>()
  const ordOf = (record: StoreRecord): number => ords.get(record.id as Key)!
  for (const step of steps) {
    if (step.type === 'read') {
      const inOrder = [...records.values()].sort((a, b) => (order === 'key' ? naiveCompare(a.id, b.id) : ordOf(a) - ordOf(b)))
      const { where, orderBy, offset, limit = Number.POSITIVE_INFINITY } = step
      const expected = naiveRows(inOrder, { where, orderBy, offset, limit }, family.dates, ordOf)
      const found = reader.rows({ where: where as Filter | undefined, orderBy, offset, limit })
      agree(found, expected)
      agree(
        found.every((record, at) => record === expected[at]),
        true,
      )
      const filtered = naiveRows(inOrder, { where }, family.dates, ordOf)
      agree(reader.count(where as Filter | undefined), filtered.length)
      agree(problemOf(image), undefined)
      agree(reader.last(offset, where as Filter | undefined), offset === 0 ? [] : filtered.slice(-offset))
      continue
    }
    try {
      if (step.type === 'delete') {
        database.commit([{ type: 'delete', image, key: step.key, expect: undefined }], 1)
        records.delete(step.key)
      } else {
        const data = { id: step.key, ...step.data }
        const write =
          step.type === 'insert'
            ? { type: 'insert' as const, image, data }
            : { type: 'update' as const, image, key: step.key, patch: data, expect: undefined }
        const { after } = database.commit([write], 1)!.changes[0]!
        if (step.type === 'insert') ords.set(step.key, database.seq)
        records.set(step.key, after!)
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
    }
  }
  agree(problemOf(image), undefined)
}

test.each([
  ['mixed types', mixed, 150],
  ['declared types, dates in three forms', typed, 150],
])('a query over %s answers what a naive evaluation answers, whatever the indexes and the order', (_, family, times) => {
  fc.assert(
    fc.property(
      fc.subarray(indexesOf(family)),
      fc.constantFrom('insertion' as const, 'key' as const),
      fc.boolean(),
      anySteps(family),
      fc.boolean(),
      (indexes, order, isPersistent, steps, isCodeForbidden) => {
        const run = (): void => play(family, indexes, order, isPersistent, steps)
        if (isCodeForbidden) withoutCodegen(run)
        else run()
      },
    ),
    runs(times),
  )
})
