/**
 * Follower: a subscription on the screen. It shows what a query answers, each time the answer is another one.
 *
 *   now                Longyearbyen 78° Dikson 74°       Upernavik 73°
 *   a camp is founded  Longyearbyen 78° Camp Nansen 76°  Dikson 74°        0.31 ms
 *
 * 1 `during` names a change, makes it, and waits until the subscription has caught up, so each line says what led to it.
 * 2 A change that leaves the answer as it is makes no call, and that is said too.
 */

import { from, type Unsubscribe } from 'repertory'
import { duration } from './figure.js'
import type { Gazetteer } from './gazetteer.js'
import type { Place } from './place.js'
import type { Screen } from './screen.js'

const QUERY = 'northernmost'
const PLACES_SHOWN = 3
/** Three places, a label and a time fit 80 columns. */
const LABEL_COLUMNS = 18
const PLACE_COLUMNS = 16

export class Follower {
  readonly #gazetteer: Gazetteer
  readonly #screen: Screen
  #end: Unsubscribe = async () => undefined
  #label = 'now'
  #beganMs: number = performance.now()
  #calls = 0

  private constructor(gazetteer: Gazetteer, screen: Screen) {
    this.#gazetteer = gazetteer
    this.#screen = screen
  }

  /** Defines the query, subscribes, and shows the first answer. */
  static async start(gazetteer: Gazetteer, screen: Screen): Promise<Follower> {
    const { store } = gazetteer
    const follower = new Follower(gazetteer, screen)
    screen.line(screen.accent(`store.defineQuery('${QUERY}', () =>`))
    screen.line(screen.accent(`  from('places').orderBy('lat', 'desc').limit(${PLACES_SHOWN}))`))
    screen.line(screen.accent(`store.subscribe('${QUERY}', show, { initial: true })`))
    screen.line()
    store.defineQuery(QUERY, () => from('places').orderBy('lat', 'desc').limit(PLACES_SHOWN))
    follower.#end = await store.subscribe<readonly Place[]>(QUERY, found => follower.#show(found), { initial: true })
    return follower
  }

  /** Makes a change and waits for what it does to the answer. */
  async during(label: string, change: () => Promise<unknown>): Promise<void> {
    const before = this.#calls
    this.#label = label
    this.#beganMs = performance.now()
    await change()
    await this.#gazetteer.store.settle()
    if (this.#calls === before) this.#line(this.#screen.dim('the same answer, so no call'))
  }

  /** Ends the subscription. */
  async end(): Promise<void> {
    await this.#end()
  }

  #show(found: readonly Place[]): void {
    this.#calls++
    const ms = performance.now() - this.#beganMs
    const cells = found.map(({ name, lat }) => `${name} ${lat.toFixed(0)}°`.padEnd(PLACE_COLUMNS))
    this.#line(`${cells.join(' ')}${this.#label === 'now' ? '' : this.#screen.dim(duration(ms))}`)
  }

  #line(text: string): void {
    this.#screen.line(`${this.#label.padEnd(LABEL_COLUMNS)} ${text}`)
  }
}
