/**
 * Figure: numbers as people read them.
 *
 * 1 Always the same form, whatever the language of the machine: `171,075`, `12.4 ms`, `66.56° N`.
 * 2 Three significant digits at most for times and rates: what is behind them changes from run to run.
 */

const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** `171,075` */
export function amount(value: number): string {
  return WHOLE.format(value)
}

/** `1 place`, `171,075 places` */
export function amountOf(value: number, noun: string, plural = `${noun}s`): string {
  return `${amount(value)} ${value === 1 ? noun : plural}`
}

/** `0.08 ms`, `12.4 ms`, `340 ms`, `2.71 s`, `3 min 5 s` */
export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(2)} ms`
  if (ms < 100) return `${ms.toFixed(1)} ms`
  if (ms < 1000) return `${ms.toFixed(0)} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
  return seconds(ms)
}

/** `1 s` at least, `3 min 5 s`: for what is only guessed. */
export function seconds(ms: number): string {
  const whole = Math.max(1, Math.round(ms / 1000))
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** `31,400/s`, to three digits. */
export function rate(count: number, ms: number): string {
  const perSecond = (count / Math.max(ms, 1)) * 1000
  const digits = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(perSecond, 1))) - 2)
  return `${amount(Math.round(perSecond / digits) * digits)}/s`
}

/** `78.22° N` */
export function latitude(degrees: number): string {
  return `${Math.abs(degrees).toFixed(2)}° ${degrees < 0 ? 'S' : 'N'}`
}

/** `15.64° E` */
export function longitude(degrees: number): string {
  return `${Math.abs(degrees).toFixed(2)}° ${degrees < 0 ? 'W' : 'E'}`
}
