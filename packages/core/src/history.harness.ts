/**
 * History: arbitrary commits over two buckets of random kinds, and the engine and the naive model side by side.
 *
 * 1 A step is a list of writes (one commit), or a `clear`. `expect` is `current`, `stale` or absent, made a number when played.
 * 2 `Twin` plays a step on both; comparing is up to the test.
 */

import fc from 'fast-check'
import { createDatabase, defineBucket } from './bucket.harness.js'
import type { BucketImage } from './bucket-image.js'
import { anyFields, BUCKET_KINDS, type BucketKind } from './bucket-kinds.harness.js'
import type { Commit } from './commit.js'
import type { Database } from './database.js'
import { StoreError } from './errors.js'
import type { Fields } from './naive-bucket.harness.js'
import { NaiveDatabase, type NaiveWrite, type Outcome } from './naive-database.harness.js'
import type { Key } from './value.js'
import type { Write } from './write.js'

interface PlannedWrite {
  readonly type: 'insert' | 'update' | 'delete'
  readonly bucket: BucketName
  /** An update or a deletion means the n-th record there is, or this key where there is none. */
  readonly key: Key
  readonly nth: number | undefined
  readonly fields: Fields
  readonly expect: 'current' | 'stale' | undefined
}

export interface Step {
  /** Added to the clock; may be negative. */
  readonly elapsed: number
  readonly writes: readonly PlannedWrite[]
  readonly clears: BucketName | undefined
}

export interface Plan {
  readonly kinds: { readonly one: BucketKind; readonly two: BucketKind }
  readonly steps: readonly Step[]
}

type BucketName = 'one' | 'two'

function anyInsert(bucket: BucketName, kind: BucketKind): fc.Arbitrary<PlannedWrite> {
  const numbersItself = Object.values(kind.naive.fields).some(field => field.generated === 'autoincrement')
  return fc.record({
    type: fc.constant('insert' as const),
    bucket: fc.constant(bucket),
    key: kind.key,
    nth: fc.constant(undefined),
    fields: anyFields(kind, numbersItself ? 'seldom' : 'always'),
    expect: fc.constant(undefined),
  })
}

function anyChange(bucket: BucketName, kind: BucketKind): fc.Arbitrary<PlannedWrite> {
  return fc.record({
    type: fc.constantFrom('update' as const, 'update' as const, 'delete' as const),
    bucket: fc.constant(bucket),
    key: kind.key,
    nth: fc.option(fc.nat(20), { freq: 15, nil: undefined }),
    fields: anyFields(kind, 'seldom'),
    expect: fc.oneof(
      { weight: 20, arbitrary: fc.constant(undefined) },
      { weight: 2, arbitrary: fc.constant('current' as const) },
      { weight: 1, arbitrary: fc.constant('stale' as const) },
    ),
  })
}

/** Commits of one write and of several; at first only inserts, so that there is something to change. */
function anySteps({ one, two }: Plan['kinds'], maxLength: number): fc.Arbitrary<Step[]> {
  const insert = fc.oneof(anyInsert('one', one), anyInsert('two', two))
  const write = fc.oneof({ weight: 2, arbitrary: insert }, { weight: 3, arbitrary: fc.oneof(anyChange('one', one), anyChange('two', two)) })
  const step = (writes: Step['writes'], elapsed: number, clears?: BucketName): Step => ({ elapsed, writes, clears })
  const single = fc.tuple(fc.tuple(write), fc.integer({ min: -2, max: 5 })).map(args => step(...args))
  const several = fc.tuple(fc.array(write, { maxLength: 5, size: 'max' }), fc.nat(2)).map(args => step(...args))
  const clearing = fc.tuple(fc.constant([]), fc.nat(2), fc.constantFrom('one' as const, 'two' as const)).map(args => step(...args))
  const begin = fc.array(
    insert.map(only => step([only], 1)),
    { maxLength: 12, size: 'max' },
  )
  const goOn = fc.oneof({ weight: 12, arbitrary: single }, { weight: 12, arbitrary: several }, { weight: 1, arbitrary: clearing })
  return fc.tuple(begin, fc.array(goOn, { maxLength, size: 'max' })).map(([first, rest]) => [...first, ...rest])
}

export function anyPlan(maxLength: number): fc.Arbitrary<Plan> {
  const kind = fc.constantFrom(...BUCKET_KINDS)
  return fc.record({ one: kind, two: kind }).chain(kinds => anySteps(kinds, maxLength).map(steps => ({ kinds: unprinted(kinds), steps })))
}

/** Kinds have long definitions; a counterexample names them by their key field. */
function unprinted(kinds: Plan['kinds']): Plan['kinds'] {
  const named = `${kinds.one.definition.key}/${kinds.one.naive.unknown} and ${kinds.two.definition.key}/${kinds.two.naive.unknown}`
  return Object.defineProperty({ ...kinds }, fc.toStringMethod, { value: () => named, enumerable: false })
}

export interface Played {
  readonly commit: Commit | undefined
  /** The class of the error, when refused. */
  readonly refused: string | undefined
}

export class Twin {
  readonly database: Database = createDatabase()
  readonly images: { readonly [bucket: string]: BucketImage }
  readonly naive: NaiveDatabase
  now = 1000

  constructor({ one, two }: Plan['kinds']) {
    this.images = {
      one: defineBucket(this.database, 'one', one.definition, one.isPersistent),
      two: defineBucket(this.database, 'two', two.definition, two.isPersistent),
    }
    this.naive = new NaiveDatabase({ one: one.naive, two: two.naive })
  }

  /** The writes of a step as both sides take them. */
  writesOf(step: Step): { readonly engine: Write[]; readonly naive: NaiveWrite[] } {
    const naive = step.writes.map(({ type, bucket, key: given, nth, fields, expect }): NaiveWrite => {
      if (type === 'insert') return { type, bucket, data: fields }
      const keys = [...this.naive.buckets.get(bucket)!.entries.keys()]
      const key = nth === undefined || keys.length === 0 ? given : keys[nth % keys.length]!
      const version = (this.naive.buckets.get(bucket)!.entries.get(key)?.record._version as number | undefined) ?? 1
      const expected = expect === undefined ? undefined : expect === 'current' ? version : version + 1
      return type === 'update' ? { type, bucket, key, patch: fields, expect: expected } : { type, bucket, key, expect: expected }
    })
    const engine = naive.map(({ bucket, ...write }) => ({ ...write, image: this.images[bucket]! }) as Write)
    return { engine, naive }
  }

  playEngine(writes: readonly Write[]): Played {
    try {
      return { commit: this.database.commit(writes, this.now), refused: undefined }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      return { commit: undefined, refused: error.constructor.name }
    }
  }

  playNaive(writes: readonly NaiveWrite[]): Outcome {
    return this.naive.commit(writes, this.now)
  }
}
