/**
 * A real process whose bucket crashes a hundred times within a second, on the built packages.
 *
 * Prints what it still holds and answers, as JSON, and ends by itself.
 */

import { Store } from 'repertory'
import { crash } from 'repertory/testing'

const schema = { id: { type: 'string', required: true } }
const store = await Store.start({
  buckets: { users: { key: 'id', schema }, orders: { key: 'id', schema } },
  supervision: { restartsWindowMs: 1000, backoffMinMs: 50, backoffMaxMs: 200 },
  onError: () => undefined,
})
await store.buckets.users.insert({ id: 'u1' })
const startMs = Date.now()
let crashes = 0
while (crashes < 100) {
  crash(store, 'users')
  crashes++
  await new Promise(resolve => setTimeout(resolve, 5))
}
const seconds = (Date.now() - startMs) / 1000
await store.buckets.orders.insert({ id: 'o1' })
// A probe may be serving just now: one crash more, and the bucket rests again.
if (store.health().actors.users.state !== 'open') crash(store, 'users')
const usersRefused = await store.buckets.users.count().then(
  () => false,
  error => error.code === 'UNAVAILABLE',
)
await new Promise(resolve => setTimeout(resolve, 300))
const usersLater = await store.buckets.users.count()
console.log(JSON.stringify({ crashes, seconds, orders: await store.buckets.orders.count(), usersRefused, usersLater }))
await store.stop()
