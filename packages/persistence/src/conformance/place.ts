/**
 * Place: where a backend under test keeps its things, so that one backend may follow another there.
 */

import type { Backend, BucketShape, Cut, OpenContext, Opened, StatePort, StoredRecord, StoreError } from '@repertory/core'

export interface Place {
  /** Another backend over the same things. A backend that lives in its object gives that object again. */
  backend(): Backend
  /** Removes everything. */
  remove(): Promise<void>
}

/** A backend that has been opened, with what it said. */
export interface OpenedBackend {
  readonly backend: Backend
  readonly state: StatePort
  readonly opened: Opened
  /** What it told the store through `lost`. */
  readonly lost: readonly StoreError[]
}

/** Opens a backend at a place as a store of this name would. */
export async function openAt(place: Place, storeName = 'conformance', shapes: readonly BucketShape[] = []): Promise<OpenedBackend> {
  const backend = place.backend()
  const lost: StoreError[] = []
  const context: OpenContext = {
    store: { id: `id-of-${storeName}`, name: storeName },
    shapes,
    signal: new AbortController().signal,
    lost: error => {
      lost.push(error)
    },
  }
  const opened = await backend.open(context)
  if (backend.state === undefined) throw new Error(`${backend.name} has no state port, which this suite is about`)
  return { backend, state: backend.state, opened, lost }
}

/** Opens, works, closes: as one run of a store. */
export async function visit<Result>(place: Place, work: (opened: OpenedBackend) => Promise<Result>, storeName?: string): Promise<Result> {
  const opened = await openAt(place, storeName)
  try {
    return await work(opened)
  } finally {
    await opened.backend.close()
  }
}

/** All batches of a bucket. */
export async function loadBatches(state: StatePort, bucket: string): Promise<(readonly StoredRecord[])[]> {
  const batches: (readonly StoredRecord[])[] = []
  for await (const batch of state.load(bucket, { signal: new AbortController().signal })) batches.push(batch)
  return batches
}

/** All records of a bucket. */
export async function loadAll(state: StatePort, bucket: string): Promise<readonly StoredRecord[]> {
  return (await loadBatches(state, bucket)).flat()
}

/** Saves a cut made by a model. */
export async function saveAll(state: StatePort, cuts: readonly Cut[]): Promise<void> {
  for (const cut of cuts) await state.save(cut)
}
