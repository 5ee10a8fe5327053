/**
 * Questions: what the places are asked, in words, in code, and answered.
 *
 * 1 The code that is shown is the text of the function that runs: the two cannot disagree.
 * 2 The time is that of the call alone, made once, cold.
 */

import { from } from 'repertory'
import { amount, duration, latitude, longitude } from './figure.js'
import type { Gazetteer } from './gazetteer.js'
import type { Interruption } from './interruption.js'
import type { Place } from './place.js'
import type { Screen } from './screen.js'

/** Names of one list that are shown. */
const NAMES_MAX = 5
/** Countries of one list that are shown. */
const COUNTRIES_MAX = 10

interface Question {
  readonly words: string
  readonly code: string
  run(): Promise<{ readonly ms: number; show(screen: Screen): void }>
}

export async function askAll({ store }: Gazetteer, screen: Screen, interruption: Interruption): Promise<void> {
  for (const { words, code, run } of await questionsTo(store)) {
    interruption.throwIfAsked()
    const { ms, show } = await run()
    screen.line()
    screen.line(`${screen.bold(words)}  ${screen.dim(duration(ms))}`)
    screen.line(screen.accent(code))
    show(screen)
  }
}

async function questionsTo(store: Gazetteer['store']): Promise<readonly Question[]> {
  const { places } = store.buckets
  const key = (await places.first(1))[0]?.id ?? 'none'
  return [
    question('How many places are there?', () => places.count(), showCount),
    question('Which of them are in Iceland?', () => places.where({ country: 'IS' }), showNames),
    question('Which ten lie farthest north?', () => store.query(from('places').orderBy('lat', 'desc').limit(10)), showByLatitude),
    question('How many lie beyond the Arctic Circle?', () => places.count({ lat: { $gte: 66.5623 } }), showCount),
    question('Which lie within one kilometre of the equator?', () => places.where({ lat: { $gte: -0.009, $lte: 0.009 } }), showNames),
    question('In which countries is there a Springfield?', () => places.where({ name: 'Springfield' }), showCountries),
    question('And a San José?', () => places.where({ name: 'San José' }), showCountries),
    question(
      'Which three of Chile lie farthest south?',
      () => store.query(from('places').where({ country: 'CL' }).orderBy('lat').limit(3)),
      showByLatitude,
    ),
    question(`What is stored under the key ${key}?`, () => places.get(key), showPlace),
  ]
}

/** `ask` is one expression, or its text would be no line. */
function question<Answer>(words: string, ask: () => Promise<Answer>, show: (screen: Screen, answer: Answer) => void): Question {
  return {
    words,
    code: String(ask)
      .replace(/^\(\)\s*=>\s*/, '')
      .replaceAll(/\s+/g, ' '),
    run: async () => {
      const began = performance.now()
      const answer = await ask()
      const ms = performance.now() - began
      return { ms, show: screen => show(screen, answer) }
    },
  }
}

function showCount(screen: Screen, count: number): void {
  screen.line(amount(count))
}

function showNames(screen: Screen, found: readonly Place[]): void {
  const names = found.map(place => place.name).sort((a, b) => a.localeCompare(b, 'en'))
  screen.line(`${amount(found.length)}${found.length === 0 ? '' : `: ${listed(names, NAMES_MAX)}`}`)
}

function showByLatitude(screen: Screen, found: readonly Place[]): void {
  screen.table(
    found.map(({ lat, name, country }) => [latitude(lat), name, screen.dim(country)]),
    ['right'],
  )
  if (found.length === 0) screen.line('none')
}

function showCountries(screen: Screen, found: readonly Place[]): void {
  const counts = new Map<string, number>()
  for (const { country } of found) counts.set(country, (counts.get(country) ?? 0) + 1)
  const ranked = [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b, 'en'))
  const countries = ranked.map(([country, count]) => `${country} ${count}`)
  screen.line(`${amount(found.length)}${found.length === 0 ? '' : `: ${listed(countries, COUNTRIES_MAX)}`}`)
}

function showPlace(screen: Screen, place: Place | undefined): void {
  if (place === undefined) screen.line('nothing')
  else screen.line(`${place.name} (${place.country}), ${latitude(place.lat)}, ${longitude(place.lng)}, version ${place._version}`)
}

/** `a, b, c and 12 more` */
function listed(words: readonly string[], max: number): string {
  const rest = words.length - max
  return rest > 1 ? `${words.slice(0, max).join(', ')} and ${amount(rest)} more` : words.join(', ')
}
