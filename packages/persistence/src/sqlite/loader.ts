/**
 * Loader: the saved records of one bucket, from one moment, in order.
 *
 * 1 A load has a read-only connection of its own and one read transaction over it: it sees one moment, whatever is saved
 *   meanwhile, and no save waits for it.
 * 2 Each row is checked against its checksum, and at the end their number and fingerprint against the catalog. With
 *   `foreignEdits: 'refuse'` the first mismatch rejects; with 'accept' a row that can be read is handed out as it is.
 * 3 Between batches the event loop gets a turn.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import { AbortedError, addMark, CorruptError, describe, recordMark, type StoredRecord, UnavailableError } from '@repertory/core'
import { KEY } from '../sql/row-codec.js'
import { BucketTable } from './bucket-table.js'
import { readEntry } from './catalog.js'
import type { SqliteDatabase } from './driver.js'
import { asStoreError, damaged } from './failure.js'

/** Below the port's 4,096: 3 ms of work, so that a load of any length never holds up a timer for long. */
const BATCH_ROWS = 1024

/** What other programs wrote. */
export type ForeignEdits = 'refuse' | 'accept'

export interface LoadSource {
  readonly file: string
  readonly foreignEdits: ForeignEdits
  /** Opens a connection that only reads. */
  openReader(): SqliteDatabase
  /** Aborted when the backend is closed. */
  readonly closing: AbortSignal
}

export async function* loadBucket(
  source: LoadSource,
  bucket: string,
  signal: AbortSignal,
): AsyncGenerator<readonly StoredRecord[], void, void> {
  const { file } = source
  const reader = attempt(file, () => source.openReader())
  try {
    const entry = attempt(file, () => {
      reader.exec('BEGIN')
      return readEntry(reader, file, bucket)
    })
    if (entry === undefined) return
    const table = new BucketTable(reader, bucket, entry.layout)
    const batches = table.scan(BATCH_ROWS)
    const seen = { count: 0, fingerprint: 0 }
    for (;;) {
      assertGoing(source, bucket, signal)
      const batch = attempt(file, () => {
        const { value } = batches.next()
        return value === undefined ? undefined : decodeRows(source, table, value, seen)
      })
      if (batch === undefined) break
      yield batch
      await nextTurn()
    }
    const whole = seen.count === entry.count && seen.fingerprint === entry.fingerprint
    if (!whole && source.foreignEdits === 'refuse') {
      throw foreignEdit(
        file,
        `table ${JSON.stringify(entry.layout.table)} has ${seen.count} rows where ${entry.count} were saved, or other versions of them`,
      )
    }
  } finally {
    reader.close()
  }
}

function decodeRows(
  { file, foreignEdits }: LoadSource,
  { codec, layout }: BucketTable,
  rows: readonly (readonly unknown[])[],
  seen: { count: number; fingerprint: number },
): StoredRecord[] {
  const batch: StoredRecord[] = []
  for (const row of rows) {
    const intact = codec.isIntact(row)
    if (!intact && foreignEdits === 'refuse') {
      throw foreignEdit(
        file,
        `the row with ${layout.key.field} ${JSON.stringify(row[KEY])} of table ${JSON.stringify(layout.table)} does not match its checksum`,
      )
    }
    const stored = intact || codec.isReadable(row) ? decode(codec, row) : 'it holds values of impossible types'
    if (typeof stored === 'string') {
      throw damaged(
        file,
        `the row with ${layout.key.field} ${JSON.stringify(row[KEY])} of table ${JSON.stringify(layout.table)} cannot be read: ${stored}`,
      )
    }
    seen.count++
    seen.fingerprint = addMark(seen.fingerprint, recordMark(stored.ord, stored.seq))
    batch.push(stored)
  }
  return batch
}

/** The record, or what is wrong with the row. */
function decode(codec: BucketTable['codec'], row: readonly unknown[]): StoredRecord | string {
  try {
    return codec.decode(row)
  } catch (error) {
    return describe(error)
  }
}

function foreignEdit(file: string, found: string): CorruptError {
  return new CorruptError(
    `${file}: ${found}; it was damaged or edited by another program. Restore the file from a backup, or take what is there with sqlite({path, foreignEdits: 'accept'})`,
    { file },
  )
}

function assertGoing({ file, closing }: LoadSource, bucket: string, signal: AbortSignal): void {
  if (signal.aborted) throw new AbortedError(`Loading bucket "${bucket}" was aborted`, { cause: signal.reason })
  if (closing.aborted) throw new UnavailableError(`${file} was closed while bucket "${bucket}" was being loaded; open it and load again`)
}

function attempt<Result>(file: string, read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    throw asStoreError(error, file, 'read')
  }
}
