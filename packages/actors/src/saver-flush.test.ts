import { FencedError, type Seq, UnavailableError } from '@repertory/core'
import { describe, expect, it } from 'vitest'
import { createSaver } from './saver.js'
import { createVirtualClock } from './virtual-clock.js'

/** A saver whose backend answers when the test says so: `answer()` settles the oldest attempt, well or with an error. */
function rig() {
  const clock = createVirtualClock({ startMs: 0 })
  const open: { resolve(): void; reject(error: Error): void }[] = []
  const marked: Seq[] = []
  let seq = 0
  let attempts = 0
  const saver = createSaver({
    name: 'main',
    clock,
    random: () => 0.5,
    takeCut: () => ({ epoch: 1, from: 0, to: seq, buckets: [] }),
    save: () => {
      attempts++
      return new Promise((resolve, reject) => void open.push({ resolve, reject }))
    },
    saved: cut => marked.push(cut.to),
    onStatus: () => {},
    onError: () => {},
  })
  const commit = (): void => saver.touched(++seq, clock.now())
  const answer = async (error?: Error): Promise<void> => {
    const attempt = open.shift()!
    if (error === undefined) attempt.resolve()
    else attempt.reject(error)
    await clock.advance(0)
  }
  /** How a promise stands, and the failure if it failed. */
  const watch = (promise: Promise<void>): { is: unknown } => {
    const watched: { is: unknown } = { is: 'pending' }
    promise.then(
      () => {
        watched.is = 'resolved'
      },
      error => {
        watched.is = error
      },
    )
    return watched
  }
  const flush = (): { is: unknown } => watch(saver.flush())
  const stop = (): { is: unknown } => watch(saver.stop())
  const state = (): string => saver.status.state
  return { clock, saver, commit, answer, flush, stop, state, attempts: () => attempts, marked }
}

const away = new Error('away')
const gone = new Error('gone')

describe('flush', () => {
  it('clean: resolves at once', async () => {
    const { clock, flush, attempts } = rig()
    const flushed = flush()
    await clock.advance(0)
    expect([flushed.is, attempts()]).toEqual(['resolved', 0])
  })

  it('dirty: saves at once, and one save answers all who wait', async () => {
    const { clock, commit, flush, answer, attempts, marked, state } = rig()
    commit()
    const flushed = [flush(), flush(), flush()]
    expect([attempts(), state()]).toEqual([1, 'saving'])
    await clock.advance(0)
    expect(flushed[0]!.is).toBe('pending')
    await answer()
    expect(flushed.map(({ is }) => is)).toEqual(Array(3).fill('resolved'))
    expect([attempts(), marked, clock.pending]).toEqual([1, [1], 0])
  })

  it('dirty: rejects when that save fails, and the retries go on', async () => {
    const { clock, commit, flush, answer, attempts, state } = rig()
    commit()
    const flushed = flush()
    await answer(away)
    expect([flushed.is, state()]).toEqual([away, 'retrying'])
    await clock.advance(2000)
    expect(attempts()).toBe(2)
  })

  it('saving: the save under way is enough when it covers the call, and a later touch does not hold it up', async () => {
    const { clock, commit, flush, answer, attempts, state } = rig()
    commit()
    await clock.advance(100)
    const flushed = flush()
    commit()
    await answer()
    expect([flushed.is, attempts(), state()]).toEqual(['resolved', 1, 'dirty'])
    await clock.advance(100)
    expect(attempts()).toBe(2)
  })

  it('saving: what was touched since the cut is saved by the next save, begun at once', async () => {
    const { clock, commit, flush, answer, attempts } = rig()
    commit()
    await clock.advance(100)
    commit()
    const flushed = flush()
    expect(attempts()).toBe(1)
    await answer()
    expect([flushed.is, attempts()]).toEqual(['pending', 2])
    await answer()
    expect(flushed.is).toBe('resolved')
  })

  it('saving: the failure of an attempt begun before the call is not its failure; the next attempt is made at once', async () => {
    const { clock, commit, flush, answer, attempts, state } = rig()
    commit()
    await clock.advance(100)
    const flushed = flush()
    await answer(away)
    expect([flushed.is, attempts(), state()]).toEqual(['pending', 2, 'saving'])
    await answer(gone)
    expect([flushed.is, attempts(), state()]).toEqual([gone, 2, 'retrying'])
  })

  it('retrying: tries at once, and asking often does not lengthen the back-off', async () => {
    const { clock, commit, flush, answer, attempts } = rig()
    commit()
    await clock.advance(100)
    await answer(away)
    for (let asked = 0; asked < 10; asked++) {
      const flushed = flush()
      expect(attempts()).toBe(2 + asked)
      await answer(away)
      expect(flushed.is).toBe(away)
    }
    await clock.advance(1999)
    expect(attempts()).toBe(11)
    await clock.advance(1)
    expect(attempts()).toBe(12)
    await answer(away)
    await clock.advance(4000)
    expect(attempts()).toBe(13)
  })

  it('retrying: resolves when the attempt it asked for succeeds', async () => {
    const { clock, commit, flush, answer, saver } = rig()
    commit()
    await clock.advance(100)
    await answer(away)
    commit()
    const flushed = flush()
    await answer()
    expect([flushed.is, clock.pending]).toEqual(['resolved', 0])
    expect(saver.status).toEqual({ state: 'clean', savedSeq: 2, touchedSeq: 2, lagMs: 0, attempts: 0 })
  })

  it('lost: rejects at once, waiters included', async () => {
    const { clock, commit, flush, saver, attempts } = rig()
    commit()
    const waiting = flush()
    saver.lost(gone)
    saver.lost(away)
    const late = flush()
    await clock.advance(100_000)
    expect([waiting.is, late.is, attempts(), saver.status.lastError]).toEqual([gone, gone, 1, gone])
  })

  it('fenced: whoever waits gets the FencedError', async () => {
    const { commit, flush, answer, state } = rig()
    const fenced = new FencedError('a newer writer took over')
    commit()
    const [first] = [flush(), commit()]
    const second = flush()
    await answer(fenced)
    expect([first.is, second.is, state()]).toEqual([fenced, fenced, 'lost'])
  })

  it('stopped: resolves when all was saved, else rejects', async () => {
    const { clock, commit, flush, stop } = rig()
    stop()
    const clean = flush()
    commit()
    const dirty = flush()
    await clock.advance(100_000)
    expect([clean.is, dirty.is]).toEqual(['resolved', expect.any(UnavailableError)])
  })
})

describe('stop', () => {
  it('clean: stops at once, and what is touched later is never saved', async () => {
    const { clock, commit, stop, state, attempts, saver } = rig()
    const stopped = stop()
    expect(state()).toBe('stopped')
    commit()
    await clock.advance(100_000)
    expect([stopped.is, attempts(), clock.pending]).toEqual(['resolved', 0, 0])
    expect(saver.status).toMatchObject({ state: 'stopped', savedSeq: 0, touchedSeq: 1 })
  })

  it('dirty: saves first; further calls return the same promise, a flush waits with it', async () => {
    const { commit, answer, stop, flush, state, saver, attempts } = rig()
    commit()
    const stopped = stop()
    expect(saver.stop()).toBe(saver.stop())
    const flushed = flush()
    expect([state(), attempts()]).toEqual(['saving', 1])
    await answer()
    expect([stopped.is, flushed.is, state()]).toEqual(['resolved', 'resolved', 'stopped'])
  })

  it('dirty: rejects when the save fails, and makes no further attempt', async () => {
    const { clock, commit, answer, stop, state, attempts } = rig()
    commit()
    const stopped = stop()
    await answer(away)
    expect([stopped.is, state()]).toEqual([away, 'stopped'])
    await clock.advance(1_000_000)
    expect([attempts(), clock.pending]).toEqual([1, 0])
  })

  it('saving: waits for it, then saves what was touched since', async () => {
    const { clock, commit, answer, stop, state, marked } = rig()
    commit()
    await clock.advance(100)
    commit()
    const stopped = stop()
    await answer()
    commit()
    await answer()
    expect([stopped.is, marked]).toEqual(['pending', [1, 2]])
    await answer()
    expect([stopped.is, marked, state()]).toEqual(['resolved', [1, 2, 3], 'stopped'])
  })

  it('saving: when that fails, one attempt more', async () => {
    const { clock, commit, answer, stop, state, attempts } = rig()
    commit()
    await clock.advance(100)
    const stopped = stop()
    await answer(away)
    expect([stopped.is, attempts()]).toEqual(['pending', 2])
    await answer(gone)
    expect([stopped.is, state(), attempts()]).toEqual([gone, 'stopped', 2])
  })

  it('retrying: tries at once', async () => {
    const { clock, commit, answer, stop, state } = rig()
    commit()
    await clock.advance(100)
    await answer(away)
    const stopped = stop()
    await answer()
    expect([stopped.is, state(), clock.pending]).toEqual(['resolved', 'stopped', 0])
  })

  it('lost: rejects with the reason when something is unsaved, else stops', async () => {
    for (const commits of [0, 1]) {
      const { clock, commit, saver, stop, state } = rig()
      for (let made = 0; made < commits; made++) commit()
      saver.lost(gone)
      const stopped = stop()
      await clock.advance(0)
      expect([stopped.is, state()]).toEqual([commits === 0 ? 'resolved' : gone, 'stopped'])
    }
  })

  it('a save that never settles blocks it, and every flush, until lost; its late word changes nothing', async () => {
    for (const lateWord of [undefined, away]) {
      const { clock, commit, answer, flush, stop, saver, state, attempts, marked } = rig()
      commit()
      await clock.advance(100)
      commit()
      const [flushed, stopped] = [flush(), stop()]
      await clock.advance(1_000_000)
      expect([attempts(), state(), clock.pending, flushed.is, stopped.is]).toEqual([1, 'saving', 0, 'pending', 'pending'])
      saver.lost(gone)
      await clock.advance(0)
      expect([flushed.is, stopped.is, state()]).toEqual([gone, gone, 'stopped'])
      await answer(lateWord)
      expect([attempts(), marked, saver.status.savedSeq, saver.status.lastError]).toEqual([1, [], 0, gone])
    }
  })
})
