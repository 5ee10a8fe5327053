import { test } from 'vitest'
import { Store } from './index.js'
test('alias', async () => {
  const store = await Store.start({ buckets: { users: { key: 'id', schema: { id: { type: 'number', required: true }, n: { type: 'number' } } } } } as never)
  const b = store.bucket('users') as never as { insert(x: object): Promise<{ n: number }> ; where(f: object): Promise<unknown[]> }
  const all: Promise<{ n: number }>[] = []
  for (let i = 0; i < 30000; i++) { const o = { id: i, n: 1 }; all.push(b.insert(o)); o.n = 2 }
  const r = await Promise.all(all)
  console.log('mutated after call:', r.filter(x => x.n === 2).length, 'of', r.length)
  await store.stop()
})
