/**
 * XState actor: any XState 5 logic (machine, transition, promise, callback, observable) as a behaviour.
 *
 *   message = event, sent in a turn --> reply = the snapshot it led to
 *   status `done` --> the actor exits normally        status `error` --> it crashes, and is restarted as any other
 *
 * 1 One root actor an incarnation, with an error observer: nothing XState meets is thrown into the host.
 * 2 Its time is the system's: delayed transitions are timers of our clock, and what they throw crashes this actor alone.
 * 3 When the incarnation ends, whatever ended it, children and timers end too. XState leaves the children of a root that failed
 *   running; they are sent its stop event.
 * 4 `onSnapshot` is called in its own try, as all user code; whoever observes cannot hurt the actor.
 *
 * It cannot catch what a `fromCallback` throws in a host timer of its own: give it `context.after` through `input`.
 */

import {
  type AnyActorLogic,
  type AnyActorRef,
  createActor,
  type EventFromLogic,
  type InputFrom,
  type SnapshotFrom,
  type Actor as XActor,
} from 'xstate'
import type { Behaviour, Context } from './behaviour.js'
import type { Cancel } from './clock.js'
import { callUser } from './user-code.js'

export interface XStateOptions<Logic extends AnyActorLogic> {
  /** The logic's input, made anew for each incarnation. */
  readonly input?: ((context: Context<EventFromLogic<Logic>>) => InputFrom<Logic>) | undefined
  /** Told each snapshot. What it throws goes to the system's `onError`. */
  readonly onSnapshot?: ((snapshot: SnapshotFrom<Logic>) => unknown) | undefined
}

/** A behaviour that runs `logic`: `actor(fromXState(machine))`. */
export function fromXState<Logic extends AnyActorLogic>(
  logic: Logic,
  options: XStateOptions<Logic> = {},
): Behaviour<XActor<Logic>, EventFromLogic<Logic>, SnapshotFrom<Logic>> {
  return {
    init: context => begin(logic, options, context),
    handle: (running, event) => {
      running.send(event)
      return checked(running)
    },
    stop: end,
  }
}

function begin<Logic extends AnyActorLogic>(
  logic: Logic,
  { input, onSnapshot }: XStateOptions<Logic>,
  context: Context<EventFromLogic<Logic>>,
): XActor<Logic> {
  const contained = (run: () => void): void => callUser(run, error => context.crash(error))
  const clock = {
    setTimeout: (run: () => void, delayMs: number) => context.clock.after(delayMs, () => contained(run)),
    clearTimeout: (cancel: Cancel | undefined) => cancel?.(),
  }
  const running = createActor<AnyActorLogic>(logic, { clock, input: input?.(context) }) as XActor<Logic>
  running.subscribe({
    next: snapshot => {
      if (onSnapshot !== undefined)
        callUser(
          () => onSnapshot(snapshot as SnapshotFrom<Logic>),
          error => context.report(error),
        )
    },
    error: error => context.crash(error),
    complete: () => context.exit(),
  })
  running.start()
  try {
    checked(running)
  } catch (error) {
    end(running)
    throw error
  }
  return running
}

function checked<Logic extends AnyActorLogic>(running: XActor<Logic>): SnapshotFrom<Logic> {
  const { status, error } = statusOf(running)
  if (status === 'error') throw error
  return running.getSnapshot()
}

/** Invariant 3. Throws what exit actions threw. */
function end(running: AnyActorRef): void {
  const hasFailed = statusOf(running).status === 'error'
  running.stop()
  const { status, error, children = {} } = statusOf(running)
  for (const child of Object.values(children)) child?.send({ type: 'xstate.stop' })
  if (!hasFailed && status === 'error') throw error
}

interface Status {
  readonly status: 'active' | 'done' | 'error' | 'stopped'
  readonly error?: unknown
  readonly children?: { readonly [id: string]: AnyActorRef | undefined }
}

function statusOf(running: AnyActorRef): Status {
  return running.getSnapshot()
}
