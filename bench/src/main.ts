/**
 * The bench: `node --expose-gc bench/dist/main.js [--n 100000] [--rows P1,P2] [--contenders floor,repertory] [--json FILE] [--quick]`.
 *
 * Rows are those of PROOFS; without --rows all the harness has. --contenders keeps those whose names begin so (the floor a target
 * is taken against always runs). --quick does a fifth of the work in fewer rounds: for a look, not for a verdict.
 * Results go to the terminal and to bench/results/. It ends with 1 if a target was missed in a run that was not quick.
 */

import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { ContenderKind } from './contender.js'
import { awaitedFloor } from './floor.js'
import { type LateTimer, runLateTimer } from './late-timer.js'
import type { RaceResult } from './race.js'
import { missedTargets, printLateTimers, printRace, printRuntime, writeJson } from './report.js'
import { createRaces } from './rows.js'
import { RUNTIME_ROWS, type RuntimeFigure, runRuntime } from './runtime.js'

const ROUNDS = 9
const QUICK_ROUNDS = 3

const { values } = parseArgs({
  options: {
    n: { type: 'string', default: '100000' },
    rows: { type: 'string' },
    contenders: { type: 'string' },
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
})

const n = Number(values.n.replaceAll('_', ''))
if (!Number.isInteger(n) || n < 1) throw new Error(`--n must be a whole number of records, not ${values.n}`)
const rows = values.rows?.split(',')
const names = values.contenders?.split(',')
const allows = (kind: ContenderKind): boolean => names === undefined || names.some(name => kind.name.startsWith(name))

const own = await loadOwn()
const races = createRaces(own?.repertory, own?.repertorySnapshot)
const known = [...new Set([...races.map(race => race.row), 'D7', ...RUNTIME_ROWS])]
for (const row of rows ?? []) if (!known.includes(row)) throw new Error(`--rows knows ${known.join()}, not ${row}`)
if (globalThis.gc === undefined) console.log('without --expose-gc the garbage of one contender slows the next')

const results: RaceResult[] = []
const lateTimers: LateTimer[] = []
for (const race of races) {
  if (rows !== undefined && !rows.includes(race.row)) continue
  const result = await race.run({
    n,
    rounds: values.quick ? QUICK_ROUNDS : ROUNDS,
    warmUpRounds: values.quick ? 1 : 2,
    haste: values.quick ? 5 : 1,
    allows,
  })
  results.push(result)
  printRace(result)
}
if (rows === undefined || rows.includes('D7')) {
  const kinds = [...(own === undefined ? [] : [own.repertory]), awaitedFloor].filter(allows)
  lateTimers.push(...(await runLateTimer(kinds, own?.repertory, n)))
  printLateTimers(lateTimers)
}
const runtime: RuntimeFigure[] = await runRuntime(rows ?? RUNTIME_ROWS, values.quick)
printRuntime(runtime)

const path = values.json ?? fileURLToPath(new URL(`../results/${new Date().toISOString().replaceAll(':', '-')}.json`, import.meta.url))
writeJson(path, results, lateTimers, runtime)
const missed = missedTargets(results, lateTimers, runtime)
const verdict = own === undefined ? 'No target was put to the test' : missed === 0 ? 'No target missed' : `${missed} targets missed`
console.log(`\n${verdict}; figures in ${path}`)
if (missed > 0 && !values.quick) process.exitCode = 1

/** This store, unless it is not built: then the floor and the peers run alone, and it is said. */
async function loadOwn(): Promise<typeof import('./repertory.js') | undefined> {
  try {
    return await import('./repertory.js')
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_MODULE_NOT_FOUND') throw error
    console.log(`repertory is not built, it does not take part: ${error.message}`)
    return undefined
  }
}
