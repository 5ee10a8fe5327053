/**
 * Property runs: how often a property is tried.
 *
 * 1 A check run is short; with `REPERTORY_SOAK` set every property is tried thirty times as often.
 * 2 A failing property prints its seed and path; put them beside `numRuns` to replay it.
 */

const SOAK_FACTOR = 30

/** Parameters for `fc.assert`. */
export function runs(numRuns: number): { readonly numRuns: number } {
  return { numRuns: process.env.REPERTORY_SOAK === undefined ? numRuns : numRuns * SOAK_FACTOR }
}
