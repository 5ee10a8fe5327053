/**
 * Abort watch: one listener a signal, however many calls wait under it.
 *
 * 1 A caller may give one signal to thousands of calls; hosts warn of a leak at eleven listeners.
 * 2 The listener is taken off when the last call under it is answered, so a signal that outlives its calls holds nothing.
 */

interface Watched {
  readonly callbacks: Set<() => void>
  readonly listener: () => void
}

export class AbortWatch {
  readonly #bySignal = new Map<AbortSignal, Watched>()

  /** Calls back when the signal aborts. Returns the end of it, idempotent. */
  watch(signal: AbortSignal, onAbort: () => void): () => void {
    const watched = this.#bySignal.get(signal) ?? this.#begin(signal)
    watched.callbacks.add(onAbort)
    return () => {
      watched.callbacks.delete(onAbort)
      if (watched.callbacks.size > 0 || this.#bySignal.get(signal) !== watched) return
      this.#bySignal.delete(signal)
      signal.removeEventListener('abort', watched.listener)
    }
  }

  #begin(signal: AbortSignal): Watched {
    const callbacks = new Set<() => void>()
    const listener = (): void => {
      this.#bySignal.delete(signal)
      for (const callback of callbacks) callback()
    }
    const watched = { callbacks, listener }
    this.#bySignal.set(signal, watched)
    signal.addEventListener('abort', listener, { once: true })
    return watched
  }
}
