/**
 * Function length: where functions begin and end, found by their brackets.
 *
 * 1 A body is a block behind `=>`, or behind a parameter list that no `if`, `for` and the like stands before, with or
 *   without a return type in between. A type that looks like a function is told like one; none is that long.
 * 2 A suite (a function that holds `test(…)`, `it(…)` or `describe(…)`) is a list of functions and has no length of its own.
 */

import { partnersOf, type Token } from './token.js'

export interface FunctionSpan {
  readonly line: number
  readonly lines: number
}

const CONTROL = new Set(['if', 'for', 'while', 'switch', 'catch', 'with', 'await'])
const SUITE = new Set(['test', 'it', 'describe'])
/** `test.each(…)` and its like. */
const VARIANTS = new Set(['each', 'for', 'concurrent', 'sequential', 'skipIf', 'runIf', 'prop'])

export function functionsOf(code: readonly Token[]): FunctionSpan[] {
  const partners = partnersOf(code)
  const spans: FunctionSpan[] = []
  for (const [index, token] of code.entries()) {
    const body = token.text === '=>' ? index + 1 : token.text === ')' ? bodyBehind(code, partners, index) : -1
    const end = code[body]?.text === '{' ? partners[body] : undefined
    const last = end === undefined ? undefined : code[end]
    if (end === undefined || last === undefined || isSuite(code, body, end)) continue
    const first = token.text === ')' ? (code[partners[index] ?? index] ?? token) : token
    spans.push({ line: first.line, lines: last.line - first.line + 1 })
  }
  return spans
}

/** The place of the block that a closing parenthesis may be the parameter list of, or -1. */
function bodyBehind(code: readonly Token[], partners: Int32Array, closing: number): number {
  const opening = partners[closing] ?? -1
  if (CONTROL.has(code[opening - 1]?.text ?? '')) return -1
  const next = closing + 1
  return code[next]?.text === ':' ? skipType(code, partners, next + 1) : next
}

/** The place behind a type: operands, each with what may hang on it, joined by `|`, `&`, `=>`, `is`. */
function skipType(code: readonly Token[], partners: Int32Array, start: number): number {
  const text = (at: number): string => code[at]?.text ?? ''
  const behind = (at: number): number => ((partners[at] ?? -1) > at ? (partners[at] ?? at) + 1 : code.length)
  let at = start
  for (;;) {
    while (['|', '&', 'keyof', 'typeof', 'readonly', 'asserts', 'unique', 'new'].includes(text(at))) at++
    at = ['(', '[', '{'].includes(text(at)) ? behind(at) : at + 1
    for (;;) {
      if (text(at) === '.') at += 2
      else if (text(at) === '[') at = behind(at)
      else if (text(at) === '<') at = skipAngles(code, at)
      else break
    }
    if (!['|', '&', '=>', 'is'].includes(text(at)) || at >= code.length) return at
    at++
  }
}

function skipAngles(code: readonly Token[], start: number): number {
  let depth = 0
  for (let at = start; at < code.length; at++) {
    if (code[at]?.text === '<') depth++
    else if (code[at]?.text === '>' && --depth === 0) return at + 1
  }
  return code.length
}

function isSuite(code: readonly Token[], body: number, end: number): boolean {
  for (let at = body; at < end; at++) {
    if (!SUITE.has(code[at]?.text ?? '') || code[at - 1]?.text === '.') continue
    if (code[at + 1]?.text === '(' || (code[at + 1]?.text === '.' && VARIANTS.has(code[at + 2]?.text ?? ''))) return true
  }
  return false
}
