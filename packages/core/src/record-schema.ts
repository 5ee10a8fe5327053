/**
 * Record schema: one face over both spellings of a schema, as the record maker needs it.
 *
 * 1 `fields` are the declared fields in schema order, each with its checker.
 * 2 With zod, `parse` and `parsePatch` run first and what they return is then copied in; the checkers only copy.
 * 3 `fingerprint` covers structure and the text of functions: equal fingerprints accept the same records.
 */

import type { FieldShape } from './backend.js'
import type { Issue } from './errors.js'
import type { FieldChecker } from './field-checker.js'
import type { StoreRecord } from './value.js'

export interface RecordSchema {
  readonly fields: readonly FieldChecker[]
  readonly shapes: readonly FieldShape[]
  readonly uniqueFields: readonly string[]
  readonly unknown: 'pass' | 'strip' | 'reject'
  readonly fingerprint: string
  /** A whole record through the validator; `undefined` after adding issues. */
  readonly parse?: (input: unknown, issues: Issue[]) => object | undefined
  /** The patched fields through the validator, object-level checks included; `undefined` after adding issues. */
  readonly parsePatch?: (current: StoreRecord, patch: object, issues: Issue[]) => object | undefined
  /** A stored record against the schema as it is now; adds issues. Transforming fields are taken as they are. */
  readonly checkStored?: (record: StoreRecord, issues: Issue[]) => void
}
