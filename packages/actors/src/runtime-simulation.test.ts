import { expect, it } from 'vitest'
import { actor, supervisor, system } from './runtime.js'
import { simulate, type World } from './testing.js'

type Word = 'ok' | 'crash' | { readonly forward: number }

/** A ring of actors that forward to each other and crash, under callers that do not wait; the order in which they handled. */
async function ring({ clock, random, sleep }: World, told: string[]): Promise<void> {
  const app = system({ name: 'app', clock, random, onError: () => undefined })
  const node = (name: string) =>
    actor<null, Word, string>({
      init: () => null,
      handle: async (_, word, context) => {
        told.push(name)
        if (word === 'crash') throw new Error('crash')
        if (word === 'ok') return name
        await sleep(word.forward)
        context.self.cast('ok')
        return name
      },
    })
  const tree = await app.start('ring', supervisor({ strategy: 'one_for_all', children: { a: node('a'), b: node('b'), c: node('c') } }))
  const nodes = Object.values(tree.children)
  const words: Word[] = ['ok', { forward: 1 }, 'ok', 'crash', { forward: 3 }]
  const answers = Array.from({ length: 60 }, (_, at) => nodes[at % 3]!.ask(words[at % words.length]!))
  await Promise.allSettled(answers)
  await sleep(60_000)
  for (const { state, mailbox } of nodes) {
    const { sent, ...outcomes } = mailbox.counts
    expect([state, mailbox.depth]).toEqual(['serving', 0])
    expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBe(sent)
  }
  await app.stop()
}

it('a seed decides how actors of a system take turns, and replays it to the same trace', async () => {
  const orders: string[] = []
  const run = async (): Promise<readonly string[]> => {
    const { traces } = await simulate({ seed: 7, runs: 40 }, async world => {
      const told: string[] = []
      await ring(world as unknown as World, told)
      orders.push(told.join(''))
    })
    return traces
  }
  const [first, again] = [await run(), await run()]
  expect(again).toEqual(first)
  expect(orders.slice(40)).toEqual(orders.slice(0, 40))
  expect(new Set(orders).size).toBeGreaterThan(20)
})
