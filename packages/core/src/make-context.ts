/**
 * Make context: what making a record may use, and where it says what was wrong or has changed.
 *
 * One per database, filled anew for every commit and passed down, so that the hot path allocates nothing.
 */

import type { Issue } from './errors.js'
import type { FillContext } from './field-checker.js'

export interface MakeContext extends FillContext {
  readonly issues: Issue[]
  /** Set by `patch`: one bit a declared field that changed, in schema order; -1 when the bits do not tell. */
  changed: number
  /** Set by a fast path that found more than declared fields: what it has read, so that nothing is read twice. */
  begun: Begun | undefined
}

/** A record half made. */
export interface Begun {
  /** Of each declared field, in schema order: of an insert as given, of a patch as it will be. */
  readonly values: readonly unknown[]
  /** Of a patch: the other names with what was given, one after the other. Of an insert: still to be read. */
  readonly others: readonly unknown[]
}

/** All bits: "any field may have changed". */
export const ALL_CHANGED = -1
