/**
 * Write lifecycles: what `npm run lifecycles:update` calls after a build.
 *
 * 1 Writes `docs/lifecycles.md` anew, whole.
 */

import { writeFileSync } from 'node:fs'
import { ROOT } from './api-page.js'
import { LIFECYCLE_PAGE, makeLifecyclePage } from './lifecycle-page.js'

writeFileSync(ROOT + LIFECYCLE_PAGE, await makeLifecyclePage())
