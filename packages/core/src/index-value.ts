/**
 * Index values: what an index reads from a record, and what it makes of a constant in a query; the two always agree.
 *
 * 1 A hash key is a scalar or a text beginning with U+0000, which no stored string holds: equal values, equal keys.
 * 2 A sort value is the value itself, or the list of them for a compound.
 * 3 A declared date field counts by instant in both, whatever form it was given in.
 */

import type { FieldShape } from './backend.js'
import { type FieldReader, fieldOf, fieldReader } from './field-read.js'
import { canonicalText, type IndexKey, indexKey, instantKey, instantOf, type StoreRecord, type Value } from './value.js'

/** Files nothing: the key of a constant that no value of the field can equal. */
const NO_VALUE = '\0never'

export class IndexValue {
  readonly fields: readonly string[]
  readonly hashKey: (record: StoreRecord) => IndexKey
  readonly sortValue: (record: StoreRecord) => Value | undefined
  readonly #isDate: readonly boolean[]

  constructor(fields: readonly FieldShape[]) {
    this.fields = fields.map(field => field.name)
    this.#isDate = fields.map(field => field.type === 'date')
    const readers = fields.map((field, at) => datesAsInstants(fieldReader(field.name), this.#isDate[at] as boolean))
    const [only] = readers
    if (only !== undefined && readers.length === 1) {
      this.sortValue = only
      this.hashKey = this.#isDate[0] === true ? record => dateKey(only(record)) : record => scalarKey(only(record))
    } else {
      const values = (record: StoreRecord): readonly Value[] => readers.map(read => read(record) as Value)
      this.sortValue = values
      this.hashKey = record => compoundKey(values(record))
    }
  }

  /** The hash key under which records whose fields equal `constants` are filed. */
  hashKeyOf(constants: readonly (Value | undefined)[]): IndexKey {
    const [only] = constants
    if (constants.length === 1) return this.#isDate[0] === true ? dateKey(this.sortConstant(0, only)) : scalarKey(only)
    return compoundKey(constants.map((constant, at) => this.sortConstant(at, constant) as Value))
  }

  /** A constant as the n-th field sorts: an instant for a date field; `NO_VALUE` for what is none. */
  sortConstant(at: number, constant: Value | undefined): Value | undefined {
    if (this.#isDate[at] !== true || constant === undefined || constant === null) return constant
    return instantOf(constant) ?? NO_VALUE
  }

  /** The key a unique index files the record under; `undefined` when it is exempt: null or missing, in a compound if any part is. */
  uniqueKey(record: StoreRecord): IndexKey {
    if (this.fields.length === 1) return this.hashKey(record) ?? undefined
    return this.fields.some(field => (fieldOf(record, field) ?? null) === null) ? undefined : this.hashKey(record)
  }
}

function datesAsInstants(read: FieldReader, isDate: boolean): FieldReader {
  if (!isDate) return read
  return record => {
    const value = read(record)
    return value === undefined || value === null ? value : (instantOf(value) ?? value)
  }
}

function scalarKey(value: Value | undefined): IndexKey {
  return typeof value === 'object' ? indexKey(value) : value
}

function dateKey(value: Value | undefined): IndexKey {
  return typeof value === 'number' ? instantKey(value) : value === NO_VALUE ? NO_VALUE : indexKey(value)
}

function compoundKey(values: readonly (Value | undefined)[]): string {
  return `\0(${values.map(canonicalText).join()})`
}
