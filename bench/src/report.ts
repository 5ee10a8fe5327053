/**
 * Report: the results of a run as a table on the terminal and as JSON.
 */

import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname } from 'node:path'
import type { LateTimer } from './late-timer.js'
import type { RaceResult } from './race.js'
import type { RuntimeFigure } from './runtime.js'

const COLUMNS = [26, 11, 13, 10, 17] as const

export function printRace(result: RaceResult): void {
  console.log(`\n${result.row}  ${result.work}   n = ${count(result.n)}, p50 of ${result.rounds} rounds`)
  const floors = Object.keys(result.lines[0]?.ratios ?? {})
  print(['', 'µs', 'per second', ...floors.map(floor => `/ ${floor}`)])
  for (const line of result.lines) {
    const verdict = line.isReached === undefined ? '' : verdictOf(line.isReached, `≥ ${result.target} of ${result.against}`)
    print(
      [
        line.contender,
        (line.nanoseconds / 1_000).toFixed(3),
        count(Math.round(line.perSecond)),
        ...floors.map(floor => line.ratios[floor]!.toFixed(2)),
      ],
      verdict,
    )
  }
}

export function printLateTimers(results: readonly LateTimer[]): void {
  let work = ''
  for (const result of results) {
    if (work !== result.work) console.log(`\n${result.row}  ${result.work}   n = ${count(result.n)}, median of ${result.lateMs.length}`)
    work = result.work
    const verdict = result.isReached === undefined ? '' : verdictOf(result.isReached, `≤ ${result.targetMs} ms`)
    print([result.contender, `${result.medianMs.toFixed(1)} ms`, `worst ${result.worstMs.toFixed(0)} ms`], verdict)
  }
}

export function printRuntime(figures: readonly RuntimeFigure[]): void {
  let row = ''
  for (const figure of figures) {
    if (row !== figure.row) console.log(`\n${figure.row}  the actor runtime`)
    row = figure.row
    const digits = figure.value < 100 ? 1 : 0
    const value = figure.value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
    const verdict = figure.isReached === undefined ? '' : verdictOf(figure.isReached, figure.target ?? '')
    console.log(`  ${figure.work.padEnd(40)}${value.padStart(11)} ${figure.unit.padEnd(8)}   ${verdict}`.trimEnd())
  }
}

/** How many targets were missed. */
export function missedTargets(races: readonly RaceResult[], timers: readonly LateTimer[], runtime: readonly RuntimeFigure[]): number {
  return [...races.flatMap(race => race.lines), ...timers, ...runtime].filter(line => line.isReached === false).length
}

export function writeJson(
  path: string,
  races: readonly RaceResult[],
  lateTimers: readonly LateTimer[],
  runtime: readonly RuntimeFigure[],
): void {
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length, hasGc: globalThis.gc !== undefined }
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${JSON.stringify({ at: new Date().toISOString(), machine, races, lateTimers, runtime }, undefined, 2)}\n`)
}

function print(cells: readonly string[], verdict = ''): void {
  const [name, ...rest] = cells
  console.log(`  ${name!.padEnd(COLUMNS[0])}${rest.map((cell, at) => cell.padStart(COLUMNS[at + 1] ?? 9)).join('')}   ${verdict}`.trimEnd())
}

function verdictOf(isReached: boolean, target: string): string {
  return `${isReached ? 'reached' : 'MISSED'}  ${target}`
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
