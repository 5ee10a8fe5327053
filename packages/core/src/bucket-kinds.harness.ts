/**
 * Bucket kinds: a few schemas that between them use everything a schema can say, each with input for it.
 *
 * 1 A kind is told twice, to the engine as a definition and to the naive model as `naive`; they must say the same.
 * 2 Input is mostly acceptable, from a small world of keys and values, so that histories get long and collide.
 */

import fc from 'fast-check'
import { z } from 'zod'
import type { BucketDefinition } from './definition.js'
import type { FieldSchemas } from './field-schema.js'
import type { Fields, NaiveSchema } from './naive-bucket.harness.js'
import type { Key } from './value.js'

export interface BucketKind {
  readonly definition: BucketDefinition
  readonly isPersistent: boolean
  readonly naive: NaiveSchema
  /** A field filled with a random identifier. */
  readonly drawnField?: string
  readonly key: fc.Arbitrary<Key>
  /** Values to put into fields, good and bad; `undefined` among them. */
  readonly fields: { readonly [field: string]: fc.Arbitrary<unknown> }
}

const missing = fc.constant(undefined)

/** Mostly good, at times missing, seldom bad. */
function field(good: fc.Arbitrary<unknown>, bad: fc.Arbitrary<unknown> = fc.constantFrom<unknown>(true, { a: 1 })): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 60, arbitrary: good }, { weight: 20, arbitrary: missing }, { weight: 1, arbitrary: bad })
}

const expiry = fc.oneof(
  { weight: 60, arbitrary: missing },
  { weight: 9, arbitrary: fc.constantFrom<unknown>(5, 6, null) },
  { weight: 1, arbitrary: fc.constant('soon') },
)
const metadata = {
  _expiresAt: expiry,
  _version: fc.constantFrom<unknown>(undefined, 7),
  _createdAt: fc.constantFrom<unknown>(undefined, 'x'),
}

function naiveOf(definition: BucketDefinition, uniques: readonly (readonly string[])[]): NaiveSchema {
  const { key, schema, unknown = 'pass' } = definition
  return { key, unknown, uniques, ...(schema instanceof z.ZodObject ? { zod: schema, fields: {} } : { fields: schema as FieldSchemas }) }
}

const people: BucketDefinition = {
  key: 'id',
  schema: {
    id: { type: 'string', required: true },
    email: { type: 'string', unique: true },
    role: { type: 'string', enum: ['a', 'b'], default: 'a' },
    age: { type: 'number', min: 0, max: 5 },
    born: { type: 'date' },
  },
  indexes: ['role', { fields: ['age'], sorted: true }, { fields: ['role', 'age'] }, { fields: ['role', 'born'], sorted: true }],
}

const orders: BucketDefinition = {
  key: 'number',
  order: 'key',
  unknown: 'reject',
  schema: {
    number: { type: 'number', generated: 'autoincrement' },
    code: { type: 'string', required: true, minLength: 1, maxLength: 3 },
    lot: { type: 'number' },
    note: { type: 'string', default: () => 'made' },
    token: { type: 'string', generated: 'uuid' },
  },
  indexes: [{ fields: ['code', 'lot'], unique: true }, { fields: ['lot'], sorted: true }, 'note'],
}

const title = z.string().min(1).max(3)
const notes: BucketDefinition = {
  key: 'id',
  schema: z
    .strictObject({ id: z.union([z.string(), z.number()]), title, tags: z.array(z.string()).default([]), n: z.int().nullable().optional() })
    .refine(note => note.title !== 'x' || (note.n ?? 0) < 3, { path: ['n'] }),
  indexes: ['title', { fields: ['n', 'title'], sorted: true }, { fields: ['tags'], unique: true }],
}

const stamps: BucketDefinition = {
  key: 'id',
  order: 'key',
  unknown: 'strip',
  schema: {
    id: { type: 'number', required: true },
    at: { type: 'number', generated: 'timestamp' },
    list: { type: 'array', unique: true, maxLength: 2 },
    tree: { type: 'object' },
    ['toString' as string]: { type: 'string', unique: true },
    on: { type: 'boolean', default: false },
  },
  indexes: ['on', 'tree', { fields: ['at', 'on'], sorted: true }],
}

const instants = fc.constantFrom<unknown>(0, new Date(1000), '1970-01-01', null)

export const BUCKET_KINDS: readonly BucketKind[] = [
  {
    definition: people,
    isPersistent: true,
    naive: naiveOf(people, [['email']]),
    key: fc.nat(15).map(n => `p${n}`),
    fields: {
      email: field(fc.constantFrom<unknown>('s', 't', 'u', 'v', 'w', 'x', 'y', 'z', null)),
      role: field(fc.constantFrom('a', 'b'), fc.constantFrom<unknown>('c', 1)),
      age: field(fc.nat(5), fc.constantFrom<unknown>(-1, 6, '1')),
      born: field(instants, fc.constantFrom<unknown>('tomorrow', '2023-02-30', true)),
      extra: field(fc.constantFrom<unknown>(1, { deep: [1, { er: null }] }, new Date(5))),
      _odd: fc.oneof({ weight: 40, arbitrary: missing }, { weight: 1, arbitrary: fc.constant(1) }),
      ...metadata,
    },
  },
  {
    definition: orders,
    isPersistent: true,
    naive: naiveOf(orders, [['code', 'lot']]),
    drawnField: 'token',
    key: fc.nat(19),
    fields: {
      code: fc.oneof(
        { weight: 60, arbitrary: fc.constantFrom('k', 'l', 'm') },
        { weight: 1, arbitrary: fc.constantFrom<unknown>(undefined, null, '', 'long') },
      ),
      lot: field(fc.constantFrom<unknown>(1, 2, 3, 4, 5, null)),
      note: field(fc.constantFrom('m', 'n')),
      token: fc.oneof({ weight: 9, arbitrary: missing }, { weight: 1, arbitrary: fc.constant('mine') }),
      extra: fc.oneof({ weight: 60, arbitrary: missing }, { weight: 1, arbitrary: fc.constant(1) }),
      ...metadata,
    },
  },
  {
    definition: notes,
    isPersistent: true,
    naive: naiveOf(notes, [['tags']]),
    key: fc.nat(5).chain(n => fc.constantFrom<Key>(n, String(n))),
    fields: {
      title: fc.oneof(
        { weight: 60, arbitrary: fc.constantFrom('x', 'y') },
        { weight: 1, arbitrary: fc.constantFrom<unknown>(undefined, '', 5) },
      ),
      tags: fc.array(fc.constantFrom('s', 't'), { maxLength: 4 }),
      n: field(fc.constantFrom<unknown>(1, 2, 3, null), fc.constantFrom<unknown>(1.5, 'n')),
      ...metadata,
    },
  },
  {
    definition: stamps,
    isPersistent: false,
    naive: naiveOf(stamps, [['list'], ['toString']]),
    key: fc.nat(15),
    fields: {
      at: field(fc.nat(3)),
      list: field(fc.array(fc.constantFrom<unknown>(1, '1', 2, true, null), { maxLength: 2 }), fc.constantFrom<unknown>([1, 2, 3], {})),
      tree: field(fc.constantFrom<unknown>({ a: 1 }, { b: { a: [1] } }, null), fc.constantFrom<unknown>([], 'x')),
      toString: field(fc.constantFrom<unknown>('q', 'r', 's', 't', null), fc.constant(1)),
      on: field(fc.boolean(), fc.constant(0)),
      extra: field(fc.constant('dropped')),
      ...metadata,
    },
  },
]

/** Input for an insert (with `key`, unless the bucket numbers its records itself) or a patch. */
export function anyFields(kind: BucketKind, withKey: 'always' | 'seldom'): fc.Arbitrary<Fields> {
  const key = withKey === 'always' ? kind.key : fc.oneof({ weight: 9, arbitrary: missing }, { weight: 1, arbitrary: kind.key })
  const { key: name } = kind.definition
  return fc
    .tuple(key, fc.record(kind.fields, { requiredKeys: [] }))
    .map(([given, fields]) => (given === undefined ? fields : { [name]: given, ...fields }))
}
