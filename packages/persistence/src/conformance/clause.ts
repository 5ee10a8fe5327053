/**
 * Clause: one sentence of the port's contract, and a way to find out whether a backend keeps it. Needs no test framework:
 * `run` rejects with an error that says what was expected and what was found.
 */

import type { StatePort } from '@repertory/core'
import { type Model, text } from './model.js'
import { loadAll, type Place } from './place.js'

export interface Clause {
  readonly title: string
  run(place: Place): Promise<void>
}

/** Fails unless the condition holds. */
export function expectThat(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new Error(`Not kept: ${sentence}`)
}

/** Fails unless both are the same plain data. */
export function expectSame(found: unknown, expected: unknown, what: string): void {
  const [foundText, expectedText] = [stable(found), stable(expected)]
  expectThat(foundText === expectedText, `${what}\n  expected ${shorten(expectedText)}\n  found    ${shorten(foundText)}`)
}

/** Fails unless the promise rejects with a StoreError of this code, whose message matches. */
export async function expectRefusal(promise: Promise<unknown>, code: string, message: RegExp = /./): Promise<void> {
  const outcome = await promise.then(
    value => `resolved with ${stable(value)}`,
    (error: unknown) => error,
  )
  const found = outcome instanceof Error ? `${String((outcome as { code?: unknown }).code)} "${outcome.message}"` : String(outcome)
  expectThat(found.startsWith(`${code} `) && message.test(found), `a refusal with code ${code} that says ${message}; found ${found}`)
}

/** Fails unless a bucket holds exactly what the model does. */
export async function expectHolds(state: StatePort, model: Model, bucket: string): Promise<void> {
  const found = (await loadAll(state, bucket)).map(text)
  const expected = model.records(bucket).map(text)
  const at = expected.findIndex((line, index) => line !== found[index])
  expectThat(
    at === -1 && found.length === expected.length,
    `bucket "${bucket}" comes back as it was saved (${expected.length} records, found ${found.length})\n  expected ${shorten(expected[Math.max(at, 0)] ?? 'no more')}\n  found    ${shorten(found[Math.max(at, 0)] ?? 'no more')}`,
  )
}

/** JSON with sorted names, so that equal data is equal text. */
function stable(value: unknown): string {
  return (
    JSON.stringify(value, (_, member: unknown) =>
      typeof member === 'object' && member !== null && !Array.isArray(member)
        ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
        : member,
    ) ?? 'undefined'
  )
}

function shorten(line: string): string {
  return line.length > 400 ? `${line.slice(0, 400)}…` : line
}
