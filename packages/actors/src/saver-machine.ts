/**
 * Saver machine: the transition table of a saver (`saver.ts` is its host).
 *
 *   clean      -- touched ------------> dirty       timer: quiet or maximum wait
 *   dirty      -- due, force ---------> saving      the one save under way
 *   saving     -- saved --------------> clean
 *              -- saved, more --------> dirty       touched since the cut
 *              -- saved, forced ------> saving      a flush waits for what was touched since
 *              -- failed -------------> retrying    timer: back-off
 *              -- failed, forced -----> saving      a flush came during the attempt that failed
 *   retrying   -- due, force ---------> saving
 *   any but stopped  -- lost ---------> lost        fenced, or disconnected for good
 *   any        -- stop ---------------> stopped
 *
 * 1 `saving` is entered only from a settled attempt or a state without one: never two saves at once.
 * 2 `touched` has a meaning in `clean` alone; elsewhere the host notes it without an event.
 * 3 From `lost` only `stop` leads on, from `stopped` nothing.
 */

import { setup } from 'xstate'
import { named, type TransitionTable, tableOf } from './lifecycle.js'

export type SaverState = 'clean' | 'dirty' | 'saving' | 'retrying' | 'lost' | 'stopped'

export type SaverEvent =
  | { readonly type: 'touched' | 'due' | 'force' | 'lost' | 'stop' }
  | { readonly type: 'saved'; readonly more: boolean; readonly forced: boolean }
  | { readonly type: 'failed'; readonly forced: boolean }

export type SaverEffect = 'tell' | 'report' | 'armQuiet' | 'armRetry' | 'disarm' | 'beginSave' | 'markSaved' | 'abandon'

export const saverTable: TransitionTable<object, SaverEvent, SaverState, Record<SaverEffect, unknown>> = tableOf(
  setup({
    types: {} as { context: object; events: SaverEvent },
    actions: {
      tell: named,
      report: named,
      armQuiet: named,
      armRetry: named,
      disarm: named,
      beginSave: named,
      markSaved: named,
      abandon: named,
    },
    guards: {
      isForced: ({ event }) => (event.type === 'saved' || event.type === 'failed') && event.forced,
      isMore: ({ event }) => event.type === 'saved' && event.more,
    },
  }).createMachine({
    id: 'saver',
    context: {},
    initial: 'clean',
    on: { lost: '.lost', stop: '.stopped' },
    states: {
      clean: { on: { touched: 'dirty' } },
      dirty: { entry: ['armQuiet', 'tell'], exit: 'disarm', on: { due: 'saving', force: 'saving' } },
      saving: {
        entry: ['beginSave', 'tell'],
        on: {
          saved: [
            { guard: 'isForced', target: 'saving', reenter: true, actions: 'markSaved' },
            { guard: 'isMore', target: 'dirty', actions: 'markSaved' },
            { target: 'clean', actions: ['markSaved', 'tell'] },
          ],
          failed: [
            { guard: 'isForced', target: 'saving', reenter: true, actions: 'report' },
            { target: 'retrying', actions: 'report' },
          ],
        },
      },
      retrying: { entry: ['armRetry', 'tell'], exit: 'disarm', on: { due: 'saving', force: 'saving' } },
      lost: { entry: ['abandon', 'report', 'tell'], on: { lost: {} } },
      stopped: { entry: ['abandon', 'tell'], on: { lost: {}, stop: {} } },
    },
  }),
)
