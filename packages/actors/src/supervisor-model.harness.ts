/**
 * Supervisor model: what SPEC 9.1 asks of a tree, said once more over plain numbers, to compare the real one with.
 *
 * 1 Nothing here waits, calls back or knows a promise: a crash runs to its end before the call returns.
 * 2 Only its own `Time` moves it. A back-off has no jitter.
 */

import type { RestartType } from './child.js'
import type { RestartPolicy } from './supervised-child.js'
import type { Strategy } from './supervisor.js'

export interface WorkerShape {
  readonly restart: RestartType
}

export interface SupervisorShape {
  readonly restart: RestartType
  readonly strategy: Strategy
  readonly pastIntensity: 'open' | 'escalate'
  readonly restartsMax: number
  readonly children: readonly Shape[]
}

export type Shape = WorkerShape | SupervisorShape

export const POLICY: RestartPolicy = { restartsMax: 3, restartsWindowMs: 1000, backoffMinMs: 100, backoffMaxMs: 800 }

/** Time of the model: timers by due time, then by arming. */
export class Time {
  nowMs = 0
  timers: { readonly atMs: number; readonly run: () => void }[] = []

  arm(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.nowMs + delayMs, run }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter(other => other !== timer)
    }
  }

  advance(ms: number): void {
    const endMs = this.nowMs + ms
    for (;;) {
      const due = this.timers.filter(({ atMs }) => atMs <= endMs).sort((left, right) => left.atMs - right.atMs)[0]
      if (due === undefined) break
      this.timers = this.timers.filter(other => other !== due)
      this.nowMs = due.atMs
      due.run()
    }
    this.nowMs = endMs
  }
}

/** When to try again, said once more in plain numbers. */
export class ModelGovernor {
  state: 'running' | 'waiting' | 'open' | 'probing' = 'running'
  isClean = true
  level = 0
  crashesMs: number[] = []
  servesSinceMs: number | undefined
  disarm: (() => void) | undefined
  isStopped = false
  readonly time: Time
  readonly restartsMax: number
  readonly attempt: () => boolean
  readonly opened: () => void

  constructor(time: Time, restartsMax: number, attempt: () => boolean, opened: () => void) {
    this.time = time
    this.restartsMax = restartsMax
    this.attempt = attempt
    this.opened = opened
  }

  fall(): void {
    const { nowMs } = this.time
    this.disarm?.()
    const isCalm = this.isClean || (this.servesSinceMs !== undefined && nowMs - this.servesSinceMs >= POLICY.restartsWindowMs)
    if (isCalm) this.reset()
    this.isClean = false
    this.servesSinceMs = undefined
    this.crashesMs = [...this.crashesMs.filter(atMs => nowMs - atMs < POLICY.restartsWindowMs), nowMs]
    const isMany = this.crashesMs.length > this.restartsMax
    if (isCalm && !isMany) {
      this.restart('running')
      return
    }
    this.state = isMany || this.state === 'probing' ? 'open' : 'waiting'
    const into = this.state === 'open' ? 'probing' : 'running'
    this.disarm = this.time.arm(Math.min(POLICY.backoffMaxMs, POLICY.backoffMinMs * 2 ** this.level++), () => this.restart(into))
    if (this.state === 'open') this.opened()
  }

  restart(into: 'running' | 'probing'): void {
    this.state = into
    if (!this.attempt()) {
      this.fall()
      return
    }
    if (this.isStopped) return
    this.servesSinceMs = this.time.nowMs
    if (into === 'running') return
    this.disarm = this.time.arm(POLICY.restartsWindowMs, () => {
      this.state = 'running'
      this.reset()
    })
  }

  reset(): void {
    this.isClean = true
    this.level = 0
    this.crashesMs = []
  }

  stop(): void {
    this.isStopped = true
    this.disarm?.()
  }
}

export interface ModelNode {
  readonly restart: RestartType
  readonly parent: ModelSupervisor | undefined
  isUp: boolean
  isStopped: boolean
  begin(): boolean
  end(isFinal: boolean): void
}

export class ModelWorker implements ModelNode {
  isUp = false
  isStopped = false
  failures = 0
  readonly id: string
  readonly restart: RestartType
  readonly parent: ModelSupervisor
  readonly log: string[]

  constructor(id: string, shape: WorkerShape, parent: ModelSupervisor, log: string[]) {
    this.id = id
    this.restart = shape.restart
    this.parent = parent
    this.log = log
  }

  begin(): boolean {
    this.isStopped = false
    if (this.failures > 0) {
      this.failures--
      this.log.push(`!${this.id}`)
      return false
    }
    this.log.push(`+${this.id}`)
    this.isUp = true
    return true
  }

  end(isFinal: boolean): void {
    if (this.isUp) this.log.push(`-${this.id}`)
    this.isUp = false
    this.isStopped ||= isFinal
  }

  /** Ends by itself. */
  exit(isAbnormal: boolean): void {
    this.end(false)
    this.parent.exited(this, isAbnormal)
  }
}

export class ModelSupervisor implements ModelNode {
  isUp = false
  isStopped = false
  /** By birth; removed ones leave a hole. */
  readonly children: (ModelNode | undefined)[]
  governors: Map<ModelNode | 'group', ModelGovernor> = new Map()
  from: number = Number.POSITIVE_INFINITY
  readonly shape: SupervisorShape
  readonly parent: ModelSupervisor | undefined
  readonly time: Time

  constructor(
    shape: SupervisorShape,
    parent: ModelSupervisor | undefined,
    time: Time,
    make: (shape: Shape, parent: ModelSupervisor) => ModelNode,
  ) {
    this.shape = shape
    this.parent = parent
    this.time = time
    this.children = shape.children.map(child => make(child, this))
  }

  get restart(): RestartType {
    return this.shape.restart
  }

  begin(): boolean {
    this.isStopped = false
    this.isUp = true
    this.governors = new Map()
    this.from = 0
    const isBegun = this.attempt()
    if (!isBegun) this.end(false)
    return isBegun
  }

  attempt(): boolean {
    const first = this.from
    this.from = Number.POSITIVE_INFINITY
    for (const [at, child] of this.children.entries()) {
      if (child === undefined || at < first || child.isUp || child.begin()) continue
      this.fell(at)
      this.endFrom(this.from)
      return false
    }
    return true
  }

  fell(at: number): void {
    this.from = this.shape.strategy === 'one_for_all' ? 0 : Math.min(this.from, at)
  }

  endFrom(from: number, isFinal = false): void {
    for (let at = this.children.length - 1; at >= from; at--) {
      const child = this.children[at]
      if (child === undefined) continue
      const isGone = isFinal || child.restart === 'temporary'
      child.end(isGone)
      if (isGone) this.children[at] = undefined
    }
  }

  end(isFinal: boolean): void {
    for (const governor of this.governors.values()) governor.stop()
    this.governors.clear()
    if (this.isUp || isFinal) this.endFrom(0, isFinal)
    this.isUp = false
    this.isStopped ||= isFinal
  }

  exited(child: ModelNode, isAbnormal: boolean): void {
    const at = this.children.indexOf(child)
    const isGroup = this.shape.strategy !== 'one_for_one'
    if (child.restart === 'temporary' || (child.restart === 'transient' && !isAbnormal)) {
      child.end(true)
      if (child.restart === 'temporary' || !isGroup) this.remove(child)
    } else if (isGroup) {
      this.fell(at)
      this.endFrom(this.from)
      const governor = this.governor('group', () => this.attempt())
      if (governor.state === 'running' || governor.state === 'probing') governor.fall()
    } else this.governor(child, () => child.begin()).fall()
  }

  governor(of: ModelNode | 'group', attempt: () => boolean): ModelGovernor {
    const known = this.governors.get(of)
    if (known !== undefined) return known
    const made = new ModelGovernor(this.time, this.shape.restartsMax, attempt, () => {
      if (this.shape.pastIntensity === 'open') return
      this.end(false)
      this.parent?.exited(this, true)
    })
    this.governors.set(of, made)
    return made
  }

  remove(child: ModelNode): void {
    this.governors.get(child)?.stop()
    this.governors.delete(child)
    child.end(true)
    const at = this.children.indexOf(child)
    if (at >= 0) this.children[at] = undefined
  }
}
