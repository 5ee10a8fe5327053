import { existsSync } from 'node:fs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Folder, makeRows } from './fixtures/program.js'
import { openGazetteer } from './gazetteer.js'
import { INVENTED_COUNTRY, inventedKey } from './place.js'

let folder: Folder
let small: string

beforeEach(() => {
  folder = new Folder()
  small = folder.write('small.json', makeRows(60))
})

afterEach(() => folder.remove())

/** Every field of every record, with versions and order. */
function dump(): unknown[] {
  return folder.query('SELECT * FROM places ORDER BY _ord')
}

it('imports, answers, follows, crashes, and ends with exit code 0', async () => {
  const { code, out, err } = await folder.run(['--file', small])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toContain('60 places in 1 commit, all on disk')
  expect(out).toMatch(/Which of them are in Iceland\?.*\n.*places\.where\(\{ country: 'IS' \}\)\n\s+15: /)
  expect(out).toMatch(/a camp is founded +Camp Nansen 76° /)
  expect(out).toMatch(/one in the south +the same answer, so no call/)
  expect(out).toContain("ActorCrashedError {executed: 'no'}, none is stored")
  expect(out).toContain('health: serving, 2 restarts')
  expect(out.match(/nothing is lost/g)).toHaveLength(3)
  expect(out).toMatch(/still it follows +Camp Byrd 87° /)
  expect(out).toMatch(/bucket +places +serving +60 records/)
  expect(out).toContain('60 places in data/places.db, saved and closed')
})

it('prints no colour and no control character into a pipe', async () => {
  const { out } = await folder.run(['--file', small])
  expect(out.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
})

it('restores the same records when it is started again, and imports nothing', async () => {
  await folder.run(['--file', small])
  const before = dump()
  const { code, out } = await folder.run(['--file', small])
  expect(code).toBe(0)
  expect(out).toContain('restored 60 places in')
  expect(out).toContain('small.json is imported already')
  expect(dump()).toEqual(before)
})

it('tells repeated rows and imports them once', async () => {
  const rows = makeRows(20)
  const { out } = await folder.run(['--file', folder.write('twice.json', [...rows, rows[3], { ...rows[4], lat: Number(rows[4]!.lat) }])])
  expect(out).toContain('2 rows repeat an earlier one (the first is row 21)')
  expect(out).toContain('20 places in 1 commit')
})

it('adds the rows of another file, and then knows both', async () => {
  await folder.run(['--file', small])
  const more = folder.write('more.json', makeRows(90))
  expect((await folder.run(['--file', more])).out).toContain('30 places in 1 commit')
  expect((await folder.run(['--file', more])).out).toContain('restored 90 places')
  expect((await folder.run(['--file', small])).out).toContain('all 60 places of')
})

it('brings back a place that is missing', async () => {
  await folder.run(['--file', small])
  const { store } = await openGazetteer(folder.database)
  const [first] = await store.buckets.places.first(1)
  await store.buckets.places.delete(first!.id)
  await store.stop()
  const { out } = await folder.run(['--file', small])
  expect(out).toContain('an earlier import was cut off: 59 of 60 are here')
  expect(out).toContain('1 place in 1 commit')
})

it('clears away what a run left that was cut off while it demonstrated', async () => {
  await folder.run(['--file', small])
  const { store } = await openGazetteer(folder.database)
  await store.buckets.places.insert({ id: inventedKey('Camp'), name: 'Camp', lat: 80, lng: 0, country: INVENTED_COUNTRY })
  await store.stop()
  const { out } = await folder.run(['--file', small])
  expect(out).toContain('1 invented place of a run that was cut off: removed')
  expect(out).toContain('60 places in data/places.db, saved and closed')
})

it('removes its own file with --fresh, and no other', async () => {
  await folder.run(['--file', small])
  const other = folder.write('data/other.db', 'of somebody else')
  const { code, out } = await folder.run(['--file', small, '--fresh'])
  expect(code).toBe(0)
  expect(out).toContain('data/places.db is removed')
  expect(out).toContain('60 places in 1 commit')
  expect(existsSync(other)).toBe(true)
})

it('says what it takes with --help, and whose the data is', async () => {
  const { code, out } = await folder.run(['--help'])
  expect(code).toBe(0)
  expect(out).toContain('--data DIR')
  expect(out).toContain('CC-BY-4.0')
  expect(existsSync(folder.path('data'))).toBe(false)
})
