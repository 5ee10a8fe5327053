/**
 * Write API: what `npm run api:update` calls after a build.
 *
 * 1 Says what it changed, so that nobody records a change unseen.
 * 2 Deletes pages whose entry is gone.
 */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeApiPages, ROOT, readText, recordedPages } from './api-page.js'
import { changesBetween } from './public-api.js'

const pages = makeApiPages()
for (const { entry, path, text } of pages) {
  for (const change of changesBetween(readText(path) ?? '', text)) process.stdout.write(`${entry}: ${change}\n`)
  mkdirSync(dirname(ROOT + path), { recursive: true })
  writeFileSync(ROOT + path, text)
}
for (const path of recordedPages().filter(recorded => pages.every(page => page.path !== recorded))) {
  process.stdout.write(`${path}: deleted\n`)
  rmSync(ROOT + path)
}
