/**
 * Codegen: the only place where text becomes code.
 *
 * 1 Sources are assembled by our own files from fixed fragments; a name from outside enters only through `quote`.
 * 2 Where code generation is forbidden (a Content-Security-Policy, `--disallow-code-generation-from-strings`) `compile`
 *   answers `undefined`, and every caller has a closure version that does the same, slower.
 */

let isForbidden = false

/** A function `(...scopeValues) => body` called once with the values of `scope`; `undefined` where generating code is forbidden. */
export function compile<F>(scope: { readonly [name: string]: unknown }, body: string): F | undefined {
  if (isForbidden) return undefined
  try {
    return new Function(...Object.keys(scope), `'use strict'; ${body}`)(...Object.values(scope)) as F
  } catch (error) {
    if (error instanceof EvalError) return undefined
    throw error
  }
}

/** A name as a string literal, safe in any position of a source text. */
export function quote(name: string): string {
  return JSON.stringify(name).replace(/[\u2028\u2029]/g, separator => (separator === '\u2028' ? '\\u2028' : '\\u2029'))
}

/** Forces the closure versions while `run` runs: how tests prove that both do the same. */
export function withoutCodegen<T>(run: () => T): T {
  isForbidden = true
  try {
    return run()
  } finally {
    isForbidden = false
  }
}
