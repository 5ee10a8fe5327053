/**
 * Suite: the contract of the state port (core's `backend.ts`), run against any backend with any test framework.
 *
 * Each clause gets a place of its own, empty at first, and opens and closes what it needs there.
 */

import type { Clause } from './clause.js'
import type { Place } from './place.js'
import { stateClauses } from './state-clauses.js'
import { writerClauses } from './writer-clauses.js'

/** The two words of a test framework that are needed. */
export interface Framework {
  describe(title: string, body: () => void): unknown
  it(title: string, body: () => Promise<void>): unknown
}

const clauses: readonly Clause[] = [...stateClauses, ...writerClauses]

/** Runs every clause against the places that `make` gives. */
export function describeBackend(name: string, make: () => Promise<Place>, { describe, it }: Framework): void {
  describe(`${name} keeps the contract of the state port`, () => {
    for (const { title, run } of clauses) {
      it(title, async () => {
        const place = await make()
        try {
          await run(place)
        } finally {
          await place.remove()
        }
      })
    }
  })
}
