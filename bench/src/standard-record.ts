/**
 * Standard record: the user every row of the harness stores: 9 fields, about 200 bytes of JSON, made from a seed.
 *
 * 1 The same seed and n give the same records, in every process and for every contender.
 * 2 `email` is unique; about ten records share an `ownerId`; `role` has 3 values, `age` 63; `score` has no index.
 * 3 Contenders get the same objects to copy or keep; nobody may change them.
 */

export type Role = 'admin' | 'editor' | 'user'

export interface StandardRecord {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly ownerId: string
  readonly role: Role
  readonly age: number
  readonly score: number
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly tags: readonly string[]
}

export const FIELDS: readonly (keyof StandardRecord)[] = ['id', 'name', 'email', 'ownerId', 'role', 'age', 'score', 'createdAt', 'tags']
export const ROLES: readonly Role[] = ['admin', 'editor', 'user']
export const AGE_MIN = 18
export const AGES = 63
const RECORDS_PER_OWNER = 10

const ID_LENGTH = 21
const ID_ALPHABET = 'useandom26T198340PX75pxJACKVERYMINDBUSHWOLFGQZbfghjklqvwyzrict_-'
const FIRST_NAMES = ['Alice', 'Bruno', 'Chiara', 'Dmitri', 'Elena', 'Farid', 'Greta', 'Hiro', 'Ines', 'Jonas']
const LAST_NAMES = ['Abe', 'Brandt', 'Costa', 'Dubois', 'Eriksen', 'Fischer', 'Garcia', 'Horvat', 'Ivanova', 'Jansen']
const TAGS = ['new', 'paying', 'trial', 'beta', 'vip', 'dormant', 'press', 'partner', 'staff', 'student']

/** Numbers in [0, 1) from a seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

export function pick<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)]!
}

export function ownerCount(n: number): number {
  return Math.max(1, Math.floor(n / RECORDS_PER_OWNER))
}

export function ownerId(owner: number): string {
  return `owner-${String(owner).padStart(8, '0')}`
}

export function randomAge(random: () => number): number {
  return AGE_MIN + Math.floor(random() * AGES)
}

export function createRecords(n: number, seed: number): StandardRecord[] {
  const random = seededRandom(seed)
  return Array.from({ length: n }, (_, at) => {
    const first = pick(FIRST_NAMES, random)
    const last = pick(LAST_NAMES, random)
    return {
      id: createId(random),
      name: `${first} ${last}`,
      email: `${first}.${last}.${at}@example.com`.toLowerCase(),
      ownerId: ownerId(Math.floor(random() * ownerCount(n))),
      role: pick(ROLES, random),
      age: randomAge(random),
      score: Math.floor(random() * 100_000) / 100,
      createdAt: 1_700_000_000_000 + at * 1_000,
      tags: [pick(TAGS, random), pick(TAGS, random)],
    }
  })
}

function createId(random: () => number): string {
  let id = ''
  for (let at = 0; at < ID_LENGTH; at++) id += ID_ALPHABET[Math.floor(random() * 64)]
  return Buffer.from(id, 'latin1').toString('latin1') // one flat string: a rope would be flattened by whoever reads it first
}
