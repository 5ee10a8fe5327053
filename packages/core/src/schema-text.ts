/**
 * Schema text: what a schema says, as a text and as 64 bits of it, for telling schemas apart.
 *
 * 1 The text covers structure, patterns and the source of functions; a value that holds itself is named by how far up it
 *   is. Whether two places share one object or have equal ones makes no difference.
 * 2 The hash is two FNV-1a passes with different offsets; not cryptographic, and nobody gains by colliding with himself.
 * 3 The hash is stored in backends: changing the algorithm only costs one full check at the next start.
 */

import { z } from 'zod'

/** 16 hex digits; about 2 ns a character. */
export function textHash(text: string): string {
  let low = 0x811c9dc5
  let high = 0x9dc5811c
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    low = Math.imul(low ^ unit, 0x01000193)
    high = Math.imul(high ^ (unit + at), 0x01000193)
  }
  return hex(low) + hex(high)
}

function hex(bits: number): string {
  return (bits >>> 0).toString(16).padStart(8, '0')
}

/** A schema's structure with the text of its functions and patterns. */
export function schemaText(value: unknown): string {
  const above: unknown[] = []
  const textOf = (part: unknown): string => {
    if (typeof part === 'function' || part instanceof RegExp || typeof part === 'bigint') return String(part)
    if (part instanceof Date) return `@${part.getTime()}`
    if (part instanceof Map || part instanceof Set) return textOf([...part])
    if (typeof part !== 'object' || part === null) return JSON.stringify(part) ?? 'undefined'
    const at = above.indexOf(part)
    if (at !== -1) return `(${above.length - at} up)`
    above.push(part)
    const text = Array.isArray(part) ? `[${part.map(textOf).join()}]` : `{${membersOf(part).join()}}`
    above.pop()
    return text
  }
  const membersOf = (part: object): string[] => {
    const structure = part instanceof z.core.$ZodType || part instanceof z.core.$ZodCheck ? part._zod.def : part
    return Object.entries(structure).map(([name, member]) => `${JSON.stringify(name)}:${textOf(member)}`)
  }
  return textOf(value)
}
