/**
 * Writes pairs into two buckets for ever, saving all the time, until it is killed.
 *
 * Prints the newest pair that is known to be saved, after each save.
 */

import { sqlite } from '@repertory/persistence/sqlite'
import { Store } from 'repertory'

const pair = { key: 'n', schema: { n: { type: 'number', required: true }, text: { type: 'string' } } }
const store = await Store.start({
  buckets: { left: pair, right: pair },
  persistence: { backend: sqlite({ path: process.argv[2] }), debounceMs: 1, maxWaitMs: 3 },
})
const { left, right } = store.buckets
let n = await right.count()
if ((await left.count()) > n) await right.insert({ n, text: 'r' })
n = await left.count()
process.stdout.write('-1\n')
for (;;) {
  for (let step = 0; step < 40; step++, n++) {
    left.insert({ n, text: 'l'.repeat(200) })
    await right.insert({ n, text: 'r'.repeat(200) })
  }
  const newest = n - 1
  await store.flush()
  process.stdout.write(`${newest}\n`)
}
