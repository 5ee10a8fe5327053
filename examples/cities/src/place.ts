/**
 * Place: one row of the gazetteer, as it is written in a file and as the bucket keeps it.
 *
 * 1 Rows have no id, and only their six fields together are unique: the key is a hash of them, so importing a row twice
 *   meets its own key.
 * 2 Files write coordinates as text or number. Coercion alone would take a blank for 0°, so a row must say something.
 * 3 Places that this program makes up for its demonstrations have keys that no hash looks like.
 */

import { createHash } from 'node:crypto'
import type { RecordOf } from 'repertory'
import { z } from 'zod'

/** 96 bits: two of 171,075 places meet once in 5 × 10¹⁸ gazetteers. */
const KEY_LENGTH = 16

const latitude = z.coerce.number<string | number>().min(-90).max(90)
const longitude = z.coerce.number<string | number>().min(-180).max(180)
const written = z.union([z.number(), z.string().trim().min(1, 'is blank')], 'must be a number')

const row = z.object({
  // Names are printed on terminals.
  name: z
    .string()
    .min(1, 'is empty')
    .regex(/^\P{Cc}*$/u, 'holds control characters'),
  lat: written.pipe(latitude),
  lng: written.pipe(longitude),
  country: z.string().length(2, 'is not a code of two letters'),
  admin1: z.string().default(''),
  admin2: z.string().default(''),
})

export const places = {
  key: 'id',
  schema: row.extend({ id: z.string(), lat: latitude, lng: longitude }),
  indexes: ['name', 'country', { fields: ['lat'], sorted: true }],
} as const

export type PlaceInput = z.input<typeof places.schema>
export type Place = RecordOf<typeof places>

/** The place of a row with its key, or what is wrong with it in a few words. */
export function placeOf(input: unknown): PlaceInput | string {
  const parsed = row.safeParse(input)
  if (parsed.success) return { id: keyOf(parsed.data), ...parsed.data }
  const [issue] = parsed.error.issues
  const field = issue?.path.join('.') ?? ''
  return `${field === '' ? '' : `${field}: `}${issue?.message ?? 'is no place'}`
}

/** The hash of all six fields; 16 characters of base64url. */
function keyOf({ name, lat, lng, country, admin1, admin2 }: z.output<typeof row>): string {
  return createHash('sha256')
    .update(JSON.stringify([name, lat, lng, country, admin1, admin2]))
    .digest('base64url')
    .slice(0, KEY_LENGTH)
}

/** Nobody lives there: the code is for private use. */
export const INVENTED_COUNTRY = 'XX'

/** The key of a place made up by this program. */
export function inventedKey(name: string): string {
  return `invented place ${name}`
}

export function isInvented({ id }: { readonly id: string }): boolean {
  return id.startsWith(inventedKey(''))
}
