/**
 * Checksum: 32 bits over the cells of a row, to notice damage and edits by other programs.
 *
 * 1 FNV-1a over UTF-16 code units and the two halves of a double, finished by MurmurHash3's mixer. It is not a CRC and
 *   not a signature: an accident goes unnoticed once in 2^32, an adversary can compute it as well as we can.
 * 2 Any change of one single character or number is noticed for certain: each step is a bijection of the sum.
 * 3 Empty cells add nothing, so a column added to a table later leaves the checksums of its rows as they are.
 * 4 The same on every machine and whatever SQL type a number came back as.
 *
 * Cost: about 0.25 µs for a row of 17 cells.
 */

/** A value as SQL knows it. */
export type Cell = string | number | null

const PRIME = 0x01000193

const double = new Float64Array(1)
const halves = new Uint32Array(double.buffer)
const LOW: 0 | 1 = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1
const HIGH: 0 | 1 = LOW === 0 ? 1 : 0

/** The checksum of `cells[from…]`, an integer in [0, 2^32). Cells of any other type than `Cell` never match. */
export function checksum(seed: number, cells: readonly unknown[], from: number): number {
  let sum = seed | 0
  for (let at = from; at < cells.length; at++) {
    const cell = cells[at]
    if (cell === null) continue
    if (typeof cell === 'string') {
      sum = Math.imul(sum ^ ((at << 2) | 1), PRIME)
      for (let i = 0; i < cell.length; i++) sum = Math.imul(sum ^ cell.charCodeAt(i), PRIME)
      sum = Math.imul(sum ^ cell.length, PRIME)
    } else if (typeof cell === 'number') {
      double[0] = cell
      sum = Math.imul(sum ^ ((at << 2) | 2), PRIME)
      sum = Math.imul(sum ^ halves[LOW]!, PRIME)
      sum = Math.imul(sum ^ halves[HIGH]!, PRIME)
    } else {
      return -1
    }
  }
  sum = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b)
  sum = Math.imul(sum ^ (sum >>> 13), 0xc2b2ae35)
  return (sum ^ (sum >>> 16)) >>> 0
}

/** Where the checksums of one kind of row start from, so that a row copied into another table does not match there. */
export function checksumSeed(name: string): number {
  return checksum(0x811c9dc5, [name], 0)
}
