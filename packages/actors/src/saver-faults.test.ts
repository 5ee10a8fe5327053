import type { Cut, Seq } from '@repertory/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createSaver } from './saver.js'
import { createVirtualClock, type VirtualClock } from './virtual-clock.js'

/** A cut that carries what it saves: key → seq of its newest version. */
interface RowCut extends Cut {
  readonly rows: ReadonlyMap<string, Seq>
}

/** What happens to one save: how long it takes, and whether it fails; `applied` ones were written although they failed. */
interface Fate {
  readonly afterMs: number
  readonly outcome: 'saved' | 'failed' | 'applied but failed' | 'throws'
}

class FaultyBackend {
  readonly rows = new Map<string, Seq>()
  /** The `to` of every cut whose save succeeded. */
  readonly succeeded: Seq[] = []
  readonly #clock: VirtualClock
  readonly #fates: Fate[]
  #underWay = 0

  constructor(clock: VirtualClock, fates: readonly Fate[]) {
    this.#clock = clock
    this.#fates = [...fates]
  }

  save(cut: RowCut): Promise<void> {
    if (++this.#underWay > 1) throw new Error('two saves at once')
    const { afterMs, outcome } = this.#fates.shift() ?? { afterMs: 1, outcome: 'saved' }
    if (outcome === 'throws') {
      this.#underWay--
      throw new Error('thrown')
    }
    return new Promise((resolve, reject) => {
      this.#clock.after(afterMs, () => {
        this.#underWay--
        if (outcome !== 'failed') for (const [key, seq] of cut.rows) this.rows.set(key, seq)
        if (outcome === 'saved') this.succeeded.push(cut.to)
        if (outcome === 'saved') resolve()
        else reject(new Error(outcome))
      })
    })
  }
}

/** The owner in small: newest version of each key, and which of them are dirty. */
class Owner {
  readonly rows = new Map<string, Seq>()
  readonly dirty = new Map<string, Seq>()
  seq = 0

  commit(key: string): Seq {
    this.seq++
    this.rows.set(key, this.seq)
    this.dirty.set(key, this.seq)
    return this.seq
  }

  takeCut(): RowCut | undefined {
    return this.dirty.size === 0 ? undefined : { epoch: 1, from: 0, to: this.seq, buckets: [], rows: new Map(this.dirty) }
  }

  saved(cut: Cut): void {
    for (const [key, seq] of this.dirty) if (seq <= cut.to) this.dirty.delete(key)
  }
}

type Command =
  | { readonly do: 'commit'; readonly key: string }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'flush' | 'commit unheard' }

const fates = fc.array(
  fc.record({
    afterMs: fc.constantFrom(0, 1, 50, 100, 1000, 3000),
    outcome: fc.constantFrom<Fate['outcome'][]>('saved', 'failed', 'applied but failed', 'throws'),
  }),
  { maxLength: 12 },
)

const commands = fc.array(
  fc.oneof<fc.WeightedArbitrary<Command>[]>(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('commit' as const), key: fc.constantFrom('a', 'b', 'c') }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(0, 1, 40, 99, 100, 500, 1000, 2500) }) },
    { weight: 2, arbitrary: fc.constant<Command>({ do: 'flush' }) },
    { weight: 1, arbitrary: fc.constant<Command>({ do: 'commit unheard' }) },
  ),
  { maxLength: 50 },
)

function rig(plan: readonly Fate[]) {
  const clock = createVirtualClock({ startMs: 0 })
  const owner = new Owner()
  const backend = new FaultyBackend(clock, plan)
  const errors: string[] = []
  const saver = createSaver({
    name: 'main',
    clock,
    random: () => 0.5,
    takeCut: () => owner.takeCut(),
    save: cut => backend.save(cut as RowCut),
    saved: cut => owner.saved(cut),
    onStatus: status => {
      // Whatever is declared saved was in a cut that succeeded.
      expect(status.savedSeq).toBe(Math.max(0, ...backend.succeeded))
    },
    onError: error => errors.push((error as Error).message),
  })
  return { clock, owner, backend, saver, errors }
}

it('whatever fails, the backend ends with the newest state, after one save at a time, each declared only when it succeeded', async () => {
  await fc.assert(
    fc.asyncProperty(fates, commands, fc.boolean(), async (plan, run, isStopped) => {
      const { clock, owner, backend, saver, errors } = rig(plan)
      let [asked, answered] = [0, 0]
      for (const command of run) {
        if (command.do === 'commit') saver.touched(owner.commit(command.key), clock.now())
        else if (command.do === 'commit unheard') {
          // A commit can be in a cut before the saver hears of it.
          const seq = owner.commit('late')
          clock.yield(() => saver.touched(seq))
        } else if (command.do === 'advance') await clock.advance(command.ms)
        else {
          asked++
          const through = saver.status.touchedSeq
          saver.flush().then(
            () => {
              answered++
              if (saver.status.savedSeq < through) errors.push(`flush through ${through} resolved at ${saver.status.savedSeq}`)
            },
            () => answered++,
          )
        }
        expect(clock.pending).toBeLessThanOrEqual(2)
      }
      await clock.advance(1_000_000)
      if (isStopped) await saver.stop()
      expect(backend.rows).toEqual(owner.rows)
      expect([answered, owner.dirty.size, clock.pending]).toEqual([asked, 0, 0])
      expect(saver.status).toEqual({
        state: isStopped ? 'stopped' : 'clean',
        savedSeq: owner.seq,
        touchedSeq: owner.seq,
        lagMs: 0,
        attempts: 0,
      })
      expect(errors.filter(message => !['failed', 'applied but failed', 'thrown'].includes(message))).toEqual([])
    }),
    { numRuns: 500 },
  )
})
