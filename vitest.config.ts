import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  resolve: {
    // Tests run on the sources: a test never sees a stale build.
    alias: [
      { find: /^@repertory\/core$/, replacement: source('./packages/core/src/index.ts') },
      { find: /^repertory$/, replacement: source('./packages/actors/src/index.ts') },
      { find: /^repertory\/runtime$/, replacement: source('./packages/actors/src/runtime.ts') },
      { find: /^repertory\/testing$/, replacement: source('./packages/actors/src/testing.ts') },
      { find: /^@repertory\/persistence\/(.*)$/, replacement: `${source('./packages/persistence/src')}/$1.ts` },
      { find: /^@repertory\/bridge\/(.*)$/, replacement: `${source('./packages/bridge/src')}/$1.ts` },
    ],
  },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts', 'bench/src/**/*.test.ts', 'examples/*/src/**/*.test.ts'],
    testTimeout: 60_000,
  },
})
