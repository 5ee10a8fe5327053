import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { compileSchema } from './compile-schema.js'
import type { BucketDefinition, Schema } from './definition.js'
import { runs } from './property-runs.harness.js'
import { schemaText, textHash } from './schema-text.js'

function fingerprint(schema: Schema, unknown?: BucketDefinition['unknown']): string {
  return compileSchema('things', { key: 'id', schema, ...(unknown === undefined ? {} : { unknown }) }).fingerprint
}

const text = { type: 'string' } as const
const number = { type: 'number' } as const

describe('the fingerprint of a schema', () => {
  test.each<readonly [string, Schema, Schema]>([
    ['a field', { id: text }, { id: text, a: text }],
    ['a type', { id: text, a: text }, { id: text, a: number }],
    ['which of two shared schemas a field has', { id: text, a: number, b: text }, { id: text, a: number, b: number }],
    ['a rule', { id: text }, { id: { ...text, minLength: 1 } }],
    ['a bound', { id: { ...text, minLength: 1 } }, { id: { ...text, minLength: 2 } }],
    ['a member of an enum', { id: { ...text, enum: ['a'] } }, { id: { ...text, enum: ['b'] } }],
    ['a pattern', { id: { ...text, pattern: /a/ } }, { id: { ...text, pattern: /a/i } }],
    ['a date', { id: text, a: { type: 'date', min: new Date(0) } }, { id: text, a: { type: 'date', min: new Date(1) } }],
    ['the text of a default', { id: { ...text, default: () => 'a' } }, { id: { ...text, default: () => 'b' } }],
    ['a name', { id: text, 'a:{},b': text }, { id: text, a: text, b: text }],
    ['a zod type', z.object({ id: z.string() }), z.object({ id: z.number() })],
    ['a zod check', z.object({ id: z.string().min(1) }), z.object({ id: z.string().min(2) })],
    ['a zod wrapper', z.object({ id: z.string() }), z.object({ id: z.string().optional() })],
    [
      'a zod refinement',
      z.object({ id: z.string().refine(value => value !== 'a') }),
      z.object({ id: z.string().refine(value => value !== 'b') }),
    ],
    ['a zod object’s own refinement', z.object({ id: z.string() }), z.object({ id: z.string() }).refine(() => true)],
    ['a zod enum', z.object({ id: z.enum(['a']) }), z.object({ id: z.enum(['b']) })],
    ['a zod regex', z.object({ id: z.string().regex(/a/) }), z.object({ id: z.string().regex(/b/) })],
    ['strictness', z.object({ id: z.string() }), z.strictObject({ id: z.string() })],
    ['depth', z.object({ id: z.string(), a: z.array(z.number()) }), z.object({ id: z.string(), a: z.array(z.array(z.number())) })],
    ['the spelling', { id: text }, z.object({ id: z.string() })],
  ])('changes with %s', (_, one, two) => {
    expect(fingerprint(one)).not.toBe(fingerprint(two))
    expect(fingerprint(one)).toMatch(/^[0-9a-f]{16}$/)
  })

  test('changes with the rule for unknown fields, absent being the default', () => {
    expect(fingerprint({ id: text }, 'strip')).not.toBe(fingerprint({ id: text }, 'reject'))
    expect(fingerprint({ id: text }, 'pass')).toBe(fingerprint({ id: text }))
  })

  test('stays when the same is said again, shared or not', () => {
    const fields = (): Schema => ({ id: { type: 'string' }, a: { type: 'string' }, b: { type: 'number', default: () => 1 } })
    expect(fingerprint(fields())).toBe(fingerprint(fields()))
    expect(fingerprint({ id: text, a: text })).toBe(fingerprint({ id: { ...text }, a: { ...text } }))
    const zod = (): Schema => z.object({ id: z.string().min(1), tags: z.array(z.string()).default([]), n: z.number().refine(n => n > 0) })
    expect(fingerprint(zod())).toBe(fingerprint(zod()))
    const used = zod() as z.ZodObject
    const before = fingerprint(used)
    used.safeParse({ id: 'a' })
    expect(fingerprint(used)).toBe(before)
  })

  test('ends, and is stable, for a schema that holds itself', () => {
    const tree = (): z.ZodObject =>
      z.object({
        id: z.string(),
        get children() {
          return z.array(tree_)
        },
      })
    let tree_ = tree()
    const one = fingerprint(tree_)
    tree_ = tree()
    expect(fingerprint(tree_)).toBe(one)
    const cyclic: { [name: string]: unknown } = { type: 'string' }
    cyclic.self = [cyclic]
    expect(schemaText(cyclic)).toBe(schemaText(cyclic))
    expect(fingerprint(z.object({ id: z.string(), a: z.lazy(() => z.string()) }))).not.toBe(
      fingerprint(z.object({ id: z.string(), a: z.lazy(() => z.number()) })),
    )
  })
})

test('the hash of a text is 64 bits of it, in hex', () => {
  expect(textHash('')).toBe('811c9dc59dc5811c')
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, two) => {
      expect(textHash(one)).toMatch(/^[0-9a-f]{16}$/)
      expect(textHash(one) === textHash(two)).toBe(one === two)
    }),
    runs(500),
  )
})
