import fc from 'fast-check'
import { expect, it } from 'vitest'
import { actor } from './actor.js'
import type { Actor } from './behaviour.js'
import { type ChildSpec, childSpec, createChild, type RestartType } from './child.js'
import { type ChildSpecs, type Strategy, type Supervisor, supervisor } from './supervisor.js'
import { system } from './system.js'
import { createVirtualClock } from './virtual-clock.js'

interface WorkerShape {
  readonly restart: RestartType
  readonly initMs: number
  readonly handleMs: number
  readonly stopMs: number
}

interface SupervisorShape {
  readonly restart: RestartType
  readonly strategy: Strategy
  readonly pastIntensity: 'open' | 'escalate'
  readonly children: readonly Shape[]
}

type Shape = WorkerShape | SupervisorShape
type Word = 'ok' | 'crash' | 'normal'

const restarts = fc.constantFrom<RestartType>('permanent', 'permanent', 'permanent', 'transient', 'temporary')
const delays = fc.constantFrom(0, 0, 0, 1, 5)
const workers: fc.Arbitrary<WorkerShape> = fc.record({ restart: restarts, initMs: delays, handleMs: delays, stopMs: delays })
const supervisors = (depth: number): fc.Arbitrary<SupervisorShape> =>
  fc.record({
    restart: restarts,
    strategy: fc.constantFrom<Strategy>('one_for_one', 'rest_for_one', 'one_for_all'),
    pastIntensity: fc.constantFrom('open' as const, 'escalate' as const),
    children: fc.array(depth === 0 ? workers : fc.oneof(workers, workers, supervisors(depth - 1)), { minLength: 1, maxLength: 4 }),
  })
const commands = fc.array(
  fc.record({
    do: fc.constantFrom('ask', 'ask', 'cast', 'kill', 'fail', 'advance', 'advance', 'stop', 'start', 'pause'),
    word: fc.constantFrom<Word>('ok', 'ok', 'crash', 'crash', 'normal'),
    at: fc.nat(1000),
    ms: fc.constantFrom(0, 1, 2, 5, 100),
  }),
  { maxLength: 40 },
)

/** Actors that keep count of their own lives; every one that lasts must end up serving. */
function plant(clock: ReturnType<typeof createVirtualClock>) {
  const wait = (ms: number): Promise<void> => new Promise(resolve => clock.after(ms, resolve))
  const after = <T>(ms: number, run: () => T): T | Promise<T> => (ms === 0 ? run() : wait(ms).then(run))
  const actors: Actor<Word, Word>[] = []
  const pools: Supervisor<ChildSpecs>[] = []
  const lasting = new Set<string>()
  const failures = new Map<string, number>()
  const lives = { begun: 0, ended: 0, overlaps: [] as string[] }
  const living = new Set<string>()
  const worker = ({ restart, initMs, handleMs, stopMs }: WorkerShape, lasts: boolean): ChildSpec<Actor<Word, Word>> =>
    actor<string, Word, Word>(
      {
        init: ({ self }) => {
          const { path } = self
          if (!actors.some(known => known.path === path)) actors.push(self as Actor<Word, Word>)
          if (living.has(path)) lives.overlaps.push(path)
          if (lasts && restart === 'permanent') lasting.add(path)
          living.add(path)
          return after(initMs, () => {
            const left = failures.get(path) ?? 0
            failures.set(path, Math.max(0, left - 1))
            if (left > 0) {
              living.delete(path)
              throw new Error('init')
            }
            lives.begun++
            return path
          })
        },
        handle: (_path, word, context) =>
          after(handleMs, () => {
            if (word === 'crash') throw new Error('crash')
            if (word === 'normal') context.exit()
            return word
          }),
        stop: path => {
          lives.ended++
          living.delete(path)
          return stopMs === 0 ? undefined : wait(stopMs)
        },
      },
      { restart },
    )
  const specOf = (shape: Shape, lasts: boolean): ChildSpec<unknown> => {
    if (!('children' in shape)) return worker(shape, lasts)
    const { restart, strategy, pastIntensity, children } = shape
    const specs = children.map((child, at) => [`c${at}`, specOf(child, lasts && restart === 'permanent')] as const)
    const spec = supervisor<ChildSpecs>({ restart, strategy, pastIntensity, children: Object.fromEntries(specs) })
    return childSpec(place => {
      const made = createChild(spec, place)
      pools.push(made)
      return made
    })
  }
  return { actors, pools, lasting, failures, lives, living, specOf, worker }
}

const numRuns = process.env.REPERTORY_SOAK === undefined ? 300 : 10_000

it(`whatever begins, ends and fails at once: one life at a time, one answer a caller, all come back (${numRuns} trees)`, {
  timeout: 900_000,
}, async () => {
  const seed = Number(process.env.REPERTORY_SEED ?? Date.now() % 2 ** 31)
  console.log(`supervisor-races: REPERTORY_SEED=${seed}`)
  await fc.assert(
    fc.asyncProperty(
      supervisors(2),
      commands,
      fc.record({ restart: restarts, initMs: delays, handleMs: delays, stopMs: delays }),
      async (shape, run, extra) => {
        const clock = createVirtualClock({ startMs: 0 })
        const broken: unknown[] = []
        const isBroken = (error: unknown): boolean => /cannot (start|serve|fail|leave|left|finish)|undefined/.test(String(error))
        const onError = (error: unknown): void => void (isBroken(error) && broken.push(error))
        const app = system({ name: 'app', clock, random: () => 0.5, onError })
        const { actors, pools, lasting, failures, lives, living, specOf, worker } = plant(clock)
        const started = app.start('tree', specOf(shape, true))
        await clock.advance(100)
        await started
        let [asked, answered] = [0, 0]
        const stopped: Promise<unknown>[] = []
        for (const { do: what, word, at, ms } of run) {
          const one = actors[at % actors.length]!
          if (what === 'ask') {
            asked++
            one.ask(word).then(
              () => answered++,
              () => answered++,
            )
          } else if (what === 'cast') one.cast(word)
          else if (what === 'kill' && one.state !== 'starting') one.kill()
          else if (what === 'fail') failures.set(one.path, at % 4)
          else if (what === 'advance') await clock.advance(ms)
          else if (what === 'pause') await Promise.resolve()
          else if (what === 'stop' && at % 5 === 0) {
            lasting.delete(one.path)
            stopped.push(one.stop())
          } else if (what === 'start') {
            const pool = pools[at % pools.length]!
            stopped.push(pool.start(`x${at}`, worker(extra, false)).catch(error => onError(error)))
          }
        }
        await clock.advance(300_000)
        await Promise.all(stopped)
        expect(broken).toEqual([])
        for (const { path, state, mailbox } of actors) {
          if (lasting.has(path)) expect(`${path} ${state}`).toBe(`${path} serving`)
          const { sent, ...outcomes } = mailbox.counts
          expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBe(sent)
        }
        const end = app.stop()
        await clock.advance(6000)
        await end
        expect([answered, living.size, lives.overlaps, clock.pending]).toEqual([asked, 0, [], 0])
        expect(lives.ended).toBe(lives.begun)
        expect(actors.every(({ state }) => state === 'stopped')).toBe(true)
      },
    ),
    { numRuns, seed },
  )
})
