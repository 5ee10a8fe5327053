/**
 * Gazetteer: the store of this program, on one SQLite file.
 *
 * 1 Two buckets: `places`, and `imports`, which says what is in `places` completely.
 * 2 The file's lock makes this the only writer; whoever wants to look may, with any SQLite tool, at any time.
 * 3 `startOver` removes our own file and nothing else: not one that is open elsewhere, of another program, or no database.
 * 4 Failures without a caller (a save in the background) are kept for the last page; the store tries again by itself.
 */

import { randomUUID } from 'node:crypto'
import { closeSync, existsSync, openSync, readSync, rmSync } from 'node:fs'
import { sqlite } from '@repertory/persistence/sqlite'
import { CorruptError, Store } from 'repertory'
import { z } from 'zod'
import { INVENTED_COUNTRY, isInvented, places } from './place.js'
import { describe, Refusal, sentenceOf } from './refusal.js'

/** A slow disk may need a while for the last save. */
const SHUTDOWN_MS = 30_000

const imports = {
  key: 'digest',
  schema: z.object({
    /** Hash of the file's bytes. */
    digest: z.string(),
    name: z.string(),
    /** Places of that file. */
    count: z.number(),
    /** Places of all imports when this one was complete. */
    total: z.number(),
  }),
} as const

const buckets = { places, imports } as const

export interface Gazetteer {
  readonly store: Store<typeof buckets>
  /** What failed without a caller, newest last. */
  readonly faults: readonly string[]
  /** How long `Store.start` took. */
  readonly startMs: number
}

/** Opens the file and restores what it holds. Rejects with a `StoreError`. */
export async function openGazetteer(path: string): Promise<Gazetteer> {
  const faults: string[] = []
  const note = (error: unknown): void => {
    faults.push(sentenceOf(error))
  }
  const began = performance.now()
  const store = await Store.start({
    name: 'cities',
    persistence: { backend: sqlite({ path }), onError: note },
    buckets,
    shutdownMs: SHUTDOWN_MS,
    onError: note,
  })
  return { store, faults, startMs: performance.now() - began }
}

/** Removes the file of an earlier run, whatever its state. Rejects with a `StoreError` when it is open elsewhere or not ours. */
export async function startOver(path: string): Promise<boolean> {
  const files = ['', '-wal', '-shm'].map(suffix => `${path}${suffix}`).filter(file => existsSync(file))
  if (files[0] === path) await assertOurs(path)
  try {
    for (const file of files) rmSync(file)
  } catch (error) {
    throw new Refusal(`${path} cannot be removed (${describe(error)}); check that this user may write its folder`, { cause: error })
  }
  return files.length > 0
}

/** Places that a run left behind which was cut off during its demonstrations. Resolves to how many there were. */
export async function removeInvented({ store }: Gazetteer): Promise<number> {
  const left = (await store.buckets.places.where({ country: INVENTED_COUNTRY })).filter(isInvented)
  for (const { id } of left) await store.buckets.places.delete(id)
  return left.length
}

/** Opening it is the proof: the lock is taken, and what is of another program is refused. */
async function assertOurs(path: string): Promise<void> {
  const backend = sqlite({ path })
  const { signal } = new AbortController()
  try {
    await backend.open({ store: { id: randomUUID(), name: 'cities' }, shapes: [], signal, lost: () => undefined })
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error
    // Damaged, but a database in our place: that is what starting over is for.
    if (isDatabase(path)) return
    throw new Refusal(`${path} is not a database, so --fresh leaves it alone; move it away, or use another folder with --data DIR`, {
      cause: error,
    })
  }
  await backend.close()
}

function isDatabase(path: string): boolean {
  const expected = 'SQLite format 3\0'
  const found = Buffer.alloc(expected.length)
  const file = openSync(path, 'r')
  try {
    readSync(file, found)
  } finally {
    closeSync(file)
  }
  return found.toString('latin1') === expected
}
