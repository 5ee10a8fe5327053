/**
 * Name scope: turns names from outside (buckets, fields, indexes) into SQL names, injectively, under any engine's rules.
 *
 * 1 No two names handed out in one scope are the same to any engine: they differ after folding case, accents and
 *   compatibility forms, which is stricter than SQLite (folds ASCII case), PostgreSQL (none when quoted) and MySQL (accents).
 * 2 A name that is free and tame is taken as it is, so people find `users` in a table called `users`; otherwise `~2`, `~3`, …
 *   is added. Which name was given is therefore stored with the table, never computed again.
 * 3 Every name is at most `bytesMax` bytes of UTF-8, not empty, and free of control characters.
 * 4 Names reach SQL text only through `quoteName`.
 */

/** Controls, format characters, surrogates and unassigned code points: what shells and engines disagree about. */
const UNTAME = /\p{C}/gu

/** SQLite keeps this prefix for itself. */
const RESERVED_PREFIX = /^sqlite_/i

export class NameScope {
  readonly #taken = new Set<string>()
  readonly #bytesMax: number

  constructor(taken: Iterable<string>, bytesMax: number) {
    for (const name of taken) this.#taken.add(foldName(name))
    this.#bytesMax = bytesMax
  }

  /** A name of its own in this scope, as close to the wanted one as can be. */
  claim(wanted: string): string {
    const base = tame(wanted)
    for (let number = 1; ; number++) {
      const suffix = number === 1 ? '' : `~${number}`
      const name = cutBytes(base, this.#bytesMax - suffix.length) + suffix
      const folded = foldName(name)
      if (this.#taken.has(folded)) continue
      this.#taken.add(folded)
      return name
    }
  }
}

/** What two names have in common when some engine takes them for one. */
export function foldName(name: string): string {
  return name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().toUpperCase().toLowerCase()
}

/** A name as SQL text. */
export function quoteName(name: string, mark: '"' | '`' = '"'): string {
  return mark + name.replaceAll(mark, mark + mark) + mark
}

function tame(wanted: string): string {
  const clean = wanted.replace(UNTAME, '_')
  if (clean === '') return 'unnamed'
  return RESERVED_PREFIX.test(clean) ? `~${clean}` : clean
}

/** The longest prefix of whole characters within so many bytes. */
function cutBytes(text: string, bytesMax: number): string {
  if (text.length * 3 <= bytesMax) return text
  let kept = ''
  let bytes = 0
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > bytesMax) break
    kept += character
  }
  return kept
}
