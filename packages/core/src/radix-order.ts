/**
 * Radix order: sorts entry numbers by a numeric key in linear time, for building an index over a whole bucket.
 *
 * 1 Stable: entries with equal keys keep the order they came in, so sorting by the minor key first gives a compound order.
 * 2 Keys are any doubles but NaN; -0 stands before 0, so callers hold only one of them (the store drops the sign).
 *
 * Six passes of 11 bits over the bit pattern of the doubles, least significant first; a pass in which all keys agree is
 * skipped, which makes small integers cost three. 100,000 keys: 3-5 ms, where a sort with a comparator takes 20-30.
 */

const DIGIT_BITS = 11
const DIGITS = 1 << DIGIT_BITS

/** The entries of `order` sorted by `keys[entry]`; `order` is used up. */
export function radixOrder(keys: Float64Array, order: Uint32Array): Uint32Array {
  const count = keys.length
  const low = new Uint32Array(count)
  const high = new Uint32Array(count)
  const words = new Uint32Array(keys.buffer, keys.byteOffset, count * 2)
  const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1
  for (let entry = 0; entry < count; entry++) {
    const lowWord = words[entry * 2 + (isLittleEndian ? 0 : 1)]!
    const highWord = words[entry * 2 + (isLittleEndian ? 1 : 0)]!
    // As unsigned integers, doubles ascend once the sign bit of the positive and all bits of the negative are turned over.
    const isNegative = highWord >>> 31 === 1
    low[entry] = isNegative ? ~lowWord : lowWord
    high[entry] = isNegative ? ~highWord : highWord ^ 0x80000000
  }
  let from = order
  let to = new Uint32Array(count)
  for (const half of [low, high]) {
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      if (!pass(half, shift, from, to)) continue
      const sorted = to
      to = from as Uint32Array<ArrayBuffer>
      from = sorted
    }
  }
  return from
}

/** Distributes `from` into `to` by one digit; false, and nothing written, when all entries have the same. */
function pass(half: Uint32Array, shift: number, from: Uint32Array, to: Uint32Array): boolean {
  const count = half.length
  const starts = new Uint32Array(DIGITS + 1)
  for (let entry = 0; entry < count; entry++) starts[((half[entry]! >>> shift) & (DIGITS - 1)) + 1]!++
  if (count === 0 || starts[((half[0]! >>> shift) & (DIGITS - 1)) + 1] === count) return false
  for (let digit = 1; digit < DIGITS; digit++) starts[digit]! += starts[digit - 1]!
  for (let index = 0; index < count; index++) {
    const entry = from[index]!
    to[starts[(half[entry]! >>> shift) & (DIGITS - 1)]!++] = entry
  }
  return true
}
