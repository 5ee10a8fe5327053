import fc from 'fast-check'
import { test } from 'vitest'
import { agree } from './agreement.harness.js'
import { createDatabase, defineBucket, differenceOf, observe, problemOf } from './bucket.harness.js'
import type { BucketImage } from './bucket-image.js'
import type { Database } from './database.js'
import { anyPlan, type Plan, type Step, Twin } from './history.harness.js'
import { NaiveBackend } from './naive-backend.harness.js'
import { runs } from './property-runs.harness.js'

class Crash extends Error {}

/** Makes the n-th call of `fault` throw. */
function faultAt(database: Database, n: number): void {
  let calls = 0
  database.fault = () => {
    if (++calls === n) throw new Crash()
  }
}

/** Makes the n-th change of any index throw, before or after it is done; answers how to stop it. */
function indexFaultAt(images: Iterable<BucketImage>, n: number, when: 'before' | 'after'): () => void {
  let calls = 0
  const indexes = [...images].flatMap(image => image.indexes) as unknown as { [method: string]: (...args: unknown[]) => void }[]
  for (const index of indexes) {
    for (const method of ['add', 'remove', 'move']) {
      const original = index[method]!
      index[method] = (...args) => {
        if (when === 'before' && ++calls === n) throw new Crash()
        original.apply(index, args)
        if (when === 'after' && ++calls === n) throw new Crash()
      }
    }
  }
  return () => {
    for (const index of indexes) for (const method of ['add', 'remove', 'move']) delete index[method]
  }
}

/** Runs a commit or a clearing; true when it crashed. Refusals are no matter here. */
function doesCrash(twin: Twin, step: Step): boolean {
  try {
    if (step.clears !== undefined) twin.database.clear(twin.images[step.clears]!, twin.now, 'cleared')
    else twin.playEngine(twin.writesOf(step).engine)
    return false
  } catch (error) {
    if (!(error instanceof Crash)) throw error
    return true
  }
}

/** Plays a step, crashing at every point before it may succeed. After each crash nothing must have happened. */
function playCrashing(twin: Twin, step: Step, crashAt: (n: number) => () => void): void {
  for (let n = 1; ; n++) {
    const before = observe(twin.database)
    const stop = crashAt(n)
    const hasCrashed = doesCrash(twin, step)
    stop()
    if (!hasCrashed) break
    twin.database.repair()
    agree(twin.database.isInterrupted, false)
    agree(differenceOf(before, observe(twin.database), 'unsaved'), undefined)
  }
  playNaively(twin, step)
}

/** The naive side goes along, since the writes of a step depend on it. */
function playNaively(twin: Twin, step: Step): void {
  if (step.clears === undefined) twin.playNaive(twin.writesOf(step).naive)
  else twin.naive.clear(step.clears, twin.now)
}

/** Plays a step without crashes. */
function playPlainly(twin: Twin, step: Step): void {
  agree(doesCrash(twin, step), false)
  playNaively(twin, step)
}

function play({ kinds, steps }: Plan, crashAt: (twin: Twin, n: number) => () => void): void {
  const twin = new Twin(kinds)
  const plain = new Twin(kinds)
  for (const step of steps) {
    twin.now = plain.now += step.elapsed
    playCrashing(twin, step, n => crashAt(twin, n))
    playPlainly(plain, step)
    const [is, wanted] = [twin, plain].map(({ database }) =>
      observe(database).map(({ places, next, count, problem }) => ({ places, next, count, problem })),
    )
    agree(is, wanted)
  }
}

test('a commit that crashes at any check or change leaves everything as it was, and succeeds when tried again', () => {
  fc.assert(
    fc.property(anyPlan(12), plan =>
      play(plan, ({ database }, n) => {
        faultAt(database, n)
        return () => {
          database.fault = undefined
        }
      }),
    ),
    runs(50),
  )
})

test.each(['before', 'after'] as const)('a commit that crashes %s any change of any index leaves everything as it was', when => {
  fc.assert(
    fc.property(anyPlan(8), plan => play(plan, ({ database }, n) => indexFaultAt(database.images(), n, when))),
    runs(25),
  )
})

type SaverMove = 'take' | 'acknowledged' | 'unacknowledged' | 'lost' | 'crash' | 'none'

const anyMoves = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom<SaverMove>('take', 'acknowledged') },
    { weight: 3, arbitrary: fc.constantFrom<SaverMove>('unacknowledged', 'lost', 'crash', 'none') },
  ),
  { minLength: 80, maxLength: 80 },
)

function moveSaver(backend: NaiveBackend, move: SaverMove): void {
  if (move === 'take') backend.take()
  else if (move !== 'crash' && move !== 'none') backend.end(move)
}

/** Plays a step on both sides, `n` being where it crashes first, if there. */
function playOnce(twin: Twin, step: Step, n: number | undefined): void {
  if (n !== undefined) {
    faultAt(twin.database, n)
    const hasCrashed = doesCrash(twin, step)
    twin.database.fault = undefined
    twin.database.repair()
    if (hasCrashed) playPlainly(twin, step)
    else playNaively(twin, step)
  } else playPlainly(twin, step)
}

test('what is saved is what was there when the cut was taken, however saves fail, overlap commits, or commits crash', () => {
  fc.assert(
    fc.property(anyPlan(30), anyMoves, fc.boolean(), ({ kinds, steps }, moves, putsFirst) => {
      const twin = new Twin(kinds)
      const backend = new NaiveBackend(twin.database, putsFirst)
      for (const [at, step] of steps.entries()) {
        twin.now += step.elapsed
        playOnce(twin, step, moves[at] === 'crash' ? 1 + (at % 5) : undefined)
        moveSaver(backend, moves[at]!)
        moveSaver(backend, moves[moves.length - 1 - at]!)
        agree(backend.problem, undefined)
      }
      backend.end('unacknowledged')
      backend.take()
      backend.end('acknowledged')
      agree(backend.problem, undefined)
      for (const image of twin.database.images()) agree(image.unsaved?.isEmpty ?? true, true)
      compareReloaded(twin, kinds, backend)
    }),
    runs(100),
  )
})

/** A database that loads what the backend holds is the one that saved it. */
function compareReloaded(twin: Twin, kinds: Plan['kinds'], backend: NaiveBackend): void {
  const database = createDatabase()
  for (const name of ['one', 'two'] as const) {
    const saved = twin.images[name]!
    const held = backend.held.get(name)
    if (saved.unsaved === undefined || held === undefined) continue
    const image = defineBucket(database, name, kinds[name].definition)
    database.load(image, backend.stored(name), { isChecked: false, refused: undefined as never })
    image.rebuild()
    agree(problemOf(image), undefined)
    agree([image.count, image.fingerprint], [held.count, held.fingerprint])
    agree(
      [...image.ordered()].map(slot => image.records[slot]),
      [...saved.ordered()].map(slot => saved.records[slot]),
    )
    agree(held.next, saved.next)
  }
}
