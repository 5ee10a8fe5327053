/**
 * Demonstration: places come, move and go while a subscription follows, and the bucket's actor is killed under it.
 *
 * 1 Only places that it makes up are changed, and they are gone at its end: the data is as it was.
 * 2 Losing nothing is not claimed but computed: number and fingerprint of all records before and after.
 */

import { createHash } from 'node:crypto'
import { ActorCrashedError } from 'repertory'
import { crash } from 'repertory/testing'
import { amount, amountOf, duration } from './figure.js'
import type { Follower } from './follower.js'
import type { Gazetteer } from './gazetteer.js'
import type { Interruption } from './interruption.js'
import { INVENTED_COUNTRY, inventedKey, type PlaceInput } from './place.js'
import type { Screen } from './screen.js'

/** Places of the commit that is killed. */
const COMMIT_PLACES = 1000

export interface Stage {
  readonly gazetteer: Gazetteer
  readonly screen: Screen
  readonly interruption: Interruption
  readonly follower: Follower
}

/** A handful of changes, with what each does to the subscription. Made to its end, so that nothing invented is left. */
export async function showChanges({ gazetteer, follower }: Stage): Promise<void> {
  const { places } = gazetteer.store.buckets
  const nansen = invented('Camp Nansen', 76)
  const steps: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['a camp is founded', () => places.insert(nansen)],
    ['it drifts north', () => places.update(nansen.id, { lat: 84 })],
    ['it is renamed', () => places.update(nansen.id, { name: 'Fram' })],
    ['one in the south', () => places.insert(invented('Camp Scott', -84))],
    ['both are gone', () => Promise.all([places.delete(nansen.id), places.delete(invented('Camp Scott', 0).id)])],
  ]
  for (const [label, change] of steps) await follower.during(label, change)
}

/** Kills the actor between two messages, and in the middle of a commit. */
export async function showCrashes({ gazetteer, screen, interruption, follower }: Stage): Promise<void> {
  const { store } = gazetteer
  const { places } = store.buckets
  const before = await fingerprint(gazetteer)
  screen.line(`before: ${described(before)}`)

  screen.line()
  screen.line(screen.accent("crash(store, 'places')"))
  let began = performance.now()
  crash(store, 'places', new Error('killed for all to see'))
  await places.count()
  screen.line(`the same handle answers ${duration(performance.now() - began)} later; ${restarts(gazetteer)}`)
  compare(screen, before, await fingerprint(gazetteer))

  interruption.throwIfAsked()
  screen.line()
  screen.line(screen.accent("crash(store, 'places', error, { at: 'apply' })"))
  crash(store, 'places', new Error('killed in the middle of a commit'), { at: 'apply' })
  began = performance.now()
  const camps = Array.from({ length: COMMIT_PLACES }, (_, at) => invented(`Camp ${at + 1}`, 80))
  const outcome = await places.insertMany(camps).then(() => 'the commit went through', outcomeOf)
  screen.line(`insertMany of ${amount(COMMIT_PLACES)} places: ${outcome}`)
  await places.count()
  screen.line(`the same handle answers ${duration(performance.now() - began)} later; ${restarts(gazetteer)}`)
  compare(screen, before, await fingerprint(gazetteer))

  interruption.throwIfAsked()
  screen.line()
  const byrd = invented('Camp Byrd', 87)
  await follower.during('still it follows', () => places.insert(byrd))
  await follower.during('all is as it was', () => places.delete(byrd.id))
  compare(screen, before, await fingerprint(gazetteer))
}

interface Fingerprint {
  readonly count: number
  readonly hash: string
}

/** Number and hash of all records, fields and versions, in bucket order. */
async function fingerprint({ store }: Gazetteer): Promise<Fingerprint> {
  const hash = createHash('sha256')
  const records = await store.buckets.places.all()
  for (const { id, name, lat, lng, country, admin1, admin2, _version, _updatedAt } of records) {
    hash.update(`${id}\t${name}\t${lat}\t${lng}\t${country}\t${admin1}\t${admin2}\t${_version}\t${_updatedAt}\n`)
  }
  return { count: records.length, hash: hash.digest('hex').slice(0, 12) }
}

function compare(screen: Screen, before: Fingerprint, after: Fingerprint): void {
  const isSame = before.count === after.count && before.hash === after.hash
  screen.line(`after:  ${described(after)}  ${isSame ? screen.good('nothing is lost') : screen.bad('NOT the same')}`)
  if (!isSame) throw new Error(`the records changed under a crash: ${described(before)} before, ${described(after)} after`)
}

function described({ count, hash }: Fingerprint): string {
  return `${amount(count)} records, fingerprint ${hash}`
}

function restarts({ store }: Gazetteer): string {
  const actor = store.health().actors.places
  return actor === undefined ? 'no actor' : `health: ${actor.state}, ${amountOf(actor.restarts, 'restart')}`
}

function outcomeOf(error: unknown): string {
  if (!(error instanceof ActorCrashedError)) throw error
  return `${error.name} {executed: '${error.executed}'}, none is stored`
}

function invented(name: string, lat: number): PlaceInput {
  return { id: inventedKey(name), name, lat, lng: 0, country: INVENTED_COUNTRY, admin1: '', admin2: '' }
}
