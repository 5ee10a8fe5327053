/**
 * Ids: the random identifiers that generated fields take.
 *
 * 1 With the system's chance they come from the host's cryptographic generator; with a `random` of the user's (a simulation)
 *   from that alone, so a seed replays them.
 * 2 `uuidv7` sorts by time (RFC 9562, 5.7): 48 bits of milliseconds, then chance.
 */

import type { Draw } from '@repertory/core'
import { customRandom, nanoid, urlAlphabet } from 'nanoid'
import type { Random } from './clock.js'

type Bytes = (length: number) => Uint8Array

const NANOID_LENGTH = 21
const CUID_ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz'
/** Behind the leading `c`. */
const CUID_LENGTH = 24

/** Draws identifiers; from `random` alone when it is given. */
export function createDraw(random: Random | undefined): Draw {
  const bytes: Bytes = random === undefined ? length => crypto.getRandomValues(new Uint8Array(length)) : length => drawBytes(random, length)
  const cuid = customRandom(CUID_ALPHABET, CUID_LENGTH, bytes)
  const short = random === undefined ? nanoid : customRandom(urlAlphabet, NANOID_LENGTH, bytes)
  return (kind, now) => {
    switch (kind) {
      case 'nanoid':
        return short()
      case 'cuid':
        return `c${cuid()}`
      case 'uuid':
        return random === undefined ? crypto.randomUUID() : uuid(bytes(16), 4)
      case 'uuidv7':
        return uuidv7(bytes(16), now)
    }
  }
}

function drawBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => Math.floor(random() * 256))
}

function uuidv7(bytes: Uint8Array, now: number): string {
  for (let at = 0; at < 6; at++) bytes[at] = Math.floor(now / 2 ** (8 * (5 - at))) & 0xff
  return uuid(bytes, 7)
}

function uuid(bytes: Uint8Array, version: number): string {
  bytes[6] = (bytes[6]! & 0x0f) | (version << 4)
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
