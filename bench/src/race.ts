/**
 * Race: one line of PROOFS as data (what is asked, against which floor, how fast it must be) and how it is run.
 *
 * 1 Before anything is timed, every contender answers the same questions on a small store of its own, and all answers must be
 *   equal to the floor's: nobody wins by doing nothing, or something else.
 * 2 The target holds for this store only; peers are shown for scale.
 */

import { deepStrictEqual } from 'node:assert'
import type { Contender, ContenderKind } from './contender.js'
import { type Entrant, measure, type Operation, speedRatio, type Timing } from './measure.js'
import { createRecords, FIELDS, type StandardRecord } from './standard-record.js'

/** Records in the store that answers questions before the race. */
const CHECK_RECORDS = 2_000
const CHECK_SEED = 1
const RECORDS_SEED = 42

/** What a race is, but for its inputs. */
export interface RaceFacts {
  /** The row of PROOFS: `P4`. */
  readonly row: string
  readonly work: string
  readonly contenders: readonly ContenderKind[]
  /** The contender the target is a share of. */
  readonly against: ContenderKind
  readonly target: number
  /** The contenders bound by it. */
  readonly bound: readonly ContenderKind[]
  /** Operations in a round; a race from empty does all records. */
  readonly operations: number
  /** Opened empty for every round, instead of holding n records throughout. */
  readonly isFromEmpty?: boolean
  /** Asks what the race is about; anything JSON can hold, in an order that does not depend on the contender. */
  answers(contender: Contender, records: readonly StandardRecord[]): Promise<unknown>
}

export interface Race<Input> extends RaceFacts {
  inputs(records: readonly StandardRecord[], operations: number, seed: number): readonly Input[]
  readonly operation: Operation<Input>
}

/** A race of any input, ready to run. */
export interface PlannedRace extends RaceFacts {
  run(options: RaceOptions): Promise<RaceResult>
}

export interface RaceOptions {
  readonly n: number
  readonly rounds: number
  readonly warmUpRounds: number
  /** Divides the operations of a round. */
  readonly haste: number
  readonly allows: (kind: ContenderKind) => boolean
}

export interface Line {
  readonly contender: string
  readonly perSecond: number
  readonly nanoseconds: number
  /** Speed as a share of each floor's in the same rounds. */
  readonly ratios: Readonly<Record<string, number>>
  /** Set for the contenders bound by the target. */
  readonly isReached?: boolean
}

export interface RaceResult {
  readonly row: string
  readonly work: string
  readonly n: number
  readonly rounds: number
  readonly against: string
  readonly target: number
  readonly lines: readonly Line[]
}

export function planRace<Input>(race: Race<Input>): PlannedRace {
  return { ...race, run: options => runRace(race, options) }
}

async function runRace<Input>(race: Race<Input>, options: RaceOptions): Promise<RaceResult> {
  const kinds = race.contenders.filter(kind => kind === race.against || options.allows(kind))
  await checkAnswers(race, kinds)
  const records = createRecords(options.n, RECORDS_SEED)
  const operations = race.isFromEmpty ? records.length : Math.max(1, Math.floor(race.operations / options.haste))
  const entrants = await Promise.all(kinds.map(kind => (race.isFromEmpty ? freshEntrant(kind) : lastingEntrant(kind, records))))
  const timings = await measure({
    entrants,
    operation: race.operation,
    inputs: round => race.inputs(records, operations, round + options.warmUpRounds),
    warmUpRounds: options.warmUpRounds,
    rounds: options.rounds,
  })
  for (const entrant of entrants) await entrant.dispose()
  return resultOf(race, options, timings)
}

function resultOf(race: RaceFacts, { n, rounds }: RaceOptions, timings: readonly Timing[]): RaceResult {
  const floors = timings.filter(timing => timing.name.startsWith('floor'))
  const lines = timings.map(timing => {
    const ratios = Object.fromEntries(floors.map(floor => [floor.name, speedRatio(timing, floor)]))
    const nanoseconds = [...timing.nanoseconds].sort((left, right) => left - right)[timing.nanoseconds.length >> 1]!
    const isBound = race.bound.some(kind => kind.name === timing.name)
    return {
      contender: timing.name,
      perSecond: 1e9 / nanoseconds,
      nanoseconds,
      ratios,
      ...(isBound ? { isReached: ratios[race.against.name]! >= race.target } : {}),
    }
  })
  return { row: race.row, work: race.work, n, rounds, against: race.against.name, target: race.target, lines }
}

async function checkAnswers(race: RaceFacts, kinds: readonly ContenderKind[]): Promise<void> {
  const records = createRecords(CHECK_RECORDS, CHECK_SEED)
  const answersOf = async (kind: ContenderKind): Promise<unknown> => {
    const contender = await kind.open({ records: race.isFromEmpty ? [] : records })
    const answers = await race.answers(contender, records)
    await contender.close()
    return answers
  }
  const expected = await answersOf(race.against)
  for (const kind of kinds)
    deepStrictEqual(await answersOf(kind), expected, `${race.row}: ${kind.name} answers otherwise than ${race.against.name}`)
}

/** A record without what a store adds to it, in one form for all. */
export function plainRecord(record: StandardRecord | undefined): StandardRecord | undefined {
  if (record === undefined) return undefined
  return Object.fromEntries(FIELDS.map(field => [field, field === 'tags' ? [...record.tags] : record[field]])) as unknown as StandardRecord
}

export function byId(records: readonly StandardRecord[]): StandardRecord[] {
  return records.map(record => plainRecord(record)!).sort((left, right) => (left.id < right.id ? -1 : 1))
}

interface Disposable extends Entrant {
  dispose(): Promise<void>
}

async function lastingEntrant(kind: ContenderKind, records: readonly StandardRecord[]): Promise<Disposable> {
  const contender = await kind.open({ records })
  return {
    name: kind.name,
    isAwaited: kind.isAwaited,
    share: kind.share ?? 1,
    open: async () => contender,
    close: async () => {},
    dispose: async () => contender.close(),
  }
}

async function freshEntrant(kind: ContenderKind): Promise<Disposable> {
  return {
    name: kind.name,
    isAwaited: kind.isAwaited,
    share: kind.share ?? 1,
    open: () => kind.open({ records: [] }),
    close: async contender => contender.close(),
    dispose: async () => {},
  }
}
