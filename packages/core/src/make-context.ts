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
}

/** All bits: "any field may have changed". */
export const ALL_CHANGED = -1
