/**
 * Values: what a record may hold, how two of them compare, and how one is copied in.
 *
 * 1 A stored value is JSON data or a `Date`; everything stored is frozen, dates included (`StoredDate`).
 * 2 `copyValue` is the only way in. It refuses (never repairs) what JSON cannot say: functions, symbols, bigint, NaN and
 *   infinities, class instances, cycles, nesting beyond 64 levels, ill-formed strings, reserved field names. An accessor
 *   is read once. `undefined` members are dropped, `-0` becomes `0`, an object with `toJSON` becomes what that returns.
 * 3 One total order: missing < null < booleans < numbers < strings (code units) < dates < arrays < objects.
 * 4 `equalValues` and `compareValues` agree: equal exactly when they compare as 0.
 */

/** A commit's number within one store. Compared, never computed with. */
export type Seq = number

/** A primary key; `1` and `"1"` differ. */
export type Key = string | number

/** Anything a field may hold. */
export type Value = null | boolean | number | string | Date | readonly Value[] | { readonly [field: string]: Value }

/** A stored record: frozen, the schema's fields first, metadata last. `undefined` reads as missing. */
export interface StoreRecord {
  readonly [field: string]: Value | undefined
}

/** What every record carries beside its own fields. */
export interface Metadata {
  /** 1 at insert, one more with each update. */
  readonly _version: number
  /** Milliseconds since the epoch. */
  readonly _createdAt: number
  readonly _updatedAt: number
  /** Present when the record expires. */
  readonly _expiresAt?: number
}

/** A date at rest: reads like any `Date`, its setters throw. */
export class StoredDate extends Date {}

for (const name of Object.getOwnPropertyNames(Date.prototype)) {
  if (!name.startsWith('set')) continue
  Object.defineProperty(StoredDate.prototype, name, {
    value(): never {
      throw new TypeError(`${name}: a date inside a record is immutable; write a new date with update()`)
    },
  })
}

/** An immutable date at `ms` since the epoch. */
export function storedDate(ms: number): StoredDate {
  return Object.freeze(new StoredDate(ms))
}

/** Places of each type in the total order of invariant 3. */
export const RANK = { missing: 0, null: 1, boolean: 2, number: 3, string: 4, date: 5, array: 6, object: 7 } as const

/** The place of a value's type in the total order. */
export function rankOf(value: Value | undefined): number {
  switch (typeof value) {
    case 'undefined':
      return RANK.missing
    case 'boolean':
      return RANK.boolean
    case 'number':
      return RANK.number
    case 'string':
      return RANK.string
    default:
      return value === null ? RANK.null : value instanceof Date ? RANK.date : Array.isArray(value) ? RANK.array : RANK.object
  }
}

/** The total order of values: negative, 0 or positive. Numbers by size, strings by code units, dates by instant. */
export function compareValues(a: Value | undefined, b: Value | undefined): number {
  if (a === b) return 0
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : 1
  const rank = rankOf(a)
  const difference = rank - rankOf(b)
  if (difference !== 0) return difference
  switch (rank) {
    case RANK.boolean:
      return a === false ? -1 : 1
    case RANK.date:
      return (a as Date).getTime() - (b as Date).getTime()
    case RANK.array:
      return compareArrays(a as readonly Value[], b as readonly Value[])
    default:
      return compareObjects(a as { readonly [field: string]: Value }, b as { readonly [field: string]: Value })
  }
}

function compareArrays(a: readonly Value[], b: readonly Value[]): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const order = compareValues(a[at], b[at])
    if (order !== 0) return order
  }
  return a.length - b.length
}

function compareObjects(a: { readonly [field: string]: Value }, b: { readonly [field: string]: Value }): number {
  const names = Object.keys(a).sort()
  const others = Object.keys(b).sort()
  const length = Math.min(names.length, others.length)
  for (let at = 0; at < length; at++) {
    const name = names[at] as string
    const other = others[at] as string
    if (name !== other) return name < other ? -1 : 1
    const order = compareValues(a[name], b[name])
    if (order !== 0) return order
  }
  return names.length - others.length
}

/** Structural equality of stored values: dates by instant, objects whatever the order of their fields. */
export function equalValues(a: Value | undefined, b: Value | undefined): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && compareValues(a, b) === 0)
}

/** What a hash index files a value under: equal values, equal keys, for any two values. `undefined` is "missing". */
export type IndexKey = string | number | boolean | null | undefined

/** U+0000 never occurs in a stored string, so a key that begins with it cannot be mistaken for one. */
export function indexKey(value: Value | undefined): IndexKey {
  return typeof value === 'object' && value !== null ? `\0${canonicalText(value)}` : value
}

/** The index key of an instant, apart from every number and string. */
export function instantKey(ms: number): string {
  return `\0@${ms}`
}

/** One text per value: equal exactly when the values are. */
export function canonicalText(value: Value | undefined): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Date) return `@${value.getTime()}`
  if (Array.isArray(value)) return `[${value.map(canonicalText).join()}]`
  const fields = value as { readonly [field: string]: Value }
  return `{${Object.keys(fields)
    .sort()
    .map(name => `${JSON.stringify(name)}:${canonicalText(fields[name])}`)
    .join()}}`
}

/**
 * A calendar date, optionally with a time and an offset; without an offset the time is UTC, so that every machine reads the
 * same instant. Strict, since what is not ISO some engines read in ways of their own (`0012-31-00`).
 */
const DAY = /(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])/
const TIME = /(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?|24:00(?::00(?:\.0{1,9})?)?/
const OFFSET = /Z|[+-](?:[01]\d|2[0-3]):[0-5]\d/
const ISO_DATE = new RegExp(`^${DAY.source}(?:T(?:${TIME.source})(${OFFSET.source})?)?$`)

/** The instant a date field holds, in ms since the epoch: of a `Date`, a finite number or a real ISO date; otherwise `undefined`. */
export function instantOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (value instanceof Date) {
    const ms = value.getTime()
    return Number.isNaN(ms) ? undefined : ms
  }
  if (typeof value !== 'string') return undefined
  const parts = ISO_DATE.exec(value)
  if (parts === null) return undefined
  if (Number(parts[3]) > daysInMonth(Number(parts[1]), Number(parts[2]))) return undefined
  const ms = Date.parse(value.length > 10 && parts[4] === undefined ? `${value}Z` : value)
  return Number.isNaN(ms) ? undefined : ms
}

function daysInMonth(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}
