/**
 * Rules: forwards a store's record events to a rules engine, or to anything that emits.
 *
 * 1 Store and receiver are structural: whatever has `on` (resolving to an unsubscribe) and `emit` will do.
 * 2 Events are forwarded in commit order, one call an event; what `emit` returns is not awaited.
 * 3 A receiver that throws or rejects never disturbs the store: the failure goes to the store's own handling of handler
 *   errors, and the next event is forwarded all the same.
 * 4 It forwards what happens while it stands. It is no durable consumer: what happens before, or after the process ends, is
 *   not repeated.
 */

/** An event as the store publishes it; the bridge reads nothing else of it. */
export interface ForwardedEvent {
  readonly type: string
  readonly bucket: string
}

export interface EventSource<E extends ForwardedEvent> {
  on(pattern: string, handler: (event: E, topic: string) => unknown): Promise<() => Promise<void>>
}

export interface EventReceiver<D> {
  emit(topic: string, data: D): unknown
}

export interface RulesBridgeOptions<E extends ForwardedEvent, D> {
  /** Only events for which this is true. Default: all. */
  readonly filter?: (event: E, topic: string) => boolean
  /** The receiver's topic. Default: the store's, `bucket.<name>.<type>`. */
  readonly mapTopic?: (event: E, topic: string) => string
  /** The receiver's data. Default: the event. */
  readonly mapData?: (event: E, topic: string) => D
}

/** Couples a store to a receiver. Resolves to the teardown: nothing is forwarded once it is called; it may be called again. */
export function bridgeStoreToRules<E extends ForwardedEvent, D = E>(
  store: EventSource<E>,
  receiver: EventReceiver<D>,
  options: RulesBridgeOptions<E, D> = {},
): Promise<() => Promise<void>> {
  const { filter, mapTopic, mapData } = options
  return store.on('bucket.*', (event, topic) => {
    if (filter !== undefined && !filter(event, topic)) return undefined
    const data = mapData === undefined ? (event as unknown as D) : mapData(event, topic)
    return receiver.emit(mapTopic === undefined ? topic : mapTopic(event, topic), data)
  })
}
