/**
 * Runtime: what an actor of `repertory/runtime` costs. Rows A1 to A3 and the flood of R10.
 *
 * A1  an ask that is handled in its caller's turn, awaited, against awaiting an async function that does the same
 * A2  an ask that has to wait for its turn: 10,000 sent at once, then awaited
 * A3  n supervised actors: started one by one, each asked once, stopped with their supervisor; bytes each, heap after a collection.
 *     Flat: ten times as many take ten times as long, give or take a half.
 * R10 a million casts: 60,000 find a place, the rest are refused; then a 1 ms timer is watched while they are handled
 *
 * Every figure is the median of its rounds; A1 and its floor alternate, and their ratio is taken within a round.
 */

import { type Actor, actor, type Behaviour, supervisor, system } from 'repertory/runtime'
import { median } from './measure.js'

export interface RuntimeFigure {
  readonly row: 'A1' | 'A2' | 'A3' | 'R10'
  readonly work: string
  readonly value: number
  readonly unit: string
  /** `≤ 1500 B`: what must be reached. */
  readonly target?: string
  readonly isReached?: boolean
}

type Counter = { total: number }

const counter: Behaviour<Counter, number, number> = { init: () => ({ total: 0 }), handle: (state, n) => (state.total += n) }
const spec = actor(counter)

const BYTES_MAX = 1500
const GROWTH_MAX = 1.5
/** An ask in the turn may take this many times as long as awaiting an async function. */
const OVERHEAD_MAX = 2
const P99_MS_MAX = 50
const PLACES = 60_000

export const RUNTIME_ROWS: readonly string[] = ['A1', 'A2', 'A3', 'R10']

export async function runRuntime(rows: readonly string[], isQuick: boolean): Promise<RuntimeFigure[]> {
  const wants = (row: string): boolean => rows.includes(row)
  const rounds = isQuick ? 3 : 9
  return [
    ...(wants('A1') ? await callsInTurn(rounds) : []),
    ...(wants('A2') ? await callsQueued(rounds) : []),
    ...(wants('A3') ? await numbers(isQuick ? 3 : 5) : []),
    ...(wants('R10') ? await flood(isQuick ? 1 : 5) : []),
  ]
}

async function callsInTurn(rounds: number): Promise<RuntimeFigure[]> {
  const app = system()
  const one = await app.start('one', spec)
  const state = { total: 0 }
  const plain = async (n: number): Promise<number> => counter.handle(state, n, undefined as never)
  const [own, floor]: [number[], number[]] = [[], []]
  for (let round = -2; round < rounds; round++) {
    const figures = [await nanosecondsEach(200_000, () => one.ask(1)), await nanosecondsEach(200_000, () => plain(1))] as const
    if (round < 0) continue
    own.push(figures[0])
    floor.push(figures[1])
  }
  await app.stop()
  const ratio = median(own.map((value, round) => value / floor[round]!))
  return [
    { row: 'A1', work: 'ask in the turn, awaited', value: median(own), unit: 'ns' },
    { row: 'A1', work: 'the same by an async function', value: median(floor), unit: 'ns' },
    { row: 'A1', work: 'ratio', value: ratio, unit: '×', target: `≤ ${OVERHEAD_MAX} ×`, isReached: ratio <= OVERHEAD_MAX },
  ]
}

async function callsQueued(rounds: number): Promise<RuntimeFigure[]> {
  const app = system()
  const figures: number[] = []
  const calls = 10_000
  for (let round = -2; round < rounds; round++) {
    // The first holds the actor until the next macrotask, so that all others wait.
    const held = await app.start(`held${round + 2}`, holder)
    const start = performance.now()
    const answers: Promise<unknown>[] = [held.ask(0)]
    for (let at = 1; at < calls; at++) answers.push(held.ask(at))
    await Promise.all(answers)
    if (round >= 0) figures.push(((performance.now() - start) * 1e6) / calls)
    await held.stop()
  }
  await app.stop()
  return [{ row: 'A2', work: 'ask queued', value: median(figures), unit: 'ns' }]
}

/** Takes its first message asynchronously, the others at once. */
const holder = actor<null, number, number>({
  init: () => null,
  handle: (_, n) => (n === 0 ? new Promise<number>(resolve => setImmediate(() => resolve(n))) : n),
})

interface Numbers {
  readonly startsPerSecond: number
  readonly bytesEach: number
  readonly bytesEachAsked: number
  readonly stopMs: number
}

async function numbers(rounds: number): Promise<RuntimeFigure[]> {
  const figures: RuntimeFigure[] = []
  const all = new Map<number, Numbers[]>()
  await startMany(10_000)
  for (const n of [1_000, 10_000, 100_000]) {
    const seen: Numbers[] = []
    for (let round = 0; round < rounds; round++) seen.push(await startMany(n))
    all.set(n, seen)
    const of = (field: keyof Numbers): number => median(seen.map(each => each[field]))
    const [bytesEach, work] = [of('bytesEach'), `${n.toLocaleString('en-US')} actors`]
    figures.push(
      { row: 'A3', work: `${work}, started`, value: of('startsPerSecond'), unit: '/s' },
      { row: 'A3', work: `${work}, idle`, value: bytesEach, unit: 'B each', target: `≤ ${BYTES_MAX} B`, isReached: bytesEach <= BYTES_MAX },
      { row: 'A3', work: `${work}, each asked once`, value: of('bytesEachAsked'), unit: 'B each' },
      { row: 'A3', work: `${work}, stopped`, value: (of('stopMs') * 1e6) / n, unit: 'ns each' },
    )
  }
  const startUs = (n: number): number => 1e6 / median(all.get(n)!.map(each => each.startsPerSecond))
  const growth = startUs(100_000) / startUs(10_000)
  const [target, isReached] = [`≤ ${GROWTH_MAX} ×`, growth <= GROWTH_MAX]
  return [...figures, { row: 'A3', work: 'start at 100,000 against 10,000', value: growth, unit: '×', target, isReached }]
}

async function startMany(n: number): Promise<Numbers> {
  const app = system({ shutdownMs: 60_000 })
  const pool = await app.start('pool', supervisor())
  const all: Actor<number, number>[] = new Array(n)
  const before = heapBytes()
  const start = performance.now()
  for (let at = 0; at < n; at++) all[at] = await pool.start(`w${at}`, spec)
  const startedMs = performance.now() - start
  const bytesEach = (heapBytes() - before) / n
  for (const each of all) await each.ask(1)
  const bytesEachAsked = (heapBytes() - before) / n
  const stop = performance.now()
  await pool.stop()
  const stopMs = performance.now() - stop
  await app.stop()
  return { startsPerSecond: (n * 1000) / startedMs, bytesEach, bytesEachAsked, stopMs }
}

async function flood(rounds: number): Promise<RuntimeFigure[]> {
  const [sends, p99s, heaps]: [number[], number[], number[]] = [[], [], []]
  for (let round = 0; round < rounds; round++) {
    const app = system({ callTimeoutMs: 60_000 })
    const one = await app.start('one', holder)
    const before = heapBytes()
    const start = performance.now()
    for (let at = 0; at < 1_000_000; at++) one.cast(at)
    sends.push(performance.now() - start)
    heaps.push((process.memoryUsage().heapUsed - before) / 2 ** 20)
    const { depth, counts } = one.mailbox
    if (depth !== PLACES || counts.refused !== 1_000_000 - PLACES - 1) throw new Error(`the bound does not hold: ${JSON.stringify(counts)}`)
    const late: number[] = []
    while (one.mailbox.depth > 0) late.push(await lateMs())
    const { sent, handled, refused } = one.mailbox.counts
    if (handled + refused !== sent) throw new Error(`${sent} sent, ${handled + refused} accounted for`)
    p99s.push(late.sort((left, right) => left - right)[Math.floor(late.length * 0.99)] ?? 0)
    await app.stop()
  }
  const [p99, heap] = [median(p99s), median(heaps)]
  return [
    { row: 'R10', work: '1,000,000 casts, each', value: median(sends), unit: 'ns' },
    { row: 'R10', work: 'heap grown after the last', value: heap, unit: 'MiB', target: '≤ 64 MiB', isReached: heap <= 64 },
    { row: 'R10', work: 'event loop p99 afterwards', value: p99, unit: 'ms', target: `≤ ${P99_MS_MAX} ms`, isReached: p99 <= P99_MS_MAX },
  ]
}

async function nanosecondsEach(calls: number, call: () => Promise<unknown>): Promise<number> {
  globalThis.gc?.()
  const start = performance.now()
  for (let at = 0; at < calls; at++) await call()
  return ((performance.now() - start) * 1e6) / calls
}

function heapBytes(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

/** How late a 1 ms timer comes. */
function lateMs(): Promise<number> {
  const armed = performance.now()
  return new Promise(resolve => setTimeout(() => resolve(Math.max(0, performance.now() - armed - 1)), 1))
}
