/**
 * Repertory: this store, as a user would embed it, in memory only; and a snapshot of it, whose reads are synchronous.
 *
 * A store without `snapshot()` runs all the same; the snapshot stays out of its race until there is one.
 */

import { from, Store } from 'repertory'
import type { Contender, ContenderKind, OpenOptions, Patch } from './contender.js'
import { ROLES, type StandardRecord } from './standard-record.js'

const users = {
  key: 'id',
  schema: {
    id: { type: 'string', required: true },
    name: { type: 'string', required: true, minLength: 1 },
    email: { type: 'string', required: true, format: 'email' },
    ownerId: { type: 'string', required: true },
    role: { type: 'string', required: true, enum: ROLES },
    age: { type: 'number', required: true, min: 0, max: 150 },
    score: { type: 'number', required: true },
    createdAt: { type: 'number', required: true },
    tags: { type: 'array', required: true },
  },
  indexes: ['role', 'ownerId', { fields: ['age'], sorted: true }, { fields: ['email'], unique: true }],
} as const

interface Reads {
  get(id: string): StandardRecord | undefined
  where(filter: { ownerId: string }): readonly StandardRecord[]
}

interface Snapshot {
  bucket(name: 'users'): Reads
  query(query: unknown): readonly StandardRecord[]
  dispose(): void
}

const takeSnapshot: ((this: unknown) => Snapshot) | undefined = Reflect.get(Store.prototype, 'snapshot')

/** Records in one `insertMany` while loading: one commit each. */
const LOAD_BATCH = 10_000

async function start({ records, mailboxMax }: OpenOptions) {
  const store = await Store.start({
    name: 'bench',
    buckets: { users },
    ...(mailboxMax === undefined ? {} : { mailbox: { max: mailboxMax } }),
  })
  for (let at = 0; at < records.length; at += LOAD_BATCH) await store.buckets.users.insertMany(records.slice(at, at + LOAD_BATCH))
  return store
}

async function openStore(options: OpenOptions): Promise<Contender> {
  const store = await start(options)
  const bucket = store.buckets.users
  return {
    get: (id: string) => bucket.get(id) as Promise<StandardRecord | undefined>,
    insert: (record: StandardRecord) => bucket.insert(record),
    update: (id: string, patch: Patch) => bucket.update(id, patch),
    whereOwner: (ownerId: string) => bucket.where({ ownerId }) as unknown as Promise<readonly StandardRecord[]>,
    ageRange: (least: number, most: number, limit: number) =>
      store.query(
        from('users')
          .where({ age: { $gte: least, $lte: most } })
          .orderBy('age')
          .limit(limit),
      ) as unknown as Promise<readonly StandardRecord[]>,
    close: () => store.stop(),
  }
}

async function openSnapshot(take: (this: unknown) => Snapshot, options: OpenOptions): Promise<Contender> {
  const store = await start(options)
  const snapshot = take.call(store)
  const bucket = snapshot.bucket('users')
  return {
    get: (id: string) => bucket.get(id),
    insert: readOnly,
    update: readOnly,
    whereOwner: (ownerId: string) => bucket.where({ ownerId }),
    ageRange: (least: number, most: number, limit: number) =>
      snapshot.query(
        from('users')
          .where({ age: { $gte: least, $lte: most } })
          .orderBy('age')
          .limit(limit),
      ),
    close: async () => {
      snapshot.dispose()
      await store.stop()
    },
  }
}

function readOnly(): never {
  throw new Error('a snapshot is for reading')
}

export const repertory: ContenderKind = { name: 'repertory', isAwaited: true, open: openStore }

export const repertorySnapshot: ContenderKind | undefined = takeSnapshot && {
  name: 'repertory snapshot',
  isAwaited: false,
  open: options => openSnapshot(takeSnapshot, options),
}
