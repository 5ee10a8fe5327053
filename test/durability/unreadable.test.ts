/**
 * "Could not be read" is never "empty": the store does not start, and what could not be read is never written over.
 */

import { memory } from '@repertory/persistence/memory'
import { CorruptError, OptionError, Store, ValidationError } from 'repertory'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { type Breakage, brokenBackend } from './broken-backend.harness.js'

const users = { key: 'id', schema: { id: { type: 'string', required: true }, age: { type: 'number' } } } as const

/** A place that holds a hundred users. */
async function filledPlace() {
  const place = memory()
  const store = await Store.start({ name: 'first', buckets: { users }, persistence: { backend: place } })
  await store.buckets.users.insertMany(Array.from({ length: 100 }, (_, n) => ({ id: `u${n}`, age: n })))
  await store.stop()
  return place
}

async function refusalOf(broken: Breakage): Promise<unknown> {
  const place = await filledPlace()
  const backend = brokenBackend(place, broken)
  const refusal = await Store.start({ buckets: { users }, persistence: { backend } }).then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(backend.written).toEqual({ saves: 0, drops: 0, attempts: 0 })
  const mended = await Store.start({ buckets: { users }, persistence: { backend: brokenBackend(place) } })
  expect(await mended.buckets.users.count()).toBe(100)
  await mended.stop()
  return refusal
}

test('a backend that cannot be opened makes the start fail and is left as it is', async () => {
  expect(await refusalOf({ open: new CorruptError('the file is damaged') })).toBeInstanceOf(CorruptError)
})

test('records that cannot be read, half way, make the start fail and are left as they are', async () => {
  expect(await refusalOf({ load: { after: 50, error: new CorruptError('page 7 is damaged') } })).toBeInstanceOf(CorruptError)
})

test('fewer records than were saved are damage, not a smaller bucket', async () => {
  const refusal = await refusalOf({ claims: { count: 101 } })
  expect(refusal).toBeInstanceOf(CorruptError)
  expect((refusal as Error).message).toMatch(/100 records where 101 were saved/)
})

test('other versions than were saved are damage', async () => {
  expect(await refusalOf({ claims: { fingerprint: 12345 } })).toBeInstanceOf(CorruptError)
})

test('records that the schema of today refuses are named, up to ten, and stay', async () => {
  const place = await filledPlace()
  const strict = { key: 'id', schema: z.object({ id: z.string(), age: z.number().max(80) }) } as const
  const refusal = await Store.start({ buckets: { users: strict }, persistence: { backend: place } }).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(ValidationError)
  expect((refusal as Error).message).toMatch(/19 stored records do not satisfy the schema: "u81" \(age .*"u90" .* and 9 more/s)
  const back = await Store.start({ buckets: { users }, persistence: { backend: place } })
  expect(await back.buckets.users.count()).toBe(100)
  await back.stop()
})

test('a key field other than the saved one is refused by name', async () => {
  const place = await filledPlace()
  const other = { key: 'name', schema: { name: { type: 'string', required: true } } } as const
  await expect(Store.start({ buckets: { users: other }, persistence: { backend: place } })).rejects.toThrow(OptionError)
})

test('two stores on one backend object are refused, and the first goes on', async () => {
  const place = memory()
  const first = await Store.start({ name: 'first', buckets: { users }, persistence: { backend: place } })
  await expect(Store.start({ name: 'second', buckets: { users }, persistence: { backend: place } })).rejects.toThrow(/first/)
  await first.buckets.users.insert({ id: 'u1' })
  await first.flush()
  await first.stop()
})
