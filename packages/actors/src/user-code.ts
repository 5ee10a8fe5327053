/**
 * User code: handlers and callbacks, called in one way.
 *
 * What they throw and what they reject with goes to `onError`; nothing they do reaches the store. They are not awaited.
 */

/** Calls `run` and tells `onError` of its failure, now or later. Never throws, unless `onError` does. */
export function callUser(run: () => unknown, onError: (error: unknown) => void): void {
  try {
    const answer = run()
    if (isThenable(answer)) answer.then(undefined, onError)
  } catch (error) {
    onError(error)
  }
}

function isThenable(answer: unknown): answer is PromiseLike<unknown> {
  return typeof answer === 'object' && answer !== null && typeof (answer as { then?: unknown }).then === 'function'
}
