/**
 * Last page: what the store says about itself, `store.health()` and `store.getStats()` as a table.
 */

import { amount, amountOf } from './figure.js'
import type { Gazetteer } from './gazetteer.js'
import { describe } from './refusal.js'
import type { Screen } from './screen.js'

export function showHealth({ store, faults }: Gazetteer, screen: Screen): void {
  const { store: state, actors, backends } = store.health()
  const { records, indexes } = store.getStats()
  const rows: (readonly string[])[] = [['store', store.name, state === 'ready' ? screen.good(state) : screen.bad(state)]]
  for (const [name, actor] of Object.entries(actors)) {
    const held = [amountOf(records.perBucket[name] ?? 0, 'record'), amountOf(indexes.perBucket[name] ?? 0, 'index', 'indexes')]
    const lived = [amountOf(actor.restarts, 'restart'), amountOf(actor.mailbox.counts.sent, 'call')]
    rows.push(['bucket', name, actor.state, ...held, ...lived])
  }
  for (const backend of Object.values(backends)) {
    rows.push(['backend', 'SQLite', backend.state, `commit ${amount(backend.savedSeq)} saved`, `${amount(backend.lagCommits)} behind`])
  }
  screen.table(rows)
  for (const { bucket, verb, error } of store.deadLetters) {
    screen.line(`dead letter: ${verb} on ${bucket} (${describe(error)})`)
  }
  for (const fault of faults) screen.line(`${screen.bad('fault')}: ${fault}`)
}
