/**
 * Refusal: what this program says when it cannot go on, as one sentence.
 *
 * 1 Expected failures are a `Refusal` of ours or a `StoreError` of the store; both say what was asked, what was found and
 *   what to do, so their message is all that is shown.
 * 2 Whatever else is thrown is a mistake of this program, and is called one.
 * 3 A stack is shown only when DEBUG is set.
 */

import { StoreError } from 'repertory'

export class Refusal extends Error {
  /** 1, or 2 when the command line is at fault. */
  readonly exitCode: number

  constructor(message: string, { exitCode = 1, cause }: { readonly exitCode?: number; readonly cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.exitCode = exitCode
  }
}

/** What to do with this program about an error of the store, where its own message cannot know. */
const REMEDIES: { readonly [code: string]: string } = {
  LOCKED: '--data DIR uses another folder',
  CORRUPT: '--fresh imports into a new file, --data DIR uses another folder',
}

export function exitCodeOf(error: unknown): number {
  return error instanceof Refusal ? error.exitCode : 1
}

/** The sentence for an error, and its stack when that was asked for. */
export function explain(error: unknown, isDebugging: boolean): string {
  const stack = isDebugging && error instanceof Error ? `\n${error.stack}` : ''
  return `${sentenceOf(error)}${stack}`
}

/** A thrown value in a few words. */
export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The message, ended by a full stop. */
export function sentenceOf(error: unknown): string {
  const message = describe(error)
  const known = error instanceof StoreError || error instanceof Refusal
  const said = known ? message : `This program made a mistake: ${message} (DEBUG=1 shows where)`
  const remedy = error instanceof StoreError ? REMEDIES[error.code] : undefined
  return `${(remedy === undefined ? said : `${said}; ${remedy}`).replace(/\.$/, '')}.`
}
