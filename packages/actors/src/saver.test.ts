import { type Cut, FencedError, type Seq } from '@repertory/core'
import { describe, expect, it } from 'vitest'
import { createSaver, type SaverOptions, type SaverStatus } from './saver.js'
import { createVirtualClock } from './virtual-clock.js'

interface Attempt {
  readonly cut: Cut
  readonly atMs: number
  readonly succeed: () => void
  readonly fail: (error: unknown) => void
}

type Answer = 'saved' | 'by hand' | Error

/** An owner with a counter for a store, and a backend that answers each save as told. */
function rig(settings: Partial<SaverOptions> & { answer?: (attempt: number) => Answer } = {}) {
  const { answer = () => 'saved', ...options } = settings
  const clock = createVirtualClock({ startMs: 0 })
  const attempts: Attempt[] = []
  const statuses: SaverStatus[] = []
  const errors: unknown[] = []
  const marked: Seq[] = []
  let seq = options.savedSeq ?? 0
  const saver = createSaver({
    name: 'main',
    clock,
    random: () => 0.5,
    takeCut: () => ({ epoch: 1, from: marked.at(-1) ?? 0, to: seq, buckets: [] }),
    save: cut =>
      new Promise((resolve, reject) => {
        const said = answer(attempts.length)
        attempts.push({ cut, atMs: clock.now(), succeed: resolve, fail: reject })
        if (said === 'saved') resolve()
        else if (said !== 'by hand') reject(said)
      }),
    saved: cut => marked.push(cut.to),
    onStatus: status => statuses.push(status),
    onError: error => errors.push(error),
    ...options,
  })
  const commit = (): void => saver.touched(++seq, clock.now())
  const state = (): string => saver.status.state
  return { clock, saver, commit, state, attempts, statuses, errors, marked }
}

const byHand = (): Answer => 'by hand'

describe('when a saver saves', () => {
  it('after 100 ms of quiet, everything touched until then, once', async () => {
    const { clock, commit, state, attempts, marked, saver } = rig()
    commit()
    await clock.advance(60)
    commit()
    commit()
    await clock.advance(99)
    expect([attempts.length, state(), saver.status.lagMs]).toEqual([0, 'dirty', 159])
    await clock.advance(1)
    expect(attempts.map(({ atMs, cut }) => [atMs, cut.to])).toEqual([[160, 3]])
    expect([marked, state(), clock.pending]).toEqual([[3], 'clean', 0])
    expect(saver.status).toEqual({ state: 'clean', savedSeq: 3, touchedSeq: 3, lagMs: 0, attempts: 0 })
    await clock.advance(10_000)
    expect(attempts).toHaveLength(1)
  })

  it('every 1000 ms under steady writes', async () => {
    const { clock, commit, attempts } = rig()
    for (let write = 0; write < 250; write++) {
      commit()
      await clock.advance(10)
    }
    expect(attempts.map(({ atMs }) => atMs)).toEqual([1000, 2000])
  })

  it('at the times it was told', async () => {
    const { clock, commit, attempts } = rig({ debounceMs: 30, maxWaitMs: 50 })
    for (let write = 0; write < 11; write++) {
      commit()
      await clock.advance(10)
    }
    await clock.advance(100)
    expect(attempts.map(({ atMs }) => atMs)).toEqual([50, 100, 130])
  })

  it('never inside touched, even without a debounce', async () => {
    const { clock, commit, attempts } = rig({ debounceMs: 0 })
    commit()
    expect(attempts).toHaveLength(0)
    await clock.advance(0)
    expect(attempts).toHaveLength(1)
  })

  it('reads the clock itself when the commit brings no time, and ignores what it has heard', async () => {
    const { clock, saver, attempts } = rig({ savedSeq: 7, takeCut: () => ({ epoch: 1, from: 7, to: 8, buckets: [] }) })
    saver.touched(7)
    expect(saver.status.state).toBe('clean')
    await clock.advance(50)
    saver.touched(8)
    saver.touched(8)
    await clock.advance(100)
    expect(attempts.map(({ atMs }) => atMs)).toEqual([150])
  })

  it('within the bounds when the wall clock jumps back', async () => {
    const { clock, saver, attempts } = rig({ takeCut: () => ({ epoch: 1, from: 0, to: 1, buckets: [] }) })
    saver.touched(1, 3_600_000)
    await clock.advance(1000)
    expect(attempts).toHaveLength(1)
  })

  it('nothing when nothing is dirty any more, and that counts as saved', async () => {
    const { clock, commit, saver, attempts, marked } = rig({ takeCut: () => undefined })
    commit()
    await saver.flush()
    expect([attempts.length, marked, saver.status.savedSeq, saver.status.state]).toEqual([0, [], 1, 'clean'])
    expect(clock.pending).toBe(0)
  })
})

describe('while a save is under way', () => {
  it('no other begins, and what is touched meanwhile is dirty afterwards', async () => {
    const { clock, commit, state, attempts, saver, marked } = rig({ answer: byHand })
    commit()
    await clock.advance(100)
    commit()
    void saver.flush()
    await clock.advance(5000)
    expect([attempts.length, state(), marked]).toEqual([1, 'saving', []])
    expect(saver.status).toMatchObject({ savedSeq: 0, touchedSeq: 2, lagMs: 5100 })
    attempts[0]!.succeed()
    await clock.advance(0)
    expect([attempts.length, attempts[1]!.cut.to, marked]).toEqual([2, 2, [1]])
    expect(saver.status).toMatchObject({ savedSeq: 1, lagMs: 5000 })
  })

  it('the next one keeps to the debounce and the maximum wait, counted from the first touch after the cut', async () => {
    const { clock, commit, state, attempts } = rig({ answer: byHand })
    commit()
    await clock.advance(100)
    await clock.advance(20)
    commit()
    await clock.advance(10)
    attempts[0]!.succeed()
    await clock.advance(0)
    expect(state()).toBe('dirty')
    await clock.advance(89)
    expect(attempts).toHaveLength(1)
    await clock.advance(1)
    expect(attempts[1]!.atMs).toBe(220)
    commit()
    await clock.advance(3000)
    attempts[1]!.succeed()
    await clock.advance(0)
    expect(attempts[2]!.atMs).toBe(3220)
  })
})

describe('a save that fails', () => {
  it('is tried again for ever with a fresh cut, and nothing counts as saved before one succeeds', async () => {
    const { clock, commit, attempts, saver, errors, marked } = rig({
      answer: attempt => (attempt < 9 ? new Error(`away ${attempt}`) : 'saved'),
    })
    commit()
    await clock.advance(100)
    for (let failures = 1; failures <= 9; failures++) {
      const lastError = new Error(`away ${failures - 1}`)
      expect(saver.status).toMatchObject({
        state: 'retrying',
        attempts: failures,
        failingSince: 100,
        lastError,
        savedSeq: 0,
        lagMs: clock.now(),
      })
      expect([clock.pending, marked, attempts.length]).toEqual([1, [], failures])
      commit()
      await clock.advance(Math.min(60_000, 1000 * 2 ** failures))
    }
    expect(attempts.map(({ cut }) => cut.to)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect([errors.length, marked]).toEqual([9, [10]])
    expect(saver.status).toEqual({ state: 'clean', savedSeq: 10, touchedSeq: 10, lagMs: 0, attempts: 0 })
  })

  it('waits 2 s, doubling to 60 s, within ten percent, and starts over after a success', async () => {
    for (const [drawn, factor] of [
      [0, 0.9],
      [0.5, 1],
      [0.999_999_9, 1.1],
    ] as const) {
      const { clock, commit, attempts } = rig({ random: () => drawn, answer: attempt => (attempt === 8 ? 'saved' : new Error('away')) })
      commit()
      await clock.advance(400_000)
      const gapsMs = attempts.map(({ atMs }, at) => Math.round(atMs - (attempts[at - 1]?.atMs ?? atMs)))
      expect(gapsMs).toEqual([0, 2, 4, 8, 16, 32, 60, 60, 60].map(s => Math.round(s * 1000 * factor)))
      commit()
      await clock.advance(2400)
      expect(Math.round(attempts[10]!.atMs - attempts[9]!.atMs)).toBe(Math.round(2000 * factor))
    }
  })

  it('may fail by throwing, as may taking the cut', async () => {
    let throwing = 2
    const options: Partial<SaverOptions> = {
      takeCut: () => {
        if (throwing-- > 1) throw new Error('no cut')
        return { epoch: 1, from: 0, to: 1, buckets: [] }
      },
      save: () => {
        if (throwing === 0) throw new Error('no save')
        return Promise.resolve()
      },
    }
    const { clock, commit, state, errors } = rig(options)
    commit()
    await clock.advance(100)
    expect([state(), errors]).toEqual(['retrying', [new Error('no cut')]])
    await clock.advance(2000)
    expect([state(), errors.length]).toEqual(['retrying', 2])
    await clock.advance(4000)
    expect(state()).toBe('clean')
  })

  it('is also one whose cut leaves out what was touched before it', async () => {
    const { clock, commit, errors, attempts } = rig({ takeCut: () => ({ epoch: 1, from: 0, to: 0, buckets: [] }) })
    commit()
    await clock.advance(100)
    expect([attempts.length, String(errors[0])]).toEqual([0, 'Error: The cut for "main" ends at 0, but 1 was touched before it'])
  })

  it('is final when it was fenced', async () => {
    const fenced = new FencedError('a newer writer took over')
    const { clock, commit, saver, attempts, errors } = rig({ answer: () => fenced })
    commit()
    await clock.advance(100_000)
    expect([attempts.length, clock.pending, errors]).toEqual([1, 0, [fenced]])
    expect(saver.status).toMatchObject({ state: 'lost', lastError: fenced, attempts: 1, failingSince: 100 })
  })
})

describe('status and observers', () => {
  it('are told of every move, with the state already new', async () => {
    const { clock, commit, statuses } = rig({ answer: attempt => (attempt === 0 ? new Error('away') : 'saved') })
    commit()
    await clock.advance(3000)
    expect(statuses.map(({ state, savedSeq, attempts }) => `${state} ${savedSeq} ${attempts}`)).toEqual([
      'dirty 0 0',
      'saving 0 0',
      'retrying 0 1',
      'saving 0 1',
      'clean 1 0',
    ])
  })

  it('may throw without harm', async () => {
    const fault = (): never => {
      throw new Error('observer')
    }
    const { clock, commit, saver } = rig({ onStatus: fault, saved: fault, onError: fault })
    commit()
    await clock.advance(100)
    expect(saver.status).toMatchObject({ state: 'clean', savedSeq: 1 })
  })

  it('may touch and flush from inside saved', async () => {
    const flushed: Promise<void>[] = []
    const { clock, commit, saver, attempts } = rig({
      saved: () => {
        if (flushed.length > 0) return
        commit()
        flushed.push(saver.flush())
      },
    })
    commit()
    await clock.advance(100)
    await flushed[0]
    expect([attempts.length, saver.status.state, saver.status.savedSeq]).toEqual([2, 'clean', 2])
  })
})
