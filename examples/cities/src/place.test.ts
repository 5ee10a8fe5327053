import { expect, it } from 'vitest'
import { isInvented, placeOf } from './place.js'

const VIK = { name: 'Vík', lat: '63.41883', lng: '-19.00958', country: 'IS', admin1: '37', admin2: '' }

it('a row has the same key however its numbers are written', () => {
  const asText = placeOf(VIK)
  expect(asText).toMatchObject({ name: 'Vík', lat: 63.41883, lng: -19.00958, id: expect.stringMatching(/^[\w-]{16}$/) })
  expect(placeOf({ ...VIK, lat: 63.41883, lng: '-19.009580' })).toEqual(asText)
})

it.each(['name', 'lat', 'lng', 'country', 'admin1', 'admin2'])('a row that differs in %s has another key', field => {
  const other = placeOf({ ...VIK, [field]: field === 'lat' || field === 'lng' ? '1' : 'ZZ' })
  expect(other).toHaveProperty('id')
  expect(other).not.toMatchObject({ id: (placeOf(VIK) as { id: string }).id })
})

it.each([
  [{ ...VIK, lat: '' }, 'lat: is blank'],
  [{ ...VIK, lat: null }, 'lat: must be a number'],
  [{ ...VIK, lng: '181' }, 'lng: '],
  [{ ...VIK, name: '' }, 'name: is empty'],
  [{ ...VIK, name: 'a\u001b[31m' }, 'name: holds control characters'],
  [{ ...VIK, country: 'ISL' }, 'country: is not a code of two letters'],
  [7, 'Invalid input'],
])('%j is no place: %s', (row, problem) => {
  expect(placeOf(row)).toContain(problem)
})

it('no hash looks like the key of an invented place', () => {
  expect(isInvented(placeOf(VIK) as { id: string })).toBe(false)
})
