/**
 * Places that outlive a store: `make()` gives a function that opens the same memory, or the same file, again and again.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memory } from '@repertory/persistence/memory'
import { sqlite } from '@repertory/persistence/sqlite'
import type { Backend } from 'repertory'
import { onTestFinished } from 'vitest'

export type Place = () => Backend

/** Inside a test: what it makes is removed when the test ends. */
export const PLACES: readonly { readonly kind: string; readonly make: () => Place }[] = [
  {
    kind: 'memory',
    make: () => {
      const backend = memory()
      return () => backend
    },
  },
  {
    kind: 'sqlite',
    make: () => {
      const folder = mkdtempSync(join(tmpdir(), 'repertory-place-'))
      onTestFinished(() => rmSync(folder, { recursive: true }))
      return () => sqlite({ path: join(folder, 'store.db') })
    },
  },
]
