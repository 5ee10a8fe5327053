/**
 * Purity: one impurity per package (DESIGN, laws).
 *
 * 1 `core` has no clock, no randomness, no promises and no surroundings; types of promises stand in `backend.ts` alone.
 * 2 `actors` tells time, waits and draws in `clock.ts` alone, so that a virtual clock can stand in for it.
 * 3 Code is made from text in core's `codegen.ts` alone.
 * 4 Tests are free. A property or a key of the same name (`options.async`, `{ process: 1 }`) is no offence.
 */

import type { Finding, Project } from './project.js'
import type { SourceFile } from './source-file.js'
import type { Token } from './token.js'

interface Ban {
  /** Tokens in a row, separated by spaces. */
  readonly phrases: readonly string[]
  readonly in: string
  /** The one file where it is at home. */
  readonly except?: string
  readonly instead: string
}

const CORE = 'packages/core/'
const ACTORS = 'packages/actors/'
const CLOCK = 'packages/actors/src/clock.ts'
const READS_TIME = ['Date . now', 'Date ( )', 'performance']
const WAITS = ['setTimeout', 'setImmediate', 'setInterval', 'queueMicrotask']

const BANS: readonly Ban[] = [
  { phrases: READS_TIME, in: CORE, instead: 'take `now` as an argument: the actor reads the clock once a turn' },
  { phrases: WAITS, in: CORE, instead: 'return, and let the actor that drives core come again' },
  {
    phrases: ['Math . random', 'crypto'],
    in: CORE,
    instead: 'take a drawing function as an argument: random numbers and ids come from the actor',
  },
  { phrases: ['process', 'console'], in: CORE, instead: 'return or throw what is to be told: core has no surroundings' },
  {
    phrases: ['async', 'await', 'Promise .', 'new Promise'],
    in: CORE,
    instead: 'answer at once, or offer a generator that the actor drives',
  },
  {
    phrases: ['Promise', 'PromiseLike', 'AsyncIterable', 'AsyncIterator', 'AsyncGenerator'],
    in: CORE,
    except: 'packages/core/src/backend.ts',
    instead: 'core is synchronous: types of promises belong to the ports in backend.ts',
  },
  { phrases: READS_TIME, in: ACTORS, except: CLOCK, instead: 'ask the clock you were given: clock.now()' },
  { phrases: WAITS, in: ACTORS, except: CLOCK, instead: 'wait by the clock you were given, so that tests need not sleep' },
  {
    phrases: ['Math . random'],
    in: ACTORS,
    except: CLOCK,
    instead: 'draw from the generator you were given, so that a seed replays the run',
  },
  { phrases: ['process .', 'Buffer .', '__dirname'], in: ACTORS, instead: 'do without: actors runs in browsers too' },
  {
    phrases: ['Function (', 'eval ('],
    in: 'packages/',
    except: 'packages/core/src/codegen.ts',
    instead: "compile through core's codegen.ts, which has a closure for places that forbid code from text",
  },
]

export function findImpurities(project: Project): Finding[] {
  return project.sources.filter(({ isTest }) => !isTest).flatMap(findIn)
}

function findIn(file: SourceFile): Finding[] {
  return BANS.filter(ban => file.path.startsWith(ban.in) && file.path !== ban.except).flatMap(ban =>
    ban.phrases.flatMap(phrase => {
      const words = phrase.split(' ')
      return file.code
        .filter((_, index) => standsAt(file.code, index, words))
        .map(({ line }) => ({ file: file.path, line, message: `\`${words.join('')}\` is not for ${ban.in.slice(0, -1)}: ${ban.instead}` }))
    }),
  )
}

function standsAt(code: readonly Token[], index: number, words: readonly string[]): boolean {
  return (
    words.every((word, offset) => code[index + offset]?.text === word) && !isName(code, index) && code[index - 1]?.text !== 'instanceof'
  )
}

/** Whether the word is a property or a key, and so only sounds like the global. */
function isName(code: readonly Token[], index: number): boolean {
  const before = code[index - 1]?.text
  if (before === '.' || before === '?.') return code[index - 2]?.text !== 'globalThis'
  const after = code[index + 1]?.text
  return before !== '?' && (after === ':' || (after === '?' && code[index + 2]?.text === ':'))
}
