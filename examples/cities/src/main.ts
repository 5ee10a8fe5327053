/**
 * Main: the places of the world in a supervised store. Opens, imports, asks, follows, crashes, shows its health, closes.
 *
 *   command ─▶ open ─▶ import ─▶ ask ─▶ follow ─▶ crash ─▶ health ─▶ close        exit 0
 *                │        └───────┴───────┴── Ctrl-C ───────┴────────▶ close      exit 128 + signal
 *                └── refused: one sentence on stderr                               exit 1, or 2 for the command line
 *
 * 1 Whatever happens after opening, the store is stopped: the running commit ends, everything is saved, the file is closed.
 * 2 Started again it goes on with what the file holds, and leaves the same records.
 */

import { argv, env, stderr, stdout } from 'node:process'
import { type Command, parseCommand, USAGE } from './command.js'
import { showChanges, showCrashes } from './demonstration.js'
import { amount, amountOf, duration, rate } from './figure.js'
import { Follower } from './follower.js'
import { type Gazetteer, openGazetteer, removeInvented, startOver } from './gazetteer.js'
import { importPlaces } from './importer.js'
import { Interrupted, Interruption } from './interruption.js'
import { showHealth } from './last-page.js'
import { CREDIT, listPlaces, type PlaceList, type PlaceSource, readSource } from './place-source.js'
import { askAll } from './questions.js'
import { exitCodeOf, explain } from './refusal.js'
import { Screen } from './screen.js'

const interruption = new Interruption()
const screen = new Screen({ out: stdout, onClosed: () => interruption.ask('SIGPIPE') })
stderr.on('error', () => {
  // Nobody is left to be told.
})

process.exitCode = await main().catch((error: unknown) => {
  screen.wipe()
  if (error instanceof Interrupted) return error.exitCode
  stderr.write(`${explain(error, Boolean(env.DEBUG))}\n`)
  return exitCodeOf(error)
})

async function main(): Promise<number> {
  const command = parseCommand(argv.slice(2))
  if (command.isHelp) {
    stdout.write(`${USAGE}\n\n${CREDIT}\n`)
    return 0
  }
  interruption.onAsked = by => {
    if (by === 'SIGPIPE') return
    screen.line()
    screen.line(`${by}: the step under way ends, then the store closes; once more ends at once`)
  }
  const source = await readSource(command.file)
  screen.title('Repertory: the places of the world', source.credit ?? `Data: ${source.name}`)
  // Bad rows are met before --fresh removes good ones.
  const list = command.isFresh ? await listPlaces(source, interruption) : undefined
  const gazetteer = await open(command)
  let failure: unknown
  try {
    await run(gazetteer, source, list)
  } catch (error) {
    failure = error
  }
  await close(gazetteer, command, failure)
  return 0
}

async function open({ path, isFresh }: Command): Promise<Gazetteer> {
  screen.section('Open')
  if (isFresh && (await startOver(path))) screen.line(`${path} is removed`)
  screen.pass(`opening ${path} …`)
  const gazetteer = await openGazetteer(path)
  const { startMs, store } = gazetteer
  const count = await store.buckets.places.count()
  if (count === 0) screen.line(`${path} is new: Store.start took ${duration(startMs)}`)
  else screen.line(`${path}: restored ${amountOf(count, 'place')} in ${duration(startMs)} (${rate(count, startMs)})`)
  return gazetteer
}

async function run(gazetteer: Gazetteer, source: PlaceSource, list: PlaceList | undefined): Promise<void> {
  interruption.throwIfAsked()
  const left = await removeInvented(gazetteer)
  if (left > 0) screen.line(`${amountOf(left, 'invented place')} of a run that was cut off: removed`)
  screen.section('Import')
  await showImport(gazetteer, source, list)
  interruption.throwIfAsked()
  screen.section('Ask')
  await askAll(gazetteer, screen, interruption)
  screen.section('Follow')
  const follower = await Follower.start(gazetteer, screen)
  const stage = { gazetteer, screen, interruption, follower }
  await showChanges(stage)
  interruption.throwIfAsked()
  screen.section('Crash')
  await showCrashes(stage)
  await follower.end()
  interruption.throwIfAsked()
  screen.section('Health')
  await gazetteer.store.flush()
  showHealth(gazetteer, screen)
}

async function showImport(gazetteer: Gazetteer, source: PlaceSource, known: PlaceList | undefined): Promise<void> {
  const { list, inserted, commits, elapsedMs } = await importPlaces(gazetteer, source, { screen, interruption, list: known })
  if (list === undefined) {
    screen.line(`${source.name} is imported already: nothing to do`)
    return
  }
  const { count, first } = list.repeated
  if (first !== undefined) screen.line(`${amountOf(count, 'row')} repeat an earlier one (the first is row ${amount(first)}): left out`)
  if (inserted === 0) screen.line(`all ${amountOf(list.places.size, 'place')} of ${source.name} are here already`)
  else
    screen.line(
      `${amountOf(inserted, 'place')} in ${amountOf(commits, 'commit')}, all on disk: ${duration(elapsedMs)} (${rate(inserted, elapsedMs)})`,
    )
}

/** Stops the store whatever came before, and passes on what did. */
async function close({ store }: Gazetteer, { path }: Command, failure: unknown): Promise<void> {
  const count = store.getStats().records.perBucket.places ?? 0
  const began = performance.now()
  const unsaved: unknown = await store.stop().then(
    () => undefined,
    (error: unknown) => error,
  )
  if (failure !== undefined && !(failure instanceof Interrupted)) throw failure
  if (unsaved !== undefined) throw unsaved
  screen.line()
  screen.line(`${amountOf(count, 'place')} in ${path}, saved and closed in ${duration(performance.now() - began)}`)
  if (failure !== undefined) throw failure
}
