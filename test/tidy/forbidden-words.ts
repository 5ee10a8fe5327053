/**
 * Forbidden words: what no file of the repository says, whatever its kind.
 *
 * 1 No place of one machine: absolute paths of a home or a working folder, the hosts a package was fetched from.
 */

import type { Finding, Project } from './project.js'

const FORBIDDEN: readonly { readonly word: RegExp; readonly instead: string }[] = [
  { word: /\bregistry\.(?:npmjs|npmmirror|yarnpkg)\b/, instead: 'the host of a registry: name the package and its version' },
  { word: /(?<![\w.~)}-])\/(?:work|root)\//, instead: 'an absolute path of one machine: write it from the root of the repository' },
  { word: /(?<![\w.~)}-])\/(?:home|Users)\/\w/, instead: 'an absolute path of one machine: write it from the root of the repository' },
]

export function findForbiddenWords(project: Project): Finding[] {
  return [...project.texts].flatMap(([file, text]) =>
    text
      .split('\n')
      .flatMap((line, index) =>
        FORBIDDEN.filter(({ word }) => word.test(line)).map(({ instead }) => ({ file, line: index + 1, message: instead })),
      ),
  )
}
