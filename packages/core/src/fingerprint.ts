/**
 * Fingerprint: an order-free sum over the records of a bucket, kept up to date at a few nanoseconds a change.
 *
 * 1 Each record adds `recordMark(ord, seq)`; adding and removing commute, all in unsigned 32-bit arithmetic.
 * 2 A record that is missing, doubled, or of another version than the commits say moves the sum (chance of a
 *   silent match 2^-32). It does not look at fields: that is what row checksums are for.
 */

/** The mark of one record version: an integer in [0, 2^32). Mixer constants are those of MurmurHash3's finaliser. */
export function recordMark(ord: number, seq: number): number {
  let mixed = Math.imul(ord | 0, 0x9e3779b1) ^ Math.imul((seq | 0) + 0x165667b1, 0x85ebca6b) ^ ((ord / 0x100000000) | 0)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

/** Adds a mark to a sum. */
export function addMark(sum: number, mark: number): number {
  return (sum + mark) >>> 0
}

/** Takes a mark out of a sum. */
export function removeMark(sum: number, mark: number): number {
  return (sum - mark) >>> 0
}
