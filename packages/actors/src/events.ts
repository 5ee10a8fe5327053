/**
 * Events: each commit, record by record, to the handlers of its topics.
 *
 * 1 After the commit, in commit order, once per record per commit; a clearing is one `deleted` a record.
 * 2 Handlers are called in the order they came and not awaited. A throw or a rejection goes to the fault log.
 * 3 Nothing is made for a topic nobody listens to.
 * 4 System buckets (names begin with `$`) publish nothing here.
 */

import { type Attribution, type Cause, type Change, type Commit, changesOf, type Key, type Seq, type StoreRecord } from '@repertory/core'
import type { FaultLog } from './fault-log.js'
import { type Listener, Topics } from './topics.js'
import { callUser } from './user-code.js'

interface EventBase extends Attribution {
  readonly bucket: string
  readonly key: Key
  readonly seq: Seq
  readonly cause: Cause
}

export interface InsertedEvent<R = StoreRecord> extends EventBase {
  readonly type: 'inserted'
  readonly record: R
}

export interface UpdatedEvent<R = StoreRecord> extends EventBase {
  readonly type: 'updated'
  readonly oldRecord: R
  readonly newRecord: R
}

export interface DeletedEvent<R = StoreRecord> extends EventBase {
  readonly type: 'deleted'
  readonly record: R
}

export type RecordEvent<R = StoreRecord> = InsertedEvent<R> | UpdatedEvent<R> | DeletedEvent<R>

/** Called with the event and its topic, `bucket.<name>.<type>`. What it returns is not awaited. */
export type EventHandler = (event: RecordEvent, topic: string) => unknown

export class Events {
  readonly #topics = new Topics<EventHandler>()
  readonly #faults: FaultLog

  constructor(faults: FaultLog) {
    this.#faults = faults
  }

  get hasListeners(): boolean {
    return !this.#topics.isEmpty
  }

  /** Listens to commits after `since`. Returns the unsubscribe, which acts at once and may be called again. */
  on(pattern: string, handler: EventHandler, since: Seq): () => void {
    const listener = this.#topics.add(pattern, handler, since)
    return () => this.#topics.remove(listener)
  }

  /** Tells the handlers of a commit. Never throws. */
  deliver(commit: Commit): void {
    for (const change of changesOf(commit)) {
      if (change.bucket.startsWith('$')) continue
      const topic = `bucket.${change.bucket}.${change.type}`
      const listeners = this.#topics.listenersOf(topic)
      if (listeners.length === 0) continue
      const event = eventOf(change, commit)
      for (const listener of listeners) if (listener.isActive && commit.seq > listener.since) this.#tell(listener, event, topic)
    }
  }

  #tell(listener: Listener<EventHandler>, event: RecordEvent, topic: string): void {
    callUser(
      () => listener.handler(event, topic),
      error => this.#faults.report(error, `handler ${listener.pattern}`),
    )
  }
}

function eventOf(change: Change, commit: Commit): RecordEvent {
  const { bucket, key, cause, before, after } = change
  const base = { bucket, key, seq: commit.seq, cause, ...commit.attribution }
  switch (change.type) {
    case 'inserted':
      return Object.freeze({ type: 'inserted', ...base, record: after! })
    case 'updated':
      return Object.freeze({ type: 'updated', ...base, oldRecord: before!, newRecord: after! })
    case 'deleted':
      return Object.freeze({ type: 'deleted', ...base, record: before! })
  }
}
