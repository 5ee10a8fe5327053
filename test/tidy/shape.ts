/**
 * Shape: how a file opens, how long it may be, and where it may stand (STYLE, habits 1 to 4).
 *
 * 1 Every file but tests and configuration opens with its contract.
 * 2 Lengths hold for tests too: a long test hides what it proves.
 */

import { functionsOf } from './function-length.js'
import type { Finding, Project } from './project.js'
import { nounOf } from './source-file.js'

/** 300 is long already; beyond this a file is two nouns. */
const FILE_LINES_MAX = 400
/** A screen. */
const FUNCTION_LINES_MAX = 70
/** A contract says what the file is and at least one thing that holds: opening, lines, closing. */
const CONTRACT_LINES_MIN = 3
/** Names that say "and other things". */
const NAMELESS = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'manager', 'managers', 'types'])

export function findMissingContracts(project: Project): Finding[] {
  return project.sources
    .filter(file => !file.isTest && !file.isConfig)
    .filter(({ text }) => {
      const contract = /^(?:#![^\n]*\n)?\/\*\*[\s\S]*?\*\//.exec(text)?.[0] ?? ''
      return contract.replace(/^#!.*\n/, '').split('\n').length < CONTRACT_LINES_MIN
    })
    .map(({ path }) => ({
      file: path,
      line: 1,
      message: 'no contract: open with /** Noun: what it is, its numbered invariants, what it does not do */ in 3 lines or more',
    }))
}

export function findLongFiles(project: Project): Finding[] {
  return project.sources
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > FILE_LINES_MAX)
    .map(({ path, lines }) => ({
      file: path,
      line: FILE_LINES_MAX,
      message: `${lines} lines: at most ${FILE_LINES_MAX}; give the second noun a file of its own`,
    }))
}

export function findLongFunctions(project: Project): Finding[] {
  return project.sources.flatMap(({ path, code }) =>
    functionsOf(code)
      .filter(({ lines }) => lines > FUNCTION_LINES_MAX)
      .map(({ line, lines }) => ({
        file: path,
        line,
        message: `a function of ${lines} lines: at most ${FUNCTION_LINES_MAX}; name its steps and let it call them`,
      })),
  )
}

export function findBadNames(project: Project): Finding[] {
  return project.sources.flatMap(({ path }) => {
    const parts = [...path.split('/').slice(0, -1), nounOf(path)]
    const crooked = parts.find(part => !/^\.?[a-z0-9]+(?:-[a-z0-9]+)*$/.test(part))
    const nameless = parts.find(part => part.split('-').some(word => NAMELESS.has(word)))
    if (crooked !== undefined) return [{ file: path, line: 1, message: `"${crooked}" is not kebab-case: rename it` }]
    if (nameless !== undefined) return [{ file: path, line: 1, message: `"${nameless}" names nothing: name the file after its noun` }]
    return []
  })
}

export function findStrayIndexes(project: Project): Finding[] {
  return project.sources
    .filter(({ path, workspace }) => /\/index\.[a-z]+$/.test(path) && path !== `${workspace}/src/index.ts`)
    .map(({ path }) => ({
      file: path,
      line: 1,
      message: 'a barrel inside a package: name the file after its noun and import from it directly',
    }))
}
