/**
 * Importer: brings the places of a source into the bucket, once.
 *
 *   known? ──yes──▶ skipped
 *     └─no──▶ read rows ─▶ which are missing? (getMany) ─▶ 5,000 at a time: insertMany, flush ─▶ noted in `imports`
 *
 * 1 A commit is on disk before the next one begins, so a broken import loses nothing that the progress has counted.
 * 2 Only what is missing is inserted: after Ctrl-C, a crash or kill -9 the next run goes on where this one was.
 * 3 An import is noted when it is complete. If the number of places is not what it was then, every row is looked up again.
 */

import { amount } from './figure.js'
import type { Gazetteer } from './gazetteer.js'
import type { Interruption } from './interruption.js'
import type { PlaceInput } from './place.js'
import { listPlaces, type PlaceList, type PlaceSource } from './place-source.js'
import { Progress } from './progress.js'
import { Refusal, sentenceOf } from './refusal.js'
import type { Screen } from './screen.js'

/** Places in one commit: about 100 ms of work, and what a kill can cost. */
const COMMIT_PLACES = 5000

export interface ImportReport {
  /** Absent when the rows did not need to be read. */
  readonly list: PlaceList | undefined
  readonly inserted: number
  readonly commits: number
  /** From the first commit to the last one saved. */
  readonly elapsedMs: number
}

export interface ImportTools {
  readonly screen: Screen
  readonly interruption: Interruption
  /** The rows, when they were read before. */
  readonly list: PlaceList | undefined
}

/** Rejects with `Interrupted` between two commits, with `Refusal` when rows are refused or the disk is. */
export async function importPlaces(gazetteer: Gazetteer, source: PlaceSource, tools: ImportTools): Promise<ImportReport> {
  const { places, imports } = gazetteer.store.buckets
  const noted = await imports.get(source.digest)
  if (noted !== undefined && noted.total === (await places.count())) return { list: undefined, inserted: 0, commits: 0, elapsedMs: 0 }
  tools.screen.pass('reading the rows …')
  const list = tools.list ?? (await listPlaces(source, tools.interruption))
  const missing = await missingFrom(gazetteer, [...list.places.values()])
  tools.screen.wipe()
  if (missing.length > 0 && missing.length < list.places.size) {
    tools.screen.line(`an earlier import was cut off: ${amount(list.places.size - missing.length)} of ${amount(list.places.size)} are here`)
  }
  const began = performance.now()
  const commits = await insertAll(gazetteer, missing, tools)
  const elapsedMs = performance.now() - began
  await note(gazetteer, source, list.places.size)
  return { list, inserted: missing.length, commits, elapsedMs }
}

async function missingFrom({ store }: Gazetteer, wanted: readonly PlaceInput[]): Promise<readonly PlaceInput[]> {
  const missing: PlaceInput[] = []
  for (let at = 0; at < wanted.length; at += COMMIT_PLACES) {
    const batch = wanted.slice(at, at + COMMIT_PLACES)
    const found = await store.buckets.places.getMany(batch.map(place => place.id))
    for (const [index, place] of batch.entries()) if (found[index] === undefined) missing.push(place)
  }
  return missing
}

async function insertAll({ store }: Gazetteer, missing: readonly PlaceInput[], { screen, interruption }: ImportTools): Promise<number> {
  const progress = new Progress(screen, missing.length)
  let commits = 0
  for (let done = 0; done < missing.length; ) {
    interruption.throwIfAsked()
    const batch = missing.slice(done, done + COMMIT_PLACES)
    try {
      await store.buckets.places.insertMany(batch, { by: 'import' })
      await store.flush()
    } catch (error) {
      const found = sentenceOf(error).replace(/\.$/, '')
      throw new Refusal(
        `The import stopped after ${amount(done)} of ${amount(missing.length)} places: ${found}; the next start imports what is missing`,
        { cause: error },
      )
    }
    done += batch.length
    commits++
    if (!interruption.isAsked) progress.reach(done)
  }
  screen.wipe()
  return commits
}

async function note({ store }: Gazetteer, { digest, name }: PlaceSource, count: number): Promise<void> {
  const { places, imports } = store.buckets
  const total = await places.count()
  if ((await imports.get(digest)) === undefined) await imports.insert({ digest, name, count, total })
  else await imports.update(digest, { total })
  await store.flush()
}
