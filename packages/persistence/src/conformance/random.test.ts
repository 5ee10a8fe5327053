import type { BucketShape, Key, Value } from '@repertory/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sqlitePlace } from '../fixtures/sqlite-place.js'
import { memory } from '../memory.js'
import { expectHolds } from './clause.js'
import { type Edit, type Fields, Model } from './model.js'
import { type OpenedBackend, openAt, type Place } from './place.js'
import { HOSTILE_DATES, HOSTILE_NUMBERS, HOSTILE_TEXTS, shapeOf } from './samples.js'

/** Each bucket through its life: fields come, change type and go; one learns a second type of key. */
const SHAPES: { readonly [bucket: string]: readonly BucketShape[] } = {
  texts: [
    shapeOf('texts', 'id', 'string', ['id:string', 'a:string', 'b:number'], ['a']),
    shapeOf('texts', 'id', 'string', ['id:string', 'a:date', 'A:boolean'], ['A', 'a+A']),
    shapeOf('texts', 'id', 'string', ['b:string', 'a:other', 'c:date', 'id:string'], ['b']),
  ],
  Texts: [shapeOf('Texts', 'id', 'string', ['id:string', 'a:string'])],
  numbers: [
    shapeOf('numbers', 'n', 'number', ['n:number', 'a:date', 'b:boolean'], ['b']),
    shapeOf('numbers', 'n', 'either', ['n:other', 'a:number', 'c:string'], ['c']),
  ],
}

const KEYS: { readonly [type in BucketShape['keyType']]: readonly Key[] } = {
  string: ['a', 'A', 'á', '1', '1.0', 'n:1', '😀'],
  number: [0, 1, -1, 1.5, 1e308, 2 ** 53 - 1],
  either: ['a', '1', 'n:1', 's:', 0, 1, -1, 1.5],
}

const value: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(...HOSTILE_TEXTS.slice(0, -1), ...HOSTILE_NUMBERS, ...HOSTILE_DATES, true, false, null),
  fc.string({ unit: 'grapheme' }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(number => number + 0),
  fc.constantFrom<Value>([], {}, [1, [null, new Date(1)]], { $date: 1, a: { $b: [] } }),
)

type Step =
  | { readonly do: 'save'; readonly edits: readonly Edit[]; readonly repeat: boolean }
  | { readonly do: 'drop'; readonly bucket: string }
  | { readonly do: 'reopen' }

function editOf(shape: BucketShape): fc.Arbitrary<Edit> {
  const key = fc.constantFrom(...KEYS[shape.keyType])
  const fields = fc.dictionary(fc.constantFrom('a', 'A', 'b', 'c', 'd', 'á'), value, { maxKeys: 5, noNullPrototype: true })
  const put = fc.tuple(key, fields).map(([id, rest]): Fields => ({ [shape.key]: id, ...rest }))
  return fc.record({
    shape: fc.constant(shape),
    cleared: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    deletes: fc.array(key, { maxLength: 2 }),
    puts: fc.uniqueArray(put, { maxLength: 6, selector: record => record[shape.key] }),
  })
}

/** Shapes of a bucket come in order: the key type only ever widens. */
function stepAt(age: number): fc.Arbitrary<Step> {
  const edits = Object.values(SHAPES).map(shapes => editOf(shapes[Math.min(age, shapes.length - 1)]!))
  const save = fc.record({
    do: fc.constant('save' as const),
    edits: fc.subarray(edits, { minLength: 1 }).chain(chosen => fc.tuple(...chosen)),
    repeat: fc.boolean(),
  })
  return fc.oneof(
    { weight: 7, arbitrary: save },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), bucket: fc.constantFrom(...Object.keys(SHAPES)) }) },
    { weight: 2, arbitrary: fc.constant({ do: 'reopen' as const }) },
  )
}

const life = fc.tuple(...[0, 1, 2].map(age => fc.array(stepAt(age), { maxLength: 6 }))).map(ages => ages.flat())

async function expectAll({ opened, state }: OpenedBackend, model: Model): Promise<void> {
  for (const bucket of Object.keys(SHAPES)) await expectHolds(state, model, bucket)
  const saved = [...(opened.saved?.buckets ?? [])].map(bucket => bucket.shape.name).sort()
  expect(saved).toEqual([...model.buckets].sort())
  for (const stored of opened.saved?.buckets ?? []) expect(stored).toEqual(model.summary(stored.shape.name))
}

async function live(place: Place, steps: readonly Step[]): Promise<void> {
  const model = new Model()
  let now = await openAt(place)
  try {
    for (const step of steps) {
      if (step.do === 'save') {
        const cut = model.cut(now.opened.epoch, step.edits)
        await now.state.save(cut)
        if (step.repeat) await now.state.save(cut)
        for (const edit of step.edits) await expectHolds(now.state, model, edit.shape.name)
      } else if (step.do === 'drop') {
        await now.state.drop(step.bucket)
        model.drop(step.bucket)
      } else {
        await now.backend.close()
        now = await openAt(place)
        await expectAll(now, model)
      }
    }
    await now.backend.close()
    now = await openAt(place)
    await expectAll(now, model)
  } finally {
    await now.backend.close()
  }
}

describe.each([
  [
    'memory',
    300,
    async (): Promise<Place> => {
      const backend = memory()
      return { backend: () => backend, remove: () => backend.close() }
    },
  ],
  ['sqlite', 30, () => sqlitePlace()],
] as const)('%s', (_, numRuns, make) => {
  it('holds what a naive model holds, through random cuts, drops, changes of shape and openings', async () => {
    await fc.assert(
      fc.asyncProperty(life, async steps => {
        const place = await make()
        try {
          await live(place, steps)
        } finally {
          await place.remove()
        }
      }),
      { numRuns },
    )
  })
})
