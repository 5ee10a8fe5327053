/**
 * Field read: one field of a record or an input, by name.
 *
 * 1 `record[name]` reads an own field or nothing, but for the names that every object inherits (`toString`, `valueOf`):
 *   those are asked for with `hasOwn`, so that a missing one is missing.
 * 2 A generated reader has its field's name in it, so that reading stays one load; a closure where that is forbidden.
 */

import { compile, quote } from './codegen.js'
import type { StoreRecord, Value } from './value.js'

const INHERITED: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype))

/** Whether every object answers to the name, so that reading it does not tell whether it is there. */
export function isInherited(name: string): boolean {
  return INHERITED.has(name)
}

/** An expression that reads a field; `hasOwn` must be in its scope. */
export function fieldText(object: string, name: string): string {
  const member = `${object}[${quote(name)}]`
  return INHERITED.has(name) ? `(hasOwn(${object}, ${quote(name)}) ? ${member} : undefined)` : member
}

/** A field of a record, `undefined` when it is missing. */
export function fieldOf(record: StoreRecord, name: string): Value | undefined {
  return INHERITED.has(name) && !Object.hasOwn(record, name) ? undefined : record[name]
}

export type FieldReader = (record: StoreRecord) => Value | undefined

/** A function that reads one field. */
export function fieldReader(name: string): FieldReader {
  return (
    compile<FieldReader>({ hasOwn: Object.hasOwn }, `return record => ${fieldText('record', name)}`) ?? (record => fieldOf(record, name))
  )
}
