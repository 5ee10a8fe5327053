/**
 * Lifecycle: the one host for states that last.
 *
 * A lifecycle is an XState machine used only as a transition table: its actions are named effects, the host runs them.
 *
 *   send(event) --> queue --> table.next(place, event) --> place moves --> its effects run, in order --> next event
 *
 * 1 A table is pure. Time, randomness and I/O are effects: there is no `after`, `invoke`, `raise` or `spawn` in a machine
 *   (an assertion refuses them when met), so every timer is one of our clock. `assign` is fine: a context is data.
 * 2 One event at a time. An event sent while effects run is queued: an effect sees the place its transition led to, and
 *   `send` called inside an effect returns before its event is taken.
 * 3 What an effect throws goes to `onError`, never out of `send`; the other effects run.
 * 4 An event that the state does not name changes nothing and has no effect.
 *
 * It supervises nothing and keeps no timer: `supervised-child.ts` and `saver.ts` do, each with its table.
 */

import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type ContextFrom,
  type EventFrom,
  type EventObject,
  type ExecutableActionsFrom,
  initialTransition,
  type StateMachine,
  type StateValueFrom,
  transition,
} from 'xstate'

/** A machine as pure functions, with no more types than its users need. `Effects` maps each name to its parameters. */
export interface TransitionTable<Context, Event extends EventObject, State extends string, Effects> {
  /** What diagrams are drawn from. */
  readonly machine: AnyStateMachine
  begin(): Step<Context, State, Effects>
  next(place: Place<Context, State>, event: Event): Step<Context, State, Effects>
}

export interface Place<Context, State extends string> {
  readonly value: State
  readonly context: Context
}

export interface Step<Context, State extends string, Effects> {
  readonly place: Place<Context, State>
  readonly effects: readonly NamedEffect<Effects>[]
}

export type NamedEffect<Effects> = { [Name in keyof Effects]: { readonly type: Name; readonly params: Effects[Name] } }[keyof Effects]

export interface LifecycleOptions<Context, Event extends EventObject, State extends string, Effects> {
  readonly table: TransitionTable<Context, Event, State, Effects>
  readonly effects: { readonly [Name in keyof Effects]: (params: Effects[Name]) => void }
  /** Told what an effect threw, or the table itself. Must not throw: there is nobody left to tell. */
  readonly onError: (error: unknown) => void
}

export interface Lifecycle<Context, Event extends EventObject, State extends string> {
  readonly state: State
  readonly context: Context
  send(event: Event): void
}

/** Marks the name of an effect in `setup({ actions })`; the host's map says what it does. */
export function named(): void {}

/** The fifth parameter of a machine is the union of its named actions. */
type ActionOf<Machine extends AnyStateMachine> =
  Machine extends StateMachine<
    infer _Context,
    infer _Event,
    infer _Children,
    infer _Actor,
    infer Action,
    infer _Guard,
    infer _Delay,
    infer _State,
    infer _Tag,
    infer _Input,
    infer _Output,
    infer _Emitted,
    infer _Meta,
    infer _Schema
  >
    ? Action
    : never

type EffectsOf<Machine extends AnyStateMachine> = { [Action in ActionOf<Machine> as Action['type']]: Action['params'] }

/** The table of a flat machine. */
export function tableOf<Machine extends AnyStateMachine>(
  machine: Machine,
): TransitionTable<ContextFrom<Machine>, EventFrom<Machine>, StateValueFrom<Machine> & string, EffectsOf<Machine>> {
  return {
    machine,
    begin: () => stepOf(initialTransition<AnyStateMachine>(machine)),
    next: (place, event) => stepOf(transition<AnyStateMachine>(machine, place as AnyMachineSnapshot, event)),
  }
}

/** Starts in the table's first state; that state's effects run before this returns. */
export function runLifecycle<Context, Event extends EventObject, State extends string, Effects>(
  options: LifecycleOptions<Context, Event, State, Effects>,
): Lifecycle<Context, Event, State> {
  return new HostedLifecycle(options)
}

class HostedLifecycle<Context, Event extends EventObject, State extends string, Effects> implements Lifecycle<Context, Event, State> {
  readonly #options: LifecycleOptions<Context, Event, State, Effects>
  readonly #queue: Event[] = []
  #place: Place<Context, State>
  #busy = true

  constructor(options: LifecycleOptions<Context, Event, State, Effects>) {
    this.#options = options
    const first = options.table.begin()
    this.#place = first.place
    this.#run(first.effects)
    this.#drain()
  }

  get state(): State {
    return this.#place.value
  }

  get context(): Context {
    return this.#place.context
  }

  send(event: Event): void {
    this.#queue.push(event)
    if (this.#busy) return
    this.#busy = true
    this.#drain()
  }

  /** Nothing in here throws, so `busy` always ends. */
  #drain(): void {
    for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) this.#take(event)
    this.#busy = false
  }

  #take(event: Event): void {
    let step: Step<Context, State, Effects>
    try {
      step = this.#options.table.next(this.#place, event)
    } catch (error) {
      this.#report(error)
      return
    }
    this.#place = step.place
    this.#run(step.effects)
  }

  #run(effects: readonly NamedEffect<Effects>[]): void {
    for (const effect of effects) {
      try {
        this.#options.effects[effect.type](effect.params)
      } catch (error) {
        this.#report(error)
      }
    }
  }

  #report(error: unknown): void {
    try {
      this.#options.onError(error)
    } catch {
      // The observer of errors failed itself. The lifecycle goes on; a throw here would leave events untaken.
    }
  }
}

function stepOf<Context, State extends string, Effects>([place, actions]: [
  AnyMachineSnapshot,
  readonly ExecutableActionsFrom<AnyStateMachine>[],
]): Step<Context, State, Effects> {
  for (const action of actions) {
    if (action.type.startsWith('xstate.')) {
      throw new Error(
        `Lifecycle "${place.machine.id}" uses ${action.type}; in a transition table time, children and messages are named effects`,
      )
    }
  }
  return { place, effects: actions as unknown as readonly NamedEffect<Effects>[] }
}
