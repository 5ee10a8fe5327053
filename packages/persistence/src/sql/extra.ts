/**
 * Extra: the JSON text of what has no column of its own, exact in both directions.
 *
 * 1 A date is `{"$date": ms}`. A field of the user that begins with `$` gets one more `$`, at every depth, so the two never meet.
 * 2 Numbers are finite (core refuses others); JSON keeps doubles exactly.
 * 3 Reading refuses what writing cannot have made: other `$` names, `__proto__`. It throws a plain error which says so; the
 *   caller knows the row and the file.
 */

import type { Value } from '@repertory/core'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/** The text of these fields. */
export function encodeExtra(fields: { readonly [field: string]: Value }): string {
  return JSON.stringify(escapeValue(fields))
}

/** The fields of this text. */
export function decodeExtra(text: string): { readonly [field: string]: Value } {
  const parsed: unknown = JSON.parse(text)
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Error('_extra is not a JSON object')
  // Almost every text has nothing to undo; names that need it begin with a quote and a `$`.
  const clean = !text.includes('"$') && !text.includes('"__proto__"') && !text.includes('\\u')
  return (clean ? parsed : unescapeObject(parsed as { [name: string]: Json })) as { readonly [field: string]: Value }
}

function escapeValue(value: Value): unknown {
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`unreachable: ${value} in a stored record`)
    return value
  }
  if (value instanceof Date) return { $date: value.getTime() }
  if (Array.isArray(value)) return value.map(escapeValue)
  const fields = value as { readonly [field: string]: Value }
  const escaped: { [name: string]: unknown } = {}
  for (const name of Object.keys(fields)) escaped[name.startsWith('$') ? `$${name}` : name] = escapeValue(fields[name]!)
  return escaped
}

function unescapeValue(json: Json): Value {
  if (typeof json !== 'object' || json === null) return json
  if (Array.isArray(json)) return json.map(unescapeValue)
  return isDateMark(json) ? new Date(json.$date) : unescapeObject(json)
}

function unescapeObject(json: { [name: string]: Json }): { readonly [field: string]: Value } {
  const fields: { [field: string]: Value } = {}
  for (const name of Object.keys(json)) {
    if (name === '__proto__') throw new Error('_extra names a field "__proto__"')
    if (name.startsWith('$') && !name.startsWith('$$')) throw new Error(`_extra holds an unknown mark "${name}"`)
    fields[name.startsWith('$') ? name.slice(1) : name] = unescapeValue(json[name]!)
  }
  return fields
}

function isDateMark(json: { [name: string]: Json }): json is { $date: number } {
  return typeof json.$date === 'number' && Object.keys(json).length === 1
}
