/**
 * Progress: how far long work is, as a bar that is drawn over, or as a line every few seconds.
 *
 * 1 The rate counts only what this run has done, so a resumed import is not praised for what was there already.
 * 2 The first plain line comes after a while: short work leaves none.
 */

import { amount, rate, seconds } from './figure.js'
import type { Screen } from './screen.js'

const DRAW_EVERY_MS = 100
const LINE_EVERY_MS = 2000
const BAR_MAX = 32
/** What stands beside the bar. */
const TEXT_COLUMNS = 56

export interface ProgressState {
  readonly done: number
  readonly total: number
  readonly elapsedMs: number
}

export class Progress {
  readonly #screen: Screen
  readonly #total: number
  readonly #beganMs = performance.now()
  #shownMs: number = performance.now()

  constructor(screen: Screen, total: number) {
    this.#screen = screen
    this.#total = total
  }

  /** So much is done. */
  reach(done: number): void {
    const now = performance.now()
    if (now - this.#shownMs < (this.#screen.isTerminal ? DRAW_EVERY_MS : LINE_EVERY_MS)) return
    this.#shownMs = now
    const state = { done, total: this.#total, elapsedMs: now - this.#beganMs }
    if (!this.#screen.isTerminal) this.#screen.line(progressText(state))
    else {
      const { full, empty } = barOf(state, this.#screen.columns - TEXT_COLUMNS)
      this.#screen.pass(`${this.#screen.accent(full)}${this.#screen.dim(empty)} ${progressText(state)}`)
    }
  }
}

/** ` 64 %  109,500 of 171,075   31,400/s   2 s left` */
export function progressText({ done, total, elapsedMs }: ProgressState): string {
  const percent = Math.floor((done / total) * 100)
  const left = seconds((elapsedMs / Math.max(done, 1)) * (total - done))
  return `${String(percent).padStart(3)} %   ${amount(done)} of ${amount(total)}   ${rate(done, elapsedMs)}   ${left} left`
}

function barOf({ done, total }: ProgressState, columns: number): { readonly full: string; readonly empty: string } {
  const width = Math.max(0, Math.min(BAR_MAX, columns))
  const filled = Math.round((done / total) * width)
  return { full: '━'.repeat(filled), empty: '━'.repeat(width - filled) }
}
