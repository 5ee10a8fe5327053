/**
 * Writer clauses: a cut is one step, repeated it is none, and only the newest writer takes it.
 */

import type { Cut } from '@repertory/core'
import { type Clause, expectHolds, expectRefusal, expectSame, expectThat } from './clause.js'
import { type Fields, Model } from './model.js'
import { openAt, type Place, visit } from './place.js'
import { shapeOf } from './samples.js'

const DEBITS = shapeOf('debits', 'id', 'string', ['id:string', 'sum:number'])
const CREDITS = shapeOf('credits', 'id', 'string', ['id:string', 'sum:number'])

const entry = (id: string, sum: number): Fields => ({ id, sum })

export const writerClauses: readonly Clause[] = [
  { title: 'a cut over two buckets is saved whole', run: savesWhole },
  { title: 'a cut that fails half-way leaves the state before it, and the next one succeeds', run: failsWhole },
  { title: 'a cut given again is a success without effect', run: repeats },
  { title: 'lists that the caller changes after a save do not change what was saved', run: ownsItsLists },
  { title: 'each opening raises the epoch, with nothing saved in between as well', run: raisesEpochs },
  { title: 'a cut of an older epoch is refused with FencedError, for ever, and changes nothing', run: fences },
  { title: 'a second opening is refused with LockedError naming the holder, and disturbs nobody', run: locks },
  { title: 'closing twice is a success, and a closed backend opens again', run: closesTwice },
  { title: 'a backend that is not open refuses to save, load and drop', run: refusesClosed },
]

async function savesWhole(place: Place): Promise<void> {
  const model = new Model()
  await visit(place, async ({ opened: { epoch }, state }) => {
    for (let n = 1; n <= 3; n++) {
      await state.save(
        model.cut(epoch, [
          { shape: DEBITS, puts: [entry('x', n)] },
          { shape: CREDITS, puts: [entry('x', -n)] },
        ]),
      )
    }
  })
  await visit(place, async ({ state }) => {
    await expectHolds(state, model, 'debits')
    await expectHolds(state, model, 'credits')
  })
}

async function failsWhole(place: Place): Promise<void> {
  const model = new Model()
  await visit(place, async ({ opened: { epoch }, state }) => {
    await state.save(
      model.cut(epoch, [
        { shape: DEBITS, puts: [entry('x', 1)] },
        { shape: CREDITS, puts: [entry('x', -1)] },
      ]),
    )
    const spare = new Model()
    spare.cut(epoch, [])
    const cut = spare.cut(epoch, [
      { shape: DEBITS, puts: [entry('x', 2), entry('y', 2)] },
      { shape: CREDITS, puts: [entry('x', -2)] },
    ])
    const poisoned = { ...cut, buckets: [cut.buckets[0]!, { ...cut.buckets[1]!, shape: unreadableShape() }] }
    const failed = await state.save(poisoned as Cut).then(
      () => false,
      () => true,
    )
    expectThat(failed, 'a cut whose second bucket cannot be read rejects')
    await expectHolds(state, model, 'debits')
    await expectHolds(state, model, 'credits')
    await state.save(
      model.cut(epoch, [
        { shape: DEBITS, puts: [entry('x', 3)] },
        { shape: CREDITS, puts: [entry('x', -3)] },
      ]),
    )
    await expectHolds(state, model, 'debits')
    await expectHolds(state, model, 'credits')
  })
}

/** Stands for any failure in the middle of a save: reading it throws, at whatever point the backend does. */
function unreadableShape(): unknown {
  return new Proxy(CREDITS, {
    get: () => {
      throw new Error('this shape cannot be read')
    },
    ownKeys: () => {
      throw new Error('this shape cannot be read')
    },
  })
}

async function repeats(place: Place): Promise<void> {
  const model = new Model()
  await visit(place, async ({ opened: { epoch }, state }) => {
    const first = model.cut(epoch, [{ shape: DEBITS, puts: [entry('x', 1), entry('y', 1)] }])
    const second = model.cut(epoch, [{ shape: DEBITS, puts: [entry('x', 2)], deletes: ['y'] }])
    for (const cut of [first, first, second, first]) await state.save(cut)
    await expectHolds(state, model, 'debits')
    await state.save(second)
    await expectHolds(state, model, 'debits')
  })
  await visit(place, async ({ opened, state }) => {
    expectSame(opened.saved?.seq, 2, 'the saved seq is that of the newest cut')
    await expectHolds(state, model, 'debits')
  })
}

async function ownsItsLists(place: Place): Promise<void> {
  const model = new Model()
  await visit(place, async ({ opened: { epoch }, state }) => {
    const cut = model.cut(epoch, [{ shape: DEBITS, puts: [entry('x', 1), entry('y', 1)] }])
    const puts = cut.buckets[0]!.puts.map(stored => ({ ...stored }))
    const saving = state.save({ ...cut, buckets: [{ ...cut.buckets[0]!, puts }] })
    await saving
    puts[0]!.ord = 99
    puts.length = 0
    await expectHolds(state, model, 'debits')
  })
}

async function raisesEpochs(place: Place): Promise<void> {
  const epochs: number[] = []
  for (let n = 0; n < 3; n++) await visit(place, async ({ opened }) => void epochs.push(opened.epoch))
  expectSame(epochs, [epochs[0], epochs[0]! + 1, epochs[0]! + 2], 'each epoch is one more than the last')
}

async function fences(place: Place): Promise<void> {
  const model = new Model()
  const first = await visit(place, async ({ opened }) => opened.epoch)
  await visit(place, async ({ opened: { epoch }, state }) => {
    await state.save(model.cut(epoch, [{ shape: DEBITS, puts: [entry('x', 1)] }]))
    const stale = new Model()
    const cuts = [0, 1, 2].map(n => stale.cut(first, [{ shape: DEBITS, cleared: true, puts: [entry('stale', n)] }]))
    for (const cut of [...cuts, ...cuts]) await expectRefusal(state.save(cut), 'FENCED')
    await expectHolds(state, model, 'debits')
    await state.save(model.cut(epoch, [{ shape: DEBITS, puts: [entry('x', 2)] }]))
    await expectHolds(state, model, 'debits')
  })
}

async function locks(place: Place): Promise<void> {
  const model = new Model()
  const holder = await openAt(place, 'the holder')
  try {
    await expectRefusal(openAt(place, 'the other'), 'LOCKED', /the holder/)
    await holder.state.save(model.cut(holder.opened.epoch, [{ shape: DEBITS, puts: [entry('x', 1)] }]))
    await expectRefusal(openAt(place, 'the other'), 'LOCKED', /the holder/)
    await expectHolds(holder.state, model, 'debits')
  } finally {
    await holder.backend.close()
  }
  await visit(place, ({ state }) => expectHolds(state, model, 'debits'), 'the other')
}

async function closesTwice(place: Place): Promise<void> {
  const { backend } = await openAt(place)
  await backend.close()
  await backend.close()
  const { opened } = await openAt({ ...place, backend: () => backend })
  expectThat(opened.epoch > 1, 'the same object opens again')
  await backend.close()
}

async function refusesClosed(place: Place): Promise<void> {
  const model = new Model()
  const { backend, opened, state } = await openAt(place)
  await backend.close()
  await expectRefusal(state.save(model.cut(opened.epoch, [{ shape: DEBITS, puts: [entry('x', 1)] }])), 'UNAVAILABLE')
  await expectRefusal(state.drop('debits'), 'UNAVAILABLE')
  await expectRefusal(state.load('debits', { signal: new AbortController().signal })[Symbol.asyncIterator]().next(), 'UNAVAILABLE')
}
