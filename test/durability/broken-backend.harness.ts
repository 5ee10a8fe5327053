/**
 * Broken backend: memory with one thing wrong at a time, and a count of everything that was written to it.
 */

import { memory } from '@repertory/persistence/memory'
import type { Backend } from 'repertory'

export interface Breakage {
  /** Thrown by `open`. */
  open?: Error
  /** Thrown by `load`, after so many records. */
  load?: { readonly after: number; readonly error: Error }
  /** Thrown by `save` while it is set. */
  save?: Error
  /** Said of every bucket at open, on top of what is true. */
  claims?: { readonly count?: number; readonly fingerprint?: number }
}

export interface BrokenBackend extends Backend {
  readonly broken: Breakage
  readonly written: { saves: number; drops: number; attempts: number }
}

export function brokenBackend(place: Backend = memory(), broken: Breakage = {}): BrokenBackend {
  const written = { saves: 0, drops: 0, attempts: 0 }
  const state = place.state!
  return {
    name: 'broken',
    facts: place.facts,
    broken,
    written,
    close: () => place.close(),
    async open(context) {
      if (broken.open !== undefined) throw broken.open
      const opened = await place.open(context)
      if (opened.saved === undefined || broken.claims === undefined) return opened
      const { seq, buckets } = opened.saved
      return { ...opened, saved: { seq, buckets: buckets.map(bucket => ({ ...bucket, ...broken.claims })) } }
    },
    state: {
      async *load(bucket, options) {
        let given = 0
        for await (const batch of state.load(bucket, options)) {
          given += batch.length
          if (broken.load !== undefined && given >= broken.load.after) throw broken.load.error
          yield batch
        }
      },
      async save(cut) {
        written.attempts++
        if (broken.save !== undefined) throw broken.save
        written.saves++
        await state.save(cut)
      },
      async drop(bucket) {
        written.drops++
        await state.drop(bucket)
      },
    },
  }
}
