/**
 * Accounts: a bucket, random calls on it, and a naive model that says what each call must answer.
 *
 * 1 Calls on one bucket run in the order made, so the model judges each call when it is made and knows the state it will meet.
 * 2 A crash that is armed kills the next write that gets as far as its point; the model says which that is and stays as it was.
 */

import type { Store } from 'repertory'
import { crash } from 'repertory/testing'

export const BUCKETS = {
  accounts: {
    key: 'id',
    schema: { id: { type: 'string', required: true }, age: { type: 'number' }, email: { type: 'string', unique: true } },
    indexes: ['age'],
  },
  others: { key: 'id', schema: { id: { type: 'number', generated: 'autoincrement' }, n: { type: 'number' } } },
} as const

export type Shop = Store<typeof BUCKETS>

export interface Account {
  readonly id: string
  readonly age?: number | null
  readonly email?: string | null
}

export type Call =
  | { readonly verb: 'insert'; readonly data: Account }
  | { readonly verb: 'insertMany'; readonly list: readonly Account[] }
  | { readonly verb: 'update'; readonly id: string; readonly patch: Partial<Account> }
  | { readonly verb: 'delete'; readonly id: string }
  | { readonly verb: 'clear' }
  | { readonly verb: 'read'; readonly age: number }

/** What a call answers: the rows of a read as text, `done`, or the code of a refusal. */
export type Answer = string

type Held = Account & { readonly _version: number }

const KEYS = 12
const AGES = 4

/** A call by chance, of few keys so that calls meet each other. */
export function drawCall(random: () => number): Call {
  const pick = (count: number): number => Math.floor(random() * count)
  const id = (): string => `a${pick(KEYS)}`
  const account = (): Account => ({ id: id(), age: pick(AGES), ...(random() < 0.4 ? { email: `e${pick(KEYS)}@x` } : {}) })
  const chance = random()
  if (chance < 0.3) return { verb: 'insert', data: account() }
  if (chance < 0.45) return { verb: 'insertMany', list: Array.from({ length: pick(4) }, account) }
  if (chance < 0.7) return { verb: 'update', id: id(), patch: random() < 0.5 ? { age: pick(AGES) } : { email: `e${pick(KEYS)}@x` } }
  if (chance < 0.85) return { verb: 'delete', id: id() }
  if (chance < 0.88) return { verb: 'clear' }
  return { verb: 'read', age: pick(AGES) }
}

/** Makes the call; its answer, which never rejects. */
export async function make(store: Shop, call: Call, options: { readonly signal?: AbortSignal } = {}): Promise<Answer> {
  const { accounts } = store.buckets
  try {
    switch (call.verb) {
      case 'insert':
        return `done ${textOf([await accounts.insert(call.data, options)])}`
      case 'insertMany':
        return `done ${textOf(await accounts.insertMany(call.list, options))}`
      case 'update':
        return `done ${textOf([await accounts.update(call.id, call.patch, options)])}`
      case 'delete':
        await accounts.delete(call.id, options)
        return 'done'
      case 'clear':
        await accounts.clear(options)
        return 'done'
      case 'read':
        return textOf(await accounts.where({ age: call.age }, options))
    }
  } catch (error) {
    const { code, executed } = error as { readonly code?: string; readonly executed?: string }
    return `${code ?? String(error)}${executed === undefined ? '' : ` ${executed}`}`
  }
}

export class NaiveAccounts {
  #held = new Map<string, Held>()
  /** The next write that reaches this point dies. */
  #armed: 'check' | 'apply' | undefined
  crashes = 0

  get text(): string {
    return textOf([...this.#held.values()])
  }

  arm(store: Shop, at: 'check' | 'apply'): void {
    crash(store, 'accounts', new Error(`crash number ${++this.crashes}`), { at })
    this.#armed = at
  }

  get isArmed(): boolean {
    return this.#armed !== undefined
  }

  /** What the call must answer when everything before it has run; from here on it has. */
  judge(call: Call): Answer {
    if (call.verb === 'read') return textOf([...this.#held.values()].filter(({ age }) => age === call.age))
    if (this.#armed === 'check' && !(call.verb === 'clear' && this.#held.size === 0) && !isEmptyList(call)) return this.#die()
    const outcome = this.#tryOut(call)
    if (typeof outcome === 'string') return outcome
    if (this.#armed === 'apply' && outcome.isChange) return this.#die()
    this.#held = outcome.held
    return outcome.answer
  }

  #die(): Answer {
    this.#armed = undefined
    return 'ACTOR_CRASHED no'
  }

  #tryOut(
    call: Exclude<Call, { verb: 'read' }>,
  ): Answer | { readonly held: Map<string, Held>; readonly answer: Answer; readonly isChange: boolean } {
    const held = new Map(this.#held)
    switch (call.verb) {
      case 'insert':
      case 'insertMany': {
        const list = call.verb === 'insert' ? [call.data] : call.list
        for (const data of list) {
          if (held.has(data.id)) return 'DUPLICATE_KEY'
          held.set(data.id, { ...data, _version: 1 })
        }
        if (hasDoubleEmail(held)) return 'UNIQUE_CONSTRAINT'
        return { held, answer: `done ${textOf(list.map(({ id }) => held.get(id)!))}`, isChange: list.length > 0 }
      }
      case 'update': {
        const before = held.get(call.id)
        if (before === undefined) return 'RECORD_NOT_FOUND'
        held.set(call.id, { ...before, ...call.patch, _version: before._version + 1 })
        return hasDoubleEmail(held) ? 'UNIQUE_CONSTRAINT' : { held, answer: `done ${textOf([held.get(call.id)!])}`, isChange: true }
      }
      case 'delete':
        return { isChange: held.delete(call.id), held, answer: 'done' }
      case 'clear':
        return { held: new Map(), answer: 'done', isChange: held.size > 0 }
    }
  }
}

export function textOf(rows: readonly object[]): string {
  return (rows as readonly Held[]).map(({ id, age, email, _version }) => `${id}:${age ?? ''}:${email ?? ''}:${_version}`).join(' ')
}

/** An insertMany of nothing commits nothing, so it meets no crash. */
function isEmptyList(call: Call): boolean {
  return call.verb === 'insertMany' && call.list.length === 0
}

function hasDoubleEmail(held: ReadonlyMap<string, Held>): boolean {
  const emails = [...held.values()].map(({ email }) => email).filter(email => email !== undefined && email !== null)
  return new Set(emails).size < emails.length
}
