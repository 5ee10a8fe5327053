/**
 * Measure: times the same work on several contenders in one run, so that their ratios mean something on a noisy machine.
 *
 * 1 Rounds are interleaved: every contender does the round's inputs before any does the next round's, and the order turns by
 *   one each round. A slow moment of the machine hits all alike.
 * 2 A ratio is taken within a round, where both sides saw the same machine, and the median over rounds is reported.
 * 3 Each contender runs its own copy of the loop and of the operation, made from their text, so that no call site ever sees two
 *   contenders: shared code would run at the speed of the slowest kind of call. An operation must therefore be closed: it may
 *   use its two arguments and nothing else.
 * 4 Every loop counts the answers; a call answered with undefined ends the run.
 * 5 The garbage of one is not billed to the next: with --expose-gc a collection precedes every timed batch.
 */

import type { Answer, Contender } from './contender.js'

export type Operation<Input> = (contender: Contender, input: Input) => Answer<unknown>

export interface Entrant {
  readonly name: string
  readonly isAwaited: boolean
  /** See `ContenderKind`. */
  readonly share: number
  /** What the round works on; the same for all rounds, or opened afresh. */
  open(): Promise<Contender>
  close(contender: Contender): Promise<void>
}

export interface Timing {
  readonly name: string
  /** Nanoseconds per operation, one per round. */
  readonly nanoseconds: readonly number[]
}

export interface MeasureOptions<Input> {
  readonly entrants: readonly Entrant[]
  readonly operation: Operation<Input>
  /** The inputs of a round; round -1 and below are warm-up. */
  inputs(round: number): readonly Input[]
  readonly warmUpRounds: number
  readonly rounds: number
}

type Loop<Input> = (contender: Contender, inputs: readonly Input[], operation: Operation<Input>) => Answer<number>

export async function measure<Input>({ entrants, operation, inputs, warmUpRounds, rounds }: MeasureOptions<Input>): Promise<Timing[]> {
  const lanes = entrants.map(entrant => ({
    entrant,
    loop: ownCopy(entrant.isAwaited ? awaitedLoop<Input> : plainLoop<Input>) as Loop<Input>,
    operation: ownCopy(operation),
    nanoseconds: [] as number[],
  }))
  for (let round = -warmUpRounds; round < rounds; round++) {
    const all = inputs(round)
    for (let turn = 0; turn < lanes.length; turn++) {
      const lane = lanes[(turn + round + warmUpRounds) % lanes.length]!
      const contender = await lane.entrant.open()
      const work = lane.entrant.share === 1 ? all : all.slice(0, Math.ceil(all.length * lane.entrant.share))
      globalThis.gc?.()
      const start = process.hrtime.bigint()
      const result = lane.loop(contender, work, lane.operation)
      const answers = typeof result === 'number' ? result : await result
      const nanoseconds = Number(process.hrtime.bigint() - start) / work.length
      await lane.entrant.close(contender)
      if (answers !== work.length) throw new Error(`${lane.entrant.name} answered ${answers} of ${work.length} calls`)
      if (round >= 0) lane.nanoseconds.push(nanoseconds)
    }
  }
  return lanes.map(({ entrant, nanoseconds }) => ({ name: entrant.name, nanoseconds }))
}

/** The speed of `timing` as a multiple of that of `other`: the median over rounds of the ratio within a round. */
export function speedRatio(timing: Timing, other: Timing): number {
  return median(timing.nanoseconds.map((own, round) => other.nanoseconds[round]! / own))
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

function plainLoop<Input>(contender: Contender, inputs: readonly Input[], operation: Operation<Input>): number {
  let answers = 0
  for (let at = 0; at < inputs.length; at++) if (operation(contender, inputs[at]!) !== undefined) answers++
  return answers
}

async function awaitedLoop<Input>(contender: Contender, inputs: readonly Input[], operation: Operation<Input>): Promise<number> {
  let answers = 0
  for (let at = 0; at < inputs.length; at++) if ((await operation(contender, inputs[at]!)) !== undefined) answers++
  return answers
}

/** The same function compiled again from its text, with type feedback of its own. */
function ownCopy<F>(of: F): F {
  return new Function(`return (${String(of)})`)() as F
}
