/**
 * State clauses: what is saved comes back, exactly, in order, whole.
 */

import type { BucketShape } from '@repertory/core'
import { type Clause, expectHolds, expectSame, expectThat } from './clause.js'
import { type Fields, Model } from './model.js'
import { loadBatches, type Place, saveAll, visit } from './place.js'
import {
  HOSTILE,
  HOSTILE_BUCKETS,
  HOSTILE_EITHER_KEYS,
  HOSTILE_FIELDS,
  HOSTILE_KEYS,
  HOSTILE_NUMBER_KEYS,
  hostileRecords,
  shapeOf,
} from './samples.js'

const NOTES = shapeOf('notes', 'id', 'string', ['id:string', 'text:string', 'stars:number'], ['stars'])
const TAGS = shapeOf('tags', 'id', 'number', ['id:number', 'name:string'])

/** The port's bound. */
const BATCH_ROWS_MAX = 4096

const note = (id: string, stars = 0): Fields => ({ id, text: `note ${id}`, stars })

export const stateClauses: readonly Clause[] = [
  {
    title: 'a place that was never saved to says so, and holds nothing',
    run: place =>
      visit(place, async ({ opened, state }) => {
        expectThat(opened.saved === undefined, 'open() names nothing as saved')
        expectThat(opened.epoch >= 1, 'the first epoch is at least 1')
        expectSame(await loadBatches(state, 'notes'), [], 'an unknown bucket yields nothing')
      }),
  },
  {
    title: 'hostile values come back exactly, in this opening and the next',
    run: place => survives(place, [{ shape: HOSTILE, puts: hostileRecords() }]),
  },
  { title: 'hostile text keys stay apart', run: place => survives(place, [keyed('texts', 'string', HOSTILE_KEYS)]) },
  { title: 'hostile number keys stay apart', run: place => survives(place, [keyed('numbers', 'number', HOSTILE_NUMBER_KEYS)]) },
  { title: 'in a bucket with both, 1 and "1" stay apart', run: place => survives(place, [keyed('both', 'either', HOSTILE_EITHER_KEYS)]) },
  { title: 'hostile keys are found again by deletes and by later puts', run: updatesHostileKeys },
  { title: 'any field name keeps its own value', run: keepsHostileFields },
  {
    title: 'bucket names that differ only in case, or are words of a language, are buckets of their own',
    run: place =>
      survives(
        place,
        HOSTILE_BUCKETS.map((name, at) => ({ shape: { ...NOTES, name }, puts: [note(`in ${name}`, at)] })),
      ),
  },
  { title: 'a load comes in `ord`, at most 4,096 records a batch', run: loadsInOrder },
  {
    title: 'deletes remove, and only what they name',
    run: place =>
      survives(place, [{ shape: NOTES, puts: ['a', 'b', 'c'].map(id => note(id)) }], [{ shape: NOTES, deletes: ['b', 'unknown'] }]),
  },
  {
    title: '`cleared` empties before deletes and puts of the same cut',
    run: place =>
      survives(
        place,
        [{ shape: NOTES, puts: [note('a'), note('b')] }],
        [{ shape: NOTES, cleared: true, deletes: ['a'], puts: [note('b', 1), note('c')] }],
        [{ shape: NOTES, cleared: true }],
      ),
  },
  {
    title: 'a key deleted and put again takes its new place',
    run: place =>
      survives(
        place,
        [{ shape: NOTES, puts: [note('a'), note('b')] }],
        [{ shape: NOTES, deletes: ['a'] }],
        [{ shape: NOTES, deletes: ['b'], puts: [note('a', 1)] }],
      ),
  },
  {
    title: 'a bucket without records is remembered',
    run: place => survives(place, [{ shape: NOTES }, { shape: TAGS, puts: [{ id: 1, name: 'x' }] }]),
  },
  { title: 'shape, count, fingerprint and next numbers of each bucket survive', run: keepsSummaries },
  { title: 'fields and indexes are added as the shape grows, and old records stay as they were', run: growsShapes },
  { title: 'drop forgets one bucket; dropping an unknown one is a success', run: dropsBuckets },
  { title: 'a load sees one moment, whatever is saved meanwhile', run: loadsOneMoment },
  { title: 'a load that was aborted rejects with AbortedError', run: abortsLoads },
]

function keyed(name: string, keyType: BucketShape['keyType'], keys: readonly (string | number)[]): { shape: BucketShape; puts: Fields[] } {
  return {
    shape: shapeOf(name, 'key', keyType, [`key:${keyType === 'either' ? 'other' : keyType}`, 'at:number']),
    puts: keys.map((key, at) => ({ key, at })),
  }
}

type Edits = Parameters<Model['cut']>[1]

/** Saves these commits, each as a cut, and looks at everything before and after closing. */
async function survives(place: Place, ...commits: readonly Edits[]): Promise<void> {
  const model = new Model()
  await visit(place, async ({ opened, state }) => {
    for (const edits of commits) {
      await state.save(model.cut(opened.epoch, edits))
      for (const bucket of model.buckets) await expectHolds(state, model, bucket)
    }
  })
  await visit(place, async ({ opened, state }) => {
    expectSame(opened.saved?.seq, model.seq, 'the saved seq survives')
    expectSame(opened.saved?.buckets.map(bucket => bucket.shape.name).sort(), [...model.buckets].sort(), 'the buckets survive')
    for (const bucket of model.buckets) await expectHolds(state, model, bucket)
  })
}

async function updatesHostileKeys(place: Place): Promise<void> {
  const { shape, puts } = keyed('both', 'either', HOSTILE_EITHER_KEYS)
  const even = puts.filter((_, at) => at % 2 === 0)
  await survives(
    place,
    [{ shape, puts }],
    [{ shape, puts: even.map(fields => ({ ...fields, at: -1 })) }],
    [{ shape, deletes: even.map(fields => fields.key as string | number) }],
  )
}

async function keepsHostileFields(place: Place): Promise<void> {
  const shape = shapeOf(
    'fields',
    'id',
    'string',
    ['id:string', ...HOSTILE_FIELDS.map(name => `${name}:string`)],
    ['select', 'name+Name', '"'],
  )
  const whole = Object.fromEntries(HOSTILE_FIELDS.map(name => [name, `value of ${name}`]))
  const single = HOSTILE_FIELDS.map((name, at) => ({ id: `only ${at}`, [name]: at % 2 === 0 ? name : at }))
  await survives(place, [{ shape, puts: [{ id: 'all', ...whole }, ...single] }])
}

async function loadsInOrder(place: Place): Promise<void> {
  const model = new Model()
  const many = Array.from({ length: BATCH_ROWS_MAX + 1500 }, (_, at) => note(`n${at}`, at))
  await visit(place, async ({ opened, state }) => {
    // New and old records together, and no cut has its puts in the order of their places.
    const cuts = [many.slice(0, 3000), many].map(puts => model.cut(opened.epoch, [{ shape: NOTES, puts }]))
    await saveAll(
      state,
      cuts.map(cut => ({ ...cut, buckets: cut.buckets.map(bucket => ({ ...bucket, puts: bucket.puts.toReversed() })) })),
    )
    const batches = await loadBatches(state, 'notes')
    expectThat(batches.length > 1 && batches.every(batch => batch.length <= BATCH_ROWS_MAX), 'no batch has more than 4,096 records')
    await expectHolds(state, model, 'notes')
  })
}

async function keepsSummaries(place: Place): Promise<void> {
  const model = new Model()
  await visit(place, async ({ opened: { epoch }, state }) => {
    await state.save(
      model.cut(epoch, [
        { shape: NOTES, puts: [note('a'), note('b')] },
        { shape: TAGS, puts: [{ id: 41, name: 'x' }] },
      ]),
    )
    await state.save(model.cut(epoch, [{ shape: NOTES, deletes: ['a'] }]))
  })
  await visit(place, async ({ opened }) => {
    for (const bucket of model.buckets) {
      const { shape, count, fingerprint, next } = opened.saved?.buckets.find(stored => stored.shape.name === bucket) ?? {}
      expectSame({ shape, count, fingerprint, next }, model.summary(bucket), `what is known of "${bucket}"`)
    }
  })
}

async function growsShapes(place: Place): Promise<void> {
  const first = shapeOf('grown', 'id', 'string', ['id:string', 'a:string'], ['a'])
  const second = shapeOf('grown', 'id', 'string', ['id:string', 'b:number', 'a:string', 'A:date'], ['b', 'a+b'])
  const third = shapeOf('grown', 'id', 'either', ['id:other', 'b:string', 'A:other', 'c:boolean'], ['c'])
  await survives(
    place,
    [{ shape: first, puts: [{ id: '1', a: 'x', b: 7, A: new Date(5), c: true }] }],
    [{ shape: second, puts: [{ id: '2', a: 'y', b: 8, A: '2024-01-01' }] }],
    [{ shape: third, puts: [{ id: 3, a: 1, b: 'now text', A: [1], c: false }] }],
    [{ shape: first, puts: [{ id: '2', a: 'z', b: 'text', A: 1, c: true }] }],
  )
}

async function dropsBuckets(place: Place): Promise<void> {
  const model = new Model()
  await visit(place, async ({ opened: { epoch }, state }) => {
    await state.save(
      model.cut(epoch, [
        { shape: NOTES, puts: [note('a')] },
        { shape: TAGS, puts: [{ id: 1, name: 'x' }] },
      ]),
    )
    await state.drop('notes')
    await state.drop('never there')
    model.drop('notes')
    expectSame(await loadBatches(state, 'notes'), [], 'a dropped bucket yields nothing')
    await expectHolds(state, model, 'tags')
  })
  await visit(place, async ({ opened, state }) => {
    expectSame(
      opened.saved?.buckets.map(({ shape }) => shape.name),
      ['tags'],
      'a dropped bucket is not named any more',
    )
    await state.save(model.cut(opened.epoch, [{ shape: NOTES, puts: [note('again')] }]))
    await expectHolds(state, model, 'notes')
  })
}

async function loadsOneMoment(place: Place): Promise<void> {
  const model = new Model()
  const many = Array.from({ length: BATCH_ROWS_MAX * 2 }, (_, at) => note(`n${at}`))
  await visit(place, async ({ opened: { epoch }, state }) => {
    await state.save(model.cut(epoch, [{ shape: NOTES, puts: many }]))
    const seen: number[] = []
    for await (const batch of state.load('notes', { signal: new AbortController().signal })) {
      if (seen.length === 0)
        await state.save(
          model.cut(epoch, [{ shape: NOTES, deletes: ['n8000'], puts: many.slice(0, 8000).map(fields => ({ ...fields, stars: 1 })) }]),
        )
      for (const { record } of batch) seen.push(record.stars as number)
    }
    expectSame([seen.length, seen.some(stars => stars !== 0)], [many.length, false], 'what was saved during a load is not in it')
    await expectHolds(state, model, 'notes')
  })
}

async function abortsLoads(place: Place): Promise<void> {
  const model = new Model()
  await visit(place, async ({ opened: { epoch }, state }) => {
    await state.save(model.cut(epoch, [{ shape: NOTES, puts: [note('a')] }]))
    const abort = new AbortController()
    abort.abort()
    let code: unknown
    try {
      for await (const _ of state.load('notes', { signal: abort.signal })) expectThat(false, 'nothing is handed out')
    } catch (error) {
      code = (error as { code?: unknown }).code
    }
    expectSame(code, 'ABORTED', 'the code of the refusal')
  })
}
