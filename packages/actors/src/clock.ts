/**
 * Clock: the one place where time and chance enter.
 *
 * 1 Everything in this package that waits, yields or draws does it through a `Clock` and a `Random` it was given, so a
 *   test replaces both (`virtual-clock.ts`) and nothing sleeps.
 * 2 A timer does not keep a finished script alive (`unref`) unless it is `awaited`: a caller would be left without an answer.
 *   A yield does: somebody is waiting for its work.
 * 3 `after` works for any delay: the host wraps delays past 2^31-1 ms to 1 ms, here they are armed in slices.
 * 4 `now` is the wall clock. It may jump, also backwards: delays are measured by timers, never by subtracting `now`.
 *
 * It does not catch: what a callback throws is the host's uncaught exception, as with the host's own timers.
 */

/** Ends a timer. Idempotent; without effect once the timer has run. */
export type Cancel = () => void

export interface Clock {
  /** Wall time, milliseconds since the epoch. */
  now(): number
  /** Runs once, `delayMs` from now. Negative and NaN mean 0, Infinity means never. `awaited`: somebody waits for it, so the process does not end before. */
  after(delayMs: number, run: () => void, importance?: 'awaited'): Cancel
  /** Runs in the next macrotask, in the order of the calls, after timers and I/O had their turn. */
  yield(run: () => void): void
  /** Runs in a microtask: before anything else the host does. */
  soon(run: () => void): void
  /**
   * Which of `count` ready things comes next, from 0. Only a clock that simulates has it (`simulation-clock.ts`); without it the
   * first comes first.
   */
  pick?(count: number): number
}

/** Uniform in [0, 1). */
export type Random = () => number

/** What a host may offer for reaching the next macrotask. */
export interface YieldHost {
  readonly setImmediate?: ((run: () => void) => unknown) | undefined
  readonly MessageChannel?: (new () => { readonly port1: YieldPort; readonly port2: YieldPort }) | undefined
  readonly setTimeout: (run: () => void, delayMs: number) => unknown
}

export interface YieldPort {
  onmessage?: ((event: never) => unknown) | null
  postMessage(message: unknown): void
}

/** The longest delay a host timer takes, ms: a signed 32-bit number. */
const SLICE_MS_MAX = 0x7fffffff

/** A back-off varies by this part of itself, so that many that failed together do not return together. */
const JITTER = 0.1

export const systemRandom: Random = () => Math.random()

export const systemClock: Clock = {
  now: () => Date.now(),
  after: armTimer,
  yield: yieldWith(globalThis),
  soon: run => queueMicrotask(run),
}

/** The delay before attempt `level` (0, 1, 2 …): `minMs` doubling up to `maxMs`, ± 10 %. */
export function backoffMs(level: number, bounds: { readonly minMs: number; readonly maxMs: number }, random: Random): number {
  const steadyMs = Math.min(bounds.maxMs, bounds.minMs * 2 ** level)
  return steadyMs * (1 - JITTER + 2 * JITTER * random())
}

/** A delay a timer can use: NaN and negative become 0. */
export function validDelayMs(delayMs: number): number {
  return Number.isNaN(delayMs) ? 0 : Math.max(0, delayMs)
}

/** The fastest way of `host` to its next macrotask: a timer of 0 ms costs at least 1 ms, and 4 ms when browsers nest it. */
export function yieldWith(host: YieldHost): (run: () => void) => void {
  const { setImmediate: immediate, MessageChannel: Channel } = host
  if (immediate !== undefined) return run => void immediate(run)
  if (Channel === undefined) return run => void host.setTimeout(run, 0)
  const { port1, port2 } = new Channel()
  const waiting: (() => void)[] = []
  port1.onmessage = () => waiting.shift()?.()
  return run => {
    waiting.push(run)
    port2.postMessage(undefined)
  }
}

function armTimer(delayMs: number, run: () => void, importance?: 'awaited'): Cancel {
  let timer: unknown
  const arm = (leftMs: number): void => {
    timer = leftMs > SLICE_MS_MAX ? setTimeout(arm, SLICE_MS_MAX, leftMs - SLICE_MS_MAX) : setTimeout(run, leftMs)
    if (importance !== 'awaited') letEnd(timer)
  }
  arm(validDelayMs(delayMs))
  return () => clearTimeout(timer as Parameters<typeof clearTimeout>[0])
}

/** Node's timers are objects that can step aside for a script that has nothing else to do; a browser's are numbers. */
function letEnd(timer: unknown): void {
  if (typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function') timer.unref()
}
