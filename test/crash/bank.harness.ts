/**
 * The bank: a store whose every acknowledged call is booked in a naive model, for killing its actors.
 *
 * A call that was refused with `executed: 'no'` must have changed nothing; one that resolved must be there for ever.
 */

import { ActorCrashedError, type Backend, Store, type StoreOptions } from 'repertory'

export const buckets = {
  accounts: {
    key: 'id',
    schema: {
      id: { type: 'string', required: true },
      owner: { type: 'string' },
      amount: { type: 'number', required: true },
      code: { type: 'string', unique: true },
    },
    indexes: ['owner', { fields: ['amount'], sorted: true }],
  },
} as const

export type Bank = Store<typeof buckets>

/** Starts a bank; restarts are not limited, since tests kill it at every message. */
export function openBank(backend: Backend | undefined, options: Partial<StoreOptions<typeof buckets>> = {}): Promise<Bank> {
  return Store.start({
    name: 'bank',
    buckets,
    persistence: backend === undefined ? undefined : { backend, debounceMs: 5, maxWaitMs: 20 },
    supervision: { restartsMax: 1_000_000, backoffMinMs: 0, backoffMaxMs: 0 },
    onError: () => undefined,
    ...options,
  })
}

/** What happened to the calls of a run. */
export interface Tally {
  sent: number
  resolved: number
  crashed: number
  refused: number
}

/** What the bank must hold: amounts by account, in the order of their insertion. */
export class Ledger {
  readonly amounts: Map<string, number> = new Map()
  readonly tally: Tally = { sent: 0, resolved: 0, crashed: 0, refused: 0 }

  /** Sends a call and books it once it is answered; a second answer would be a second booking, and is counted. */
  async book(call: () => Promise<unknown>, apply: (amounts: Map<string, number>) => void): Promise<void> {
    this.tally.sent++
    try {
      await call()
    } catch (error) {
      if (error instanceof ActorCrashedError && error.executed === 'no') this.tally.crashed++
      else this.tally.refused++
      return
    }
    this.tally.resolved++
    apply(this.amounts)
  }
}

/** One random call on the bank, sent at once; its booking resolves when it is answered. */
export function randomCall(bank: Bank, ledger: Ledger, random: () => number): Promise<void> {
  const { accounts } = bank.buckets
  const id = `a${Math.floor(random() * 40)}`
  const amount = Math.floor(random() * 1000)
  const kind = random()
  if (kind < 0.45)
    return ledger.book(
      () => accounts.insert({ id, owner: `o${amount % 7}`, amount, code: id }),
      amounts => amounts.set(id, amount),
    )
  if (kind < 0.7)
    return ledger.book(
      () => accounts.update(id, { amount }),
      amounts => amounts.set(id, amount),
    )
  if (kind < 0.85)
    return ledger.book(
      () => accounts.delete(id),
      amounts => amounts.delete(id),
    )
  if (kind < 0.98) {
    const ids = [`${id}-x`, `${id}-y`, `${id}-z`]
    const many = ids.map(each => ({ id: each, owner: 'many', amount, code: each }))
    return ledger.book(
      () => accounts.insertMany(many),
      amounts => ids.forEach(each => void amounts.set(each, amount)),
    )
  }
  return ledger.book(
    () => accounts.clear(),
    amounts => amounts.clear(),
  )
}

export async function holdingsOf(bank: Bank): Promise<[string, number][]> {
  return (await bank.buckets.accounts.all()).map(({ id, amount }) => [id, amount])
}
