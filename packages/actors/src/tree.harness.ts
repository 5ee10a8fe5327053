/**
 * Tree harness: a system under virtual time whose actors write down what happens to them.
 *
 * `+a` an incarnation of a began, `!a` one failed to begin, `-a kind` one ended.
 */

import { type ActorOptions, actor } from './actor.js'
import type { Actor } from './behaviour.js'
import type { ChildSpec } from './child.js'
import { type System, type SystemOptions, system } from './system.js'
import { createVirtualClock, type VirtualClock } from './virtual-clock.js'

export type Order = 'crash' | 'normal' | 'shutdown' | 'ok'

export interface Stage {
  readonly clock: VirtualClock
  readonly app: System
  readonly log: string[]
  readonly errors: unknown[]
  /** How often the next beginnings of an actor fail. */
  readonly failures: Map<string, number>
  /** An actor that obeys orders. */
  player(id: string, options?: ActorOptions & { readonly stopMs?: number; readonly initMs?: number }): ChildSpec<Actor<Order, string>>
  /** The log since the last call. */
  told(): string
}

export function openStage(options: SystemOptions = {}): Stage {
  const clock = createVirtualClock({ startMs: 0 })
  const [log, errors, failures]: [string[], unknown[], Map<string, number>] = [[], [], new Map()]
  const app = system({ name: 'app', clock, random: () => 0.5, onError: error => errors.push(error), ...options })
  const wait = (ms: number): Promise<void> => new Promise(resolve => clock.after(ms, resolve))
  const begin = (id: string): string => {
    const left = failures.get(id) ?? 0
    failures.set(id, Math.max(0, left - 1))
    log.push(`${left > 0 ? '!' : '+'}${id}`)
    if (left > 0) throw new Error(`${id} does not begin`)
    return id
  }
  return {
    clock,
    app,
    log,
    errors,
    failures,
    player: (id, { stopMs, initMs, ...settings } = {}) =>
      actor<string, Order, string>(
        {
          init: () => (initMs === undefined ? begin(id) : wait(initMs).then(() => begin(id))),
          handle: (_state, order, context) => {
            if (order === 'crash') throw new Error(`${id} crashed`)
            if (order !== 'ok') context.exit(order)
            return id
          },
          stop: (_state, { kind }) => {
            log.push(`-${id} ${kind}`)
            return stopMs === undefined ? undefined : wait(stopMs)
          },
        },
        settings,
      ),
    told: () => log.splice(0).join(', '),
  }
}
