/**
 * Keys: what may name a record.
 *
 * 1 A key is a non-empty, well-formed string of at most 1,024 UTF-8 bytes, or a finite number; `1` and `"1"` differ.
 * 2 The limit is in bytes because backends index keys as bytes (MySQL: VARBINARY(1024)).
 * 3 `-0` and `0` are one key, as they are to a `Map`.
 */

import { isCleanString } from './copy-value.js'

/** UTF-8 bytes of a string key. */
export const KEY_BYTES_MAX = 1024

/** What is wrong with a key, as the end of a sentence, or `undefined`. */
export function keyProblem(key: unknown): string | undefined {
  if (typeof key === 'string') {
    if (key.length === 0) return 'is empty; a key is a non-empty string or a finite number'
    if (key.length * 3 > KEY_BYTES_MAX && utf8Bytes(key) > KEY_BYTES_MAX) return `is longer than ${KEY_BYTES_MAX} bytes of UTF-8`
    return isCleanString(key) ? undefined : 'is text that is not well-formed or holds U+0000'
  }
  if (typeof key === 'number') return Number.isFinite(key) ? undefined : `is ${key}; a number key is finite`
  return key === undefined || key === null ? 'is missing' : `is a ${typeof key}; a key is a non-empty string or a finite number`
}

function utf8Bytes(text: string): number {
  let bytes = 0
  for (const character of text) {
    const point = character.codePointAt(0) as number
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
  }
  return bytes
}
