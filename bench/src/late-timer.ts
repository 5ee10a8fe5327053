/**
 * Late timer: D7, how long a 0 ms timer waits while the store is kept busy. The event loop must stay alive.
 *
 * 1 `after sends`: 100,000 updates are sent and not awaited, then the timer is armed; late is the time until it fires.
 * 2 `during gets`: a loop awaits a million gets; the timer is armed as the loop begins. `worst` is the longest gap in the loop,
 *   the timer being armed again each time it fires; the target is about the first.
 * 3 The median of five counts. The awaited floor stands beside it for scale: it never lets a timer fire before its loop ends.
 */

import type { Contender, ContenderKind } from './contender.js'
import { median } from './measure.js'
import { createRecords, type StandardRecord } from './standard-record.js'

const RUNS = 5
const SENDS = 100_000
const GETS = 1_000_000
const LATE_MS_MAX = 20
const RECORDS_SEED = 42

export interface LateTimer {
  readonly row: 'D7'
  readonly work: string
  readonly contender: string
  readonly n: number
  readonly lateMs: readonly number[]
  readonly medianMs: number
  readonly worstMs: number
  readonly targetMs: number
  readonly isReached?: boolean
}

export async function runLateTimer(kinds: readonly ContenderKind[], own: ContenderKind | undefined, n: number): Promise<LateTimer[]> {
  const records = createRecords(n, RECORDS_SEED)
  const results: LateTimer[] = []
  for (const [work, run] of [
    ['0 ms timer after 100,000 sends', afterSends],
    ['0 ms timer during 1,000,000 gets', duringGets],
  ] as const) {
    for (const kind of kinds) {
      const contender = await kind.open({ records, mailboxMax: SENDS })
      const late: number[] = []
      let worstMs = 0
      for (let at = 0; at < RUNS; at++) {
        globalThis.gc?.()
        const { firstMs, longestMs } = await run(contender, records)
        late.push(firstMs)
        worstMs = Math.max(worstMs, longestMs)
      }
      await contender.close()
      const medianMs = median(late)
      const verdict = kind === own ? { isReached: medianMs <= LATE_MS_MAX } : {}
      results.push({ row: 'D7', work, contender: kind.name, n, lateMs: late, medianMs, worstMs, targetMs: LATE_MS_MAX, ...verdict })
    }
  }
  return results
}

interface Lateness {
  readonly firstMs: number
  readonly longestMs: number
}

async function afterSends(contender: Contender, records: readonly StandardRecord[]): Promise<Lateness> {
  const answers: unknown[] = []
  for (let at = 0; at < SENDS; at++) answers.push(contender.update(records[at % records.length]!.id, { score: at }))
  const firstMs = await fireMs()
  await Promise.all(answers)
  return { firstMs, longestMs: firstMs }
}

async function duringGets(contender: Contender, records: readonly StandardRecord[]): Promise<Lateness> {
  let firstMs: number | undefined
  let longestMs = 0
  let isOver = false
  const watch = (async () => {
    while (!isOver) {
      const ms = await fireMs()
      firstMs ??= ms
      longestMs = Math.max(longestMs, ms)
    }
  })()
  for (let at = 0; at < GETS; at++) await contender.get(records[at % records.length]!.id)
  isOver = true
  await watch
  return { firstMs: firstMs!, longestMs }
}

function fireMs(): Promise<number> {
  const armed = performance.now()
  return new Promise(resolve => setTimeout(() => resolve(performance.now() - armed), 0))
}
