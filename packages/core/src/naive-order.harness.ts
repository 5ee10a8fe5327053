/**
 * Naive order: the total order of values and the meaning of a filter, written from the specification and as plainly as
 * can be, to be compared with what the engine does.
 *
 * 1 Shares no code with the engine: not the comparison, not the parsing of dates' forms, not the reading of a filter.
 * 2 A date field (`dates`) counts by instant; null stays null and missing stays missing.
 */

export interface NaiveRecord {
  readonly [field: string]: unknown
}

export interface NaiveQuery {
  readonly where?: object | undefined
  readonly orderBy?: readonly { readonly field: string; readonly isDescending: boolean }[]
  readonly offset?: number
  readonly limit?: number
}

const TYPES = ['missing', 'null', 'boolean', 'number', 'string', 'date', 'array', 'object']

export function naiveType(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (value instanceof Date) return 'date'
  return Array.isArray(value) ? 'array' : typeof value
}

export function naiveCompare(a: unknown, b: unknown): number {
  const type = naiveType(a)
  if (type !== naiveType(b)) return TYPES.indexOf(type) - TYPES.indexOf(naiveType(b))
  if (type === 'array') return naiveCompareLists(a as unknown[], b as unknown[])
  if (type === 'object') return naiveCompareLists(entriesOf(a as object), entriesOf(b as object))
  if (type === 'missing' || type === 'null') return 0
  const [left, right] = type === 'date' ? [(a as Date).getTime(), (b as Date).getTime()] : [a as number, b as number]
  return left < right ? -1 : left > right ? 1 : 0
}

function entriesOf(value: object): unknown[] {
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flat()
}

function naiveCompareLists(a: readonly unknown[], b: readonly unknown[]): number {
  for (let at = 0; at < a.length && at < b.length; at++) {
    const order = naiveCompare(a[at], b[at])
    if (order !== 0) return order
  }
  return a.length - b.length
}

/** A field as it is compared: a date field's instant, whatever its form. Forms here are only those of `anyDateForm`. */
export function naiveField(record: NaiveRecord, field: string, dates: ReadonlySet<string>): unknown {
  const value = Object.hasOwn(record, field) ? record[field] : undefined
  return dates.has(field) ? naiveInstant(value) : value
}

function naiveInstant(value: unknown): unknown {
  if (value === undefined || value === null) return value
  if (typeof value !== 'string') return Number(value)
  return Date.parse(/T.*(?:Z|[+-]\d\d:\d\d)$/.test(value) || value.length === 10 ? value : `${value}Z`)
}

export function naiveMatches(record: NaiveRecord, filter: object, dates: ReadonlySet<string>): boolean {
  return Object.entries(filter).every(([name, wanted]) => {
    if (name === '$and') return (wanted as object[]).every(part => naiveMatches(record, part, dates))
    if (name === '$or') return (wanted as object[]).some(part => naiveMatches(record, part, dates))
    const value = naiveField(record, name, dates)
    const constant = (raw: unknown): unknown => (dates.has(name) ? naiveInstant(raw) : raw)
    if (naiveType(wanted) !== 'object' || !Object.keys(wanted).some(key => key.startsWith('$'))) {
      return naiveCompare(value, constant(wanted)) === 0
    }
    return Object.entries(wanted).every(([operator, raw]) => naiveHolds(operator, value, raw, constant))
  })
}

function naiveHolds(operator: string, value: unknown, raw: unknown, constant: (raw: unknown) => unknown): boolean {
  if (operator === '$in') return (raw as unknown[]).some(member => naiveCompare(value, constant(member)) === 0)
  const wanted = constant(raw)
  const order = naiveCompare(value, wanted)
  if (operator === '$eq') return order === 0
  if (naiveType(value) !== naiveType(wanted)) return false
  return operator === '$gt' ? order > 0 : operator === '$gte' ? order >= 0 : operator === '$lt' ? order < 0 : order <= 0
}

/** The rows of a query; `records` are in bucket order, `ordOf` tells the insertion order, which decides ties. */
export function naiveRows<R extends NaiveRecord>(
  records: readonly R[],
  query: NaiveQuery,
  dates: ReadonlySet<string>,
  ordOf: (record: R) => number,
): R[] {
  const { where, orderBy = [], offset = 0, limit = Number.POSITIVE_INFINITY } = query
  const rows = records.filter(record => where === undefined || naiveMatches(record, where, dates))
  const last = orderBy.at(-1)
  if (last !== undefined) {
    rows.sort((a, b) => {
      for (const { field, isDescending } of orderBy) {
        const order = naiveCompare(naiveField(a, field, dates), naiveField(b, field, dates))
        if (order !== 0) return isDescending ? -order : order
      }
      return last.isDescending ? ordOf(b) - ordOf(a) : ordOf(a) - ordOf(b)
    })
  }
  return rows.slice(offset, offset + limit)
}
