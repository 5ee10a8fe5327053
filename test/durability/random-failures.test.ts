import { type Backend, Store } from 'repertory'
import { crash, createVirtualClock, faultyBackend, seededRandom, type VirtualClock } from 'repertory/testing'
import { describe, expect, test } from 'vitest'
import { PLACES, type Place } from './place.harness.js'

const isSoak = process.env.REPERTORY_SOAK !== undefined
const SESSIONS = 8
const STEPS = 40
const KEYS = 10

const buckets = {
  left: { key: 'id', schema: { id: { type: 'string', required: true }, n: { type: 'number' } }, indexes: ['n'] },
  right: { key: 'id', schema: { id: { type: 'number', generated: 'autoincrement' }, n: { type: 'number' } } },
} as const
type Pair = Store<typeof buckets>

interface World {
  readonly store: Pair
  readonly clock: VirtualClock
  readonly backend: Backend & { calm(): void }
}

/** Every state the pair was in, by seq, as text; the newest is the last. */
class History {
  readonly states: Map<number, string> = new Map()
  seq = 0
  /** What a resolved flush has promised. */
  flushed = 0

  note(seq: number, state: string): void {
    this.seq = seq
    this.states.set(seq, state)
  }
}

async function open(place: Place, random: () => number, rates: object): Promise<World> {
  const clock = createVirtualClock()
  const backend = faultyBackend(place(), { clock, random }, rates)
  const store = await Store.start({
    buckets,
    clock,
    random,
    persistence: { backend },
    supervision: { restartsMax: 1e9, backoffMinMs: 1, backoffMaxMs: 1 },
    onError: () => undefined,
  })
  return { store, clock, backend }
}

async function stateOf({ buckets: { left, right } }: Pair): Promise<string> {
  const rows = [await left.all(), await right.all()]
  return JSON.stringify(rows.map(list => list.map(({ id, n, _version }) => [id, n, _version])))
}

/** One random call, answered. */
async function step({ store, clock }: World, random: () => number): Promise<void> {
  const pick = (count: number): number => Math.floor(random() * count)
  const { left, right } = store.buckets
  const [id, number, n] = [`k${pick(KEYS)}`, 1 + pick(40), pick(5)]
  const calls = [
    () => left.insert({ id, n }),
    () => left.update(id, { n }),
    () => left.delete(id),
    () => left.insertMany([{ id }, { id: `${id}+` }]),
    () => right.insert({ n }),
    () => right.insertMany([{ n }, { n }]),
    () => right.update(number, { n }),
    () => right.delete(number),
  ]
  if (random() < 0.1)
    crash(store, random() < 0.5 ? 'left' : 'right', new Error('by chance'), { at: (['now', 'check', 'apply'] as const)[pick(3)]! })
  const clear = random() < 0.5 ? () => left.clear() : () => right.clear()
  const call = random() < 0.03 ? clear : calls[pick(calls.length)]!
  const answered = call().then(
    () => 'done',
    () => 'refused or crashed',
  )
  await clock.advance(5)
  await answered
}

async function live(world: World, history: History, random: () => number): Promise<void> {
  let seq = world.store.health().backends.main!.savedSeq
  await world.store.on('*', event => {
    seq = event.seq
  })
  for (let at = 0; at < STEPS; at++) {
    await step(world, random)
    await world.store.settle()
    history.note(seq, await stateOf(world.store))
    if (random() < 0.2) await world.clock.advance(random() * 3000)
    if (random() > 0.1) continue
    const flushed = world.store.flush().then(
      () => true,
      () => false,
    )
    await world.clock.advance(1500)
    if (await flushed) history.flushed = Math.max(history.flushed, history.seq)
  }
}

/** The store ends well: all faults are over, everything is saved. */
async function end({ store, clock, backend }: World): Promise<void> {
  backend.calm()
  const stopped = store.stop()
  // A save that is under way takes its time still.
  await clock.advance(1000)
  await stopped
}

describe.each(PLACES)('on $kind', ({ kind, make }) => {
  const seeds = Array.from({ length: kind === 'memory' ? (isSoak ? 500 : 25) : isSoak ? 50 : 4 }, (_, at) => at + 1)
  test.each(seeds)('whatever saves fail, a store that stopped comes back as it was, time and again (seed %i)', async seed => {
    const random = seededRandom(seed)
    const place = make()
    const history = new History()
    history.note(0, '[[],[]]')
    for (let session = 0; session < SESSIONS; session++) {
      const world = await open(place, random, { fails: 0.4, losesAnswer: 0.2, delayMsMax: kind === 'memory' ? 400 : 0 })
      expect([session, world.store.health().backends.main!.savedSeq]).toEqual([session, history.seq])
      expect(await stateOf(world.store)).toBe(history.states.get(history.seq))
      await live(world, history, random)
      await end(world)
    }
  })
})

describe('a store that is abandoned in the middle of anything', () => {
  const seeds = Array.from({ length: isSoak ? 500 : 25 }, (_, at) => at + 1001)
  test.each(seeds)(
    'leaves both buckets at one seq, not before the last flush; it is fenced and changes nothing more (seed %i)',
    async seed => {
      const random = seededRandom(seed)
      const place = PLACES[0]!.make()
      let history = new History()
      history.note(0, '[[],[]]')
      const ghosts: World[] = []
      for (let session = 0; session < SESSIONS; session++) {
        const world = await open(place, random, { fails: 0.3, losesAnswer: 0.2 })
        const { savedSeq } = world.store.health().backends.main!
        expect(savedSeq).toBeGreaterThanOrEqual(history.flushed)
        expect(await stateOf(world.store)).toBe(history.states.get(savedSeq))
        // What was never saved has never been: its numbers are used again, in another epoch.
        const state = history.states.get(savedSeq)!
        history = new History()
        history.note(savedSeq, state)
        history.flushed = savedSeq
        for (const ghost of ghosts) {
          await ghost.clock.advance(random() * 5000)
          const { state: of, savedSeq: seen } = ghost.store.health().backends.main!
          if (of !== 'lost') expect(seen).toBeLessThanOrEqual(savedSeq)
        }
        await live(world, history, random)
        ghosts.push(world)
        await place().close()
      }
      for (const ghost of ghosts) await ghost.clock.advance(200_000)
      const last = await open(place, random, {})
      expect(last.store.health().backends.main!.savedSeq).toBeGreaterThanOrEqual(history.flushed)
      expect(await stateOf(last.store)).toBe(history.states.get(last.store.health().backends.main!.savedSeq))
      await end(last)
    },
  )
})
