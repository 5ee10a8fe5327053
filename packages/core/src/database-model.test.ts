import fc from 'fast-check'
import { expect, test } from 'vitest'
import { agree } from './agreement.harness.js'
import { problemOf, recordsOf } from './bucket.harness.js'
import type { BucketKind } from './bucket-kinds.harness.js'
import { bucketsOf, changesOf } from './commit.js'
import { anyPlan, type Plan, Twin } from './history.harness.js'
import type { Fields } from './naive-bucket.harness.js'
import type { NaiveBucket, Outcome } from './naive-database.harness.js'
import { naiveCompare, naiveMatches } from './naive-order.harness.js'
import { runs } from './property-runs.harness.js'
import type { Filter } from './query.js'
import { Reader } from './reader.js'
import type { Key, StoreRecord } from './value.js'

/** The naive model cannot draw identifiers, so it takes over those the engine drew. */
function takeDrawn(outcome: Outcome, twin: Twin, kinds: Plan['kinds']): void {
  if ('refused' in outcome) return
  for (const { bucket, key, after } of outcome.changes) {
    const field = kinds[bucket as 'one' | 'two'].drawnField
    if (field === undefined || after === undefined || after[field] !== undefined) continue
    const drawn = twin.images[bucket]!.get(key)?.[field]
    expect(drawn).toMatch(/^uuid-\d+$/)
    Object.assign(after, { [field]: drawn })
  }
}

function compareBucket(twin: Twin, name: 'one' | 'two', kind: BucketKind): void {
  const image = twin.images[name]!
  const naive = twin.naive.buckets.get(name)!
  const entries = [...naive.entries].sort(([a, left], [b, right]) =>
    kind.definition.order === 'key' ? naiveCompare(a, b) : left.ord - right.ord,
  )
  const records = recordsOf(image)
  agree(
    records,
    entries.map(([, { record }]) => record),
  )
  for (const [at, [key, { ord, seq }]] of entries.entries()) {
    const slot = image.slots.get(key)!
    agree([image.get(key) === records[at], image.ords[slot], image.seqs[slot]], [true, ord, seq])
    agree(Object.isFrozen(records[at]), true)
  }
  agree(image.count, entries.length)
  agree(image.next, { ord: naive.nextOrd, autoincrement: naive.nextAutoincrement })
  agree(problemOf(image), undefined)
}

/** Every index, by asking for each value it holds and for one it does not. */
function compareIndexes(twin: Twin, name: 'one' | 'two', naive: NaiveBucket): void {
  const image = twin.images[name]!
  const reader = new Reader(image)
  const dates = new Set(image.shape.fields.filter(field => field.type === 'date').map(field => field.name))
  const records = [...naive.entries.values()].map(({ record }) => record)
  for (const { fields } of image.shape.indexes) {
    const wanted = [...records, {}].map(record => Object.fromEntries(fields.map(field => [field, ownField(record, field)])))
    for (const where of wanted) agree(reader.count(where as Filter), records.filter(record => naiveMatches(record, where, dates)).length)
  }
}

function ownField(record: Fields, field: string): unknown {
  return Object.hasOwn(record, field) ? record[field] : undefined
}

function play({ kinds, steps }: Plan): void {
  const twin = new Twin(kinds)
  for (const step of steps) {
    twin.now += step.elapsed
    if (step.clears !== undefined) {
      const records = recordsOf(twin.images[step.clears]!)
      const commit = twin.database.clear(twin.images[step.clears]!, twin.now, 'cleared')
      twin.naive.clear(step.clears, twin.now)
      agree(
        [...(commit === undefined ? [] : changesOf(commit))].map(change => change.before),
        records,
      )
    }
    const before = new Map(
      ['one', 'two'].map(name => [name, new Map([...twin.images[name]!.slots.keys()].map(key => [key, twin.images[name]!.get(key)!]))]),
    )
    const { engine, naive } = twin.writesOf(step)
    const { commit, refused } = twin.playEngine(engine)
    const outcome = twin.playNaive(naive)
    takeDrawn(outcome, twin, kinds)
    if ('refused' in outcome) agree(refused, outcome.refused)
    else {
      agree(refused, undefined)
      agree(
        (commit?.changes ?? []).map(({ bucket, type, key, before, after }) => ({ bucket, type, key, before, after })),
        outcome.changes,
      )
      agree([commit?.seq, commit?.at], commit === undefined ? [undefined, undefined] : [twin.naive.seq, twin.naive.at])
    }
    agree(twin.database.seq, twin.naive.seq)
    checkIdentities(
      twin,
      before,
      commit === undefined ? new Set() : new Set(commit.changes.map(({ bucket, key }) => `${bucket} ${typeof key} ${key}`)),
    )
    if (commit !== undefined)
      agree(
        [...bucketsOf(commit)].every(name => twin.database.lastSeqOf(name) === commit.seq),
        true,
      )
    for (const name of ['one', 'two'] as const) compareBucket(twin, name, kinds[name])
  }
  for (const name of ['one', 'two'] as const) compareIndexes(twin, name, twin.naive.buckets.get(name)!)
}

/** A record that a commit does not name is the same object as before it. */
function checkIdentities(twin: Twin, before: ReadonlyMap<string, ReadonlyMap<Key, StoreRecord>>, changed: ReadonlySet<string>): void {
  for (const [name, records] of before) {
    for (const [key, record] of records) {
      if (!changed.has(`${name} ${typeof key} ${key}`)) agree(twin.images[name]!.get(key), record)
    }
  }
}

test('after every commit records, order, numbers, indexes and changes are those of the naive model', () => {
  fc.assert(
    fc.property(anyPlan(30), plan => play(plan)),
    runs(130),
  )
})
