import { describe, expect, it } from 'vitest'
import { openAt, type Place } from './conformance/place.js'
import { describeBackend } from './conformance/suite.js'
import { memory } from './memory.js'

async function memoryPlace(): Promise<Place> {
  const backend = memory()
  return { backend: () => backend, remove: () => backend.close() }
}

describeBackend('memory', memoryPlace, { describe, it })

describe('memory', () => {
  it('says what it is', () => {
    expect(memory()).toMatchObject({ name: 'memory', facts: { durability: 'process', writers: 'locked' } })
  })

  it('is a place of its own each time', async () => {
    const one = await openAt(await memoryPlace())
    const other = await openAt(await memoryPlace())
    expect([one.opened.epoch, other.opened.epoch]).toEqual([1, 1])
  })

  it('says where it is open', async () => {
    const place = await memoryPlace()
    await openAt(place, 'shop')
    await expect(openAt(place, 'other')).rejects.toThrow(/open in store "shop" since .*; stop that store first/)
  })
})
