import fc from 'fast-check'
import { expect, it } from 'vitest'
import { actor } from './actor.js'
import type { Actor } from './behaviour.js'
import type { ChildSpec, RestartType } from './child.js'
import { type ChildSpecs, type Strategy, supervisor } from './supervisor.js'
import {
  type ModelNode,
  ModelSupervisor,
  ModelWorker,
  POLICY,
  type Shape,
  type SupervisorShape,
  Time,
  type WorkerShape,
} from './supervisor-model.harness.js'
import { system } from './system.js'
import { createVirtualClock } from './virtual-clock.js'

const restarts = fc.constantFrom<RestartType>('permanent', 'permanent', 'transient', 'temporary')
const workers: fc.Arbitrary<Shape> = fc.record({ restart: restarts })
const supervisors = (depth: number): fc.Arbitrary<SupervisorShape> =>
  fc.record({
    restart: restarts,
    strategy: fc.constantFrom<Strategy>('one_for_one', 'rest_for_one', 'one_for_all'),
    pastIntensity: fc.constantFrom('open' as const, 'escalate' as const),
    restartsMax: fc.nat(3),
    children: fc.array(
      depth === 0 ? workers : fc.oneof({ weight: 2, arbitrary: workers }, { weight: 1, arbitrary: supervisors(depth - 1) }),
      {
        minLength: 1,
        maxLength: 4,
      },
    ),
  })

const commands = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({ do: fc.constantFrom('crash' as const, 'crash' as const, 'kill' as const, 'exit' as const), at: fc.nat(1000) }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('fail' as const), at: fc.nat(1000), times: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(0, 1, 99, 100, 200, 500, 1000, 4000) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('stop' as const), at: fc.nat(1000) }) },
  ),
  { maxLength: 40 },
)

/** The same tree, for real and as a model, each with its log. */
function plant(shape: SupervisorShape) {
  const time = new Time()
  const [log, modelLog]: [string[], string[]] = [[], []]
  const models: ModelWorker[] = []
  const fails = new Map<string, number>()
  const handles = new Map<string, Actor<string, void>>()
  let born = 0
  const worker = (id: string, { restart }: WorkerShape): ChildSpec<Actor<string, void>> =>
    actor<{ readonly id: string }, string, void>(
      {
        init: context => {
          handles.set(id, context.self as Actor<string, void>)
          const left = fails.get(id) ?? 0
          fails.set(id, Math.max(0, left - 1))
          log.push(`${left > 0 ? '!' : '+'}${id}`)
          if (left > 0) throw new Error(`${id} does not begin`)
          return { id }
        },
        handle: (_state, message, context) => {
          if (message === 'exit') context.exit()
          else throw new Error(message)
        },
        stop: () => log.push(`-${id}`),
      },
      { restart },
    )
  const plantOne = (one: Shape, parent: ModelSupervisor | undefined): [ChildSpec<unknown>, ModelNode] => {
    if (!('children' in one)) {
      const id = `w${born++}`
      const model = new ModelWorker(id, one, parent!, modelLog)
      models.push(model)
      return [worker(id, one), model]
    }
    const specs: [string, ChildSpec<unknown>][] = []
    const model = new ModelSupervisor(one, parent, time, (child, own) => {
      const [spec, node] = plantOne(child, own)
      specs.push([`c${specs.length}`, spec])
      return node
    })
    const { restart, strategy, pastIntensity, restartsMax } = one
    return [supervisor<ChildSpecs>({ restart, strategy, pastIntensity, restartsMax, children: Object.fromEntries(specs) }), model]
  }
  const root = new ModelSupervisor(
    { restart: 'permanent', strategy: 'one_for_one', pastIntensity: 'open', restartsMax: 3, children: [] },
    undefined,
    time,
    () => {
      throw new Error('the root has no declared children')
    },
  )
  root.begin()
  const [spec, model] = plantOne(shape, root)
  root.children.push(model)
  model.begin()
  return { time, log, modelLog, models, fails, handles, spec }
}

const numRuns = process.env.REPERTORY_SOAK === undefined ? 300 : 10_000

it(`random trees do what the model does, whatever crashes in whatever order (${numRuns} trees)`, { timeout: 900_000 }, async () => {
  const seed = Number(process.env.REPERTORY_SEED ?? Date.now() % 2 ** 31)
  console.log(`supervisor-model: REPERTORY_SEED=${seed}`)
  await fc.assert(
    fc.asyncProperty(supervisors(2), commands, async (shape, run) => {
      const clock = createVirtualClock({ startMs: 0 })
      const app = system({ name: 'app', clock, random: () => 0.5, supervision: POLICY, onError: () => undefined })
      const { time, log, modelLog, models, fails, handles, spec } = plant(shape)
      await app.start('tree', spec)
      for (const command of run) {
        const model = 'at' in command ? models[command.at % models.length]! : undefined
        const handle = model && handles.get(model.id)
        if (command.do === 'advance') {
          await clock.advance(command.ms)
          time.advance(command.ms)
        } else if (model === undefined || handle === undefined) continue
        else if (command.do === 'fail') {
          fails.set(model.id, command.times)
          model.failures = command.times
        } else if (command.do === 'stop') {
          await handle.stop()
          if (model.parent.children.includes(model)) model.parent.remove(model)
        } else if (model.isUp) {
          if (command.do === 'kill') handle.kill()
          else handle.cast(command.do)
          model.exit(command.do !== 'exit')
        }
        await clock.advance(0)
        time.advance(0)
        expect(log).toEqual(modelLog)
        for (const each of models) {
          const state = handles.get(each.id)?.state
          const expected = each.isUp ? ['serving', 'probing'] : each.isStopped ? ['stopped'] : ['waiting', 'open']
          expect(expected, `${each.id} is ${state}`).toContain(state)
        }
        expect(clock.pending).toBe(time.timers.length)
      }
      await app.stop()
      expect([clock.pending, log.filter(line => line.startsWith('+')).length]).toEqual([0, log.filter(line => line.startsWith('-')).length])
    }),
    { numRuns, seed },
  )
})
