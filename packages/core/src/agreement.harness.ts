/**
 * Agreement: assertions for properties that are checked thousands of times.
 *
 * 1 `agree` says what `expect(found).toEqual(wanted)` says, and costs next to nothing while it holds.
 * 2 Dates agree by instant, whatever their class.
 */

import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'

export function agree(found: unknown, wanted: unknown): void {
  if (found !== wanted && !isDeepStrictEqual(found, wanted)) expect(found).toEqual(wanted)
}
