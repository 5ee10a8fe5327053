/**
 * Rules: the style of this code as a list of functions (STYLE habit 11).
 *
 * 1 A rule says where, what, and what to write instead; there is no comment that switches one off.
 * 2 To add one: write it, list it here, and plant an offence and a look-alike for it in `tidy.test.ts`.
 */

import { findCycles } from './cycles.js'
import { findDeadFiles } from './dead-files.js'
import { findForbiddenWords } from './forbidden-words.js'
import { findLayerBreaches } from './layers.js'
import type { Rule } from './project.js'
import { findImpurities } from './purity.js'
import { findBadNames, findLongFiles, findLongFunctions, findMissingContracts, findStrayIndexes } from './shape.js'
import { findBadWording } from './wording.js'

export const RULES: Readonly<Record<string, Rule>> = {
  'imports between packages run one way': findLayerBreaches,
  'no file imports itself by way of others': findCycles,
  'each package keeps to its one impurity': findImpurities,
  'a file opens with its contract': findMissingContracts,
  'a file is one noun long': findLongFiles,
  'a function fits a screen': findLongFunctions,
  'a file is named by its noun': findBadNames,
  'index.ts stands at the root of a package alone': findStrayIndexes,
  'code says what it means': findBadWording,
  'every file is reached': findDeadFiles,
  'nothing names one machine': findForbiddenWords,
}
