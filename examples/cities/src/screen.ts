/**
 * Screen: everything this program prints, in one calm form.
 *
 * 1 Colour, and a line that is written over, only on a terminal that has them; NO_COLOR is respected. A pipe or a file gets
 *   plain lines.
 * 2 A passing line (`pass`) is wiped before anything else is printed, so nothing of it is left behind.
 * 3 Whoever reads us may go away (`| head`): that is told once through `onClosed`, and what is printed later is dropped.
 */

import type { WriteStream } from 'node:tty'

const COLUMNS_WITHOUT_TERMINAL = 80
const ERASE_LINE = '\r\x1b[2K'

type Align = 'left' | 'right'

export interface ScreenOptions {
  readonly out: WriteStream | NodeJS.WriteStream
  /** Nobody reads what is printed any more. */
  readonly onClosed: () => void
}

export class Screen {
  /** Whether a line can be written over. */
  readonly isTerminal: boolean
  readonly #out: ScreenOptions['out']
  readonly #hasColors: boolean
  #isPassing = false
  #isClosed = false
  #sections = 0

  constructor({ out, onClosed }: ScreenOptions) {
    this.#out = out
    this.isTerminal = out.isTTY === true && process.env.TERM !== 'dumb'
    this.#hasColors = this.isTerminal && out.hasColors()
    out.on('error', () => {
      if (this.#isClosed) return
      this.#isClosed = true
      onClosed()
    })
  }

  get columns(): number {
    return this.#out.columns ?? COLUMNS_WITHOUT_TERMINAL
  }

  bold(text: string): string {
    return this.#styled(text, 1, 22)
  }

  dim(text: string): string {
    return this.#styled(text, 2, 22)
  }

  accent(text: string): string {
    return this.#styled(text, 36, 39)
  }

  good(text: string): string {
    return this.#styled(text, 32, 39)
  }

  bad(text: string): string {
    return this.#styled(text, 31, 39)
  }

  title(text: string, below: string): void {
    this.#write(`\n${this.bold(text)}\n${this.dim(below)}\n`)
  }

  /** Begins a numbered part. */
  section(text: string): void {
    this.#write(`\n${this.accent(`${++this.#sections}`)}  ${this.bold(text)}\n`)
  }

  /** One line of the part, indented. */
  line(text = ''): void {
    this.#write(`   ${text}`.trimEnd().concat('\n'))
  }

  /** Rows with aligned columns; the last column is not padded. */
  table(rows: readonly (readonly string[])[], aligns: readonly Align[] = [], indent = ''): void {
    const widths: number[] = []
    for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, widthOf(cell))
    for (const row of rows) {
      const cells = row.map((cell, at) => {
        const gap = ' '.repeat(widths[at]! - widthOf(cell))
        if (aligns[at] === 'right') return gap + cell
        return at === row.length - 1 ? cell : cell + gap
      })
      this.line(indent + cells.join('  '))
    }
  }

  /** A line that the next one takes the place of; nothing where lines cannot be taken back. */
  pass(text: string): void {
    if (!this.isTerminal || this.#isClosed) return
    this.#out.write(`${ERASE_LINE}   ${text}`)
    this.#isPassing = true
  }

  /** Takes the passing line back. */
  wipe(): void {
    if (this.#isPassing && !this.#isClosed) this.#out.write(ERASE_LINE)
    this.#isPassing = false
  }

  #write(text: string): void {
    this.wipe()
    if (!this.#isClosed) this.#out.write(text)
  }

  #styled(text: string, on: number, off: number): string {
    return this.#hasColors ? `\x1b[${on}m${text}\x1b[${off}m` : text
  }
}

/** Columns of a text on a terminal: styles and combining marks take none. */
function widthOf(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a style begins with ESC
  return [...text.replaceAll(/\x1b\[\d+m/g, '').replaceAll(/\p{M}/gu, '')].length
}
