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
