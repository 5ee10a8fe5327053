import { describe, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import type { InputOf, KeyOf, PatchOf, RecordOf } from './definition.js'
import type { Metadata, Value } from './value.js'

const fields = {
  key: 'id',
  schema: {
    id: { type: 'number', generated: 'autoincrement' },
    name: { type: 'string', required: true },
    role: { type: 'string', enum: ['admin', 'user'], default: 'user' },
    level: { type: 'string', enum: ['low', 'high'], required: true, default: 'low' },
    born: { type: 'date' },
    tags: { type: 'array', required: true },
    tree: { type: 'object' },
    on: { type: 'boolean' },
    at: { type: 'date', generated: 'timestamp' },
  },
} as const

const zod = {
  key: 'id',
  schema: z.object({ id: z.string(), n: z.coerce.number(), at: z.date().default(new Date(0)), tag: z.string().optional() }),
} as const

describe('a bucket of field schemas', () => {
  type Row = RecordOf<typeof fields>
  type Input = InputOf<typeof fields>

  test('gives records typed by them, metadata included', () => {
    expectTypeOf<Row['id']>().toEqualTypeOf<number>()
    expectTypeOf<Row['name']>().toEqualTypeOf<string>()
    expectTypeOf<Row['role']>().toEqualTypeOf<'admin' | 'user' | null | undefined>()
    expectTypeOf<Row['level']>().toEqualTypeOf<'low' | 'high'>()
    expectTypeOf<Row['born']>().toEqualTypeOf<Date | number | string | null | undefined>()
    expectTypeOf<Row['tags']>().toEqualTypeOf<readonly Value[]>()
    expectTypeOf<Row['tree']>().toEqualTypeOf<{ readonly [field: string]: Value } | null | undefined>()
    expectTypeOf<Row['on']>().toEqualTypeOf<boolean | null | undefined>()
    expectTypeOf<Row['at']>().toEqualTypeOf<Date | number | string>()
    expectTypeOf<Row>().toExtend<Metadata>()
    expectTypeOf<Pick<Row, 'name' | '_version' | '_expiresAt'>>().toEqualTypeOf<{
      readonly name: string
      readonly _version: number
      readonly _expiresAt?: number
    }>()
  })

  test('takes what is required and has no other source, and any other field', () => {
    expectTypeOf<{ name: string; tags: readonly Value[] }>().toExtend<Input>()
    expectTypeOf<{ name: string }>().not.toExtend<Input>()
    expectTypeOf<{ name: null; tags: [] }>().not.toExtend<Input>()
    expectTypeOf<{ name: string; tags: []; role: 'boss' }>().not.toExtend<Input>()
    expectTypeOf<Input['role']>().toEqualTypeOf<'admin' | 'user' | null | undefined>()
    expectTypeOf<Input['id']>().toEqualTypeOf<number | null | undefined>()
  })

  test('has keys of the key field’s type, and patches of any fields', () => {
    expectTypeOf<KeyOf<typeof fields>>().toEqualTypeOf<number>()
    expectTypeOf<KeyOf<{ key: 'level'; schema: (typeof fields)['schema'] }>>().toEqualTypeOf<'low' | 'high'>()
    expectTypeOf<PatchOf<typeof fields>['name']>().toEqualTypeOf<string | null | undefined>()
    expectTypeOf<{ role: undefined; born: null }>().toExtend<PatchOf<typeof fields>>()
    expectTypeOf<{ role: 'boss' }>().not.toExtend<PatchOf<typeof fields>>()
  })
})

describe('a bucket of zod', () => {
  test('gives what zod gives, takes what zod takes', () => {
    expectTypeOf<RecordOf<typeof zod>['n']>().toEqualTypeOf<number>()
    expectTypeOf<RecordOf<typeof zod>['at']>().toEqualTypeOf<Date>()
    expectTypeOf<RecordOf<typeof zod>['tag']>().toEqualTypeOf<string | undefined>()
    expectTypeOf<RecordOf<typeof zod>>().toExtend<Metadata>()
    expectTypeOf<InputOf<typeof zod>>().toEqualTypeOf<{ id: string; n: unknown; at?: Date | undefined; tag?: string | undefined }>()
    expectTypeOf<KeyOf<typeof zod>>().toEqualTypeOf<string>()
    expectTypeOf<PatchOf<typeof zod>['at']>().toEqualTypeOf<Date | null | undefined>()
  })

  test('of any shape has any key', () => {
    const union = { key: 'id', schema: z.union([z.object({ id: z.string() }), z.object({ id: z.number(), x: z.number() })]) } as const
    expectTypeOf<KeyOf<typeof union>>().toEqualTypeOf<string | number>()
    expectTypeOf<RecordOf<typeof union>['id']>().toEqualTypeOf<string | number>()
  })

  test('a record cannot be assigned to', () => {
    type Row = RecordOf<typeof zod>
    expectTypeOf<Row>().not.toEqualTypeOf<{ -readonly [N in keyof Row]: Row[N] }>()
  })
})
