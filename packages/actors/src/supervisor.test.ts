import { describe, expect, it } from 'vitest'
import { actor } from './actor.js'
import type { RestartType } from './child.js'
import { type Strategy, supervisor } from './supervisor.js'
import { openStage } from './tree.harness.js'

type ExitKind = 'normal' | 'shutdown' | 'crash' | 'killed' | 'failing init'

/** What happens to b of a, b, c, in OTP's terms: the whole table. */
const TABLE: readonly (readonly [Strategy, RestartType, ExitKind, string])[] = [
  ['one_for_one', 'permanent', 'normal', '-b normal, +b'],
  ['one_for_one', 'permanent', 'shutdown', '-b shutdown, +b'],
  ['one_for_one', 'permanent', 'crash', '-b crash, +b'],
  ['one_for_one', 'permanent', 'killed', '-b killed, +b'],
  ['one_for_one', 'permanent', 'failing init', '-b crash, !b, 100 ms, +b'],
  ['one_for_one', 'transient', 'normal', '-b normal'],
  ['one_for_one', 'transient', 'shutdown', '-b shutdown'],
  ['one_for_one', 'transient', 'crash', '-b crash, +b'],
  ['one_for_one', 'transient', 'killed', '-b killed, +b'],
  ['one_for_one', 'transient', 'failing init', '-b crash, !b, 100 ms, +b'],
  ['one_for_one', 'temporary', 'normal', '-b normal'],
  ['one_for_one', 'temporary', 'shutdown', '-b shutdown'],
  ['one_for_one', 'temporary', 'crash', '-b crash'],
  ['one_for_one', 'temporary', 'killed', '-b killed'],
  ['one_for_one', 'temporary', 'failing init', '-b crash'],
  ['rest_for_one', 'permanent', 'normal', '-b normal, -c shutdown, +b, +c'],
  ['rest_for_one', 'permanent', 'shutdown', '-b shutdown, -c shutdown, +b, +c'],
  ['rest_for_one', 'permanent', 'crash', '-b crash, -c shutdown, +b, +c'],
  ['rest_for_one', 'permanent', 'killed', '-b killed, -c shutdown, +b, +c'],
  ['rest_for_one', 'permanent', 'failing init', '-b crash, -c shutdown, !b, 100 ms, +b, +c'],
  ['rest_for_one', 'transient', 'normal', '-b normal'],
  ['rest_for_one', 'transient', 'shutdown', '-b shutdown'],
  ['rest_for_one', 'transient', 'crash', '-b crash, -c shutdown, +b, +c'],
  ['rest_for_one', 'transient', 'killed', '-b killed, -c shutdown, +b, +c'],
  ['rest_for_one', 'transient', 'failing init', '-b crash, -c shutdown, !b, 100 ms, +b, +c'],
  ['rest_for_one', 'temporary', 'normal', '-b normal'],
  ['rest_for_one', 'temporary', 'shutdown', '-b shutdown'],
  ['rest_for_one', 'temporary', 'crash', '-b crash'],
  ['rest_for_one', 'temporary', 'killed', '-b killed'],
  ['rest_for_one', 'temporary', 'failing init', '-b crash'],
  ['one_for_all', 'permanent', 'normal', '-b normal, -c shutdown, -a shutdown, +a, +b, +c'],
  ['one_for_all', 'permanent', 'shutdown', '-b shutdown, -c shutdown, -a shutdown, +a, +b, +c'],
  ['one_for_all', 'permanent', 'crash', '-b crash, -c shutdown, -a shutdown, +a, +b, +c'],
  ['one_for_all', 'permanent', 'killed', '-b killed, -c shutdown, -a shutdown, +a, +b, +c'],
  ['one_for_all', 'permanent', 'failing init', '-b crash, -c shutdown, -a shutdown, +a, !b, -a shutdown, 100 ms, +a, +b, +c'],
  ['one_for_all', 'transient', 'normal', '-b normal'],
  ['one_for_all', 'transient', 'shutdown', '-b shutdown'],
  ['one_for_all', 'transient', 'crash', '-b crash, -c shutdown, -a shutdown, +a, +b, +c'],
  ['one_for_all', 'transient', 'killed', '-b killed, -c shutdown, -a shutdown, +a, +b, +c'],
  ['one_for_all', 'transient', 'failing init', '-b crash, -c shutdown, -a shutdown, +a, !b, -a shutdown, 100 ms, +a, +b, +c'],
  ['one_for_all', 'temporary', 'normal', '-b normal'],
  ['one_for_all', 'temporary', 'shutdown', '-b shutdown'],
  ['one_for_all', 'temporary', 'crash', '-b crash'],
  ['one_for_all', 'temporary', 'killed', '-b killed'],
  ['one_for_all', 'temporary', 'failing init', '-b crash'],
]

describe('each strategy, restart type and exit', () => {
  it.each(TABLE)('%s, %s, %s: %s', async (strategy, restart, kind, expected) => {
    const { app, clock, player, told, failures, log } = openStage()
    const tree = await app.start(
      'tree',
      supervisor({ strategy, children: { a: player('a'), b: player('b', { restart }), c: player('c') } }),
    )
    const { a, b, c } = tree.children
    expect(told()).toBe('+a, +b, +c')
    if (kind === 'failing init') failures.set('b', 1)
    if (kind === 'killed') b.kill()
    else b.cast(kind === 'failing init' ? 'crash' : kind)
    await clock.advance(99)
    if (expected.includes('100 ms')) log.push('100 ms')
    await clock.advance(1)
    expect(told()).toBe(expected)
    expect([a.state, c.state]).toEqual(['serving', 'serving'])
    expect(b.state).toBe(expected.endsWith('+b') || expected.includes('+b,') ? 'serving' : 'stopped')
    await app.stop()
    expect(clock.pending).toBe(0)
  })
})

describe('a group', () => {
  it('brings back a transient child that was done, and not a temporary one', async () => {
    const { app, clock, player, told } = openStage()
    const children = { a: player('a'), done: player('done', { restart: 'transient' }), once: player('once', { restart: 'temporary' }) }
    const tree = await app.start('tree', supervisor({ strategy: 'one_for_all', children }))
    tree.children.done.cast('normal')
    await expect(tree.children.done.ask('ok')).rejects.toMatchObject({ code: 'STOPPED' })
    told()
    tree.children.a.cast('crash')
    await clock.advance(0)
    expect(told()).toBe('-a crash, -once shutdown, +a, +done')
    expect([await tree.children.done.ask('ok'), tree.children.once.state, tree.size]).toEqual(['done', 'stopped', 2])
  })

  it('leaves standing what stands before the fallen, also while it rests', async () => {
    const { app, clock, player, told, failures } = openStage()
    const tree = await app.start(
      'tree',
      supervisor({ strategy: 'rest_for_one', children: { a: player('a'), b: player('b'), c: player('c') } }),
    )
    const { a, b, c } = tree.children
    failures.set('b', 4)
    b.cast('crash')
    await clock.advance(100 + 200)
    expect([a.state, b.state, c.state]).toEqual(['serving', 'open', 'open'])
    await expect(c.ask('ok')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await a.ask('ok')).toBe('a')
    await expect(tree.start('d', player('d'))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    told()
    a.cast('crash')
    await clock.advance(400)
    expect(told()).toBe('-a crash, +a, !b')
    expect([a.state, b.state, c.state]).toEqual(['serving', 'open', 'open'])
    await clock.advance(800)
    expect([a.state, b.state, c.state]).toEqual(['probing', 'probing', 'probing'])
    await clock.advance(5000)
    expect([a.state, b.state, c.state]).toEqual(['serving', 'serving', 'serving'])
  })

  it('fails an attempt in which a child that is up already crashes', async () => {
    const { app, clock, player, told } = openStage()
    const tree = await app.start('tree', supervisor({ strategy: 'one_for_all' }))
    const a = await tree.start('a', player('a'))
    const starting = tree.start('slow', player('slow', { initMs: 50 }))
    await clock.advance(50)
    await starting
    told()
    a.cast('crash')
    await clock.advance(10)
    expect(told()).toBe('-a crash, -slow shutdown, +a')
    a.cast('crash')
    await clock.advance(50)
    expect(told()).toBe('-a crash, +slow, -slow shutdown')
    await clock.advance(100 + 50)
    expect(told()).toBe('+a, +slow')
  })
})

describe('a child removed while its group begins', () => {
  it('is none of the group any more: the attempt goes on without it', async () => {
    const { app, clock, player, told } = openStage()
    const children = { a: player('a'), slow: player('slow', { initMs: 50 }), z: player('z') }
    const starting = app.start('tree', supervisor({ strategy: 'rest_for_one', children }))
    await clock.advance(50)
    const tree = await starting
    told()
    tree.children.a.cast('crash')
    await clock.advance(10)
    const removed = tree.children.slow.stop()
    await clock.advance(40)
    await removed
    expect(told()).toBe('-a crash, -z shutdown, -slow shutdown, +a, +slow, -slow shutdown, +z')
    expect([tree.children.z.state, tree.size]).toEqual(['serving', 2])
  })
})

describe('past the intensity', () => {
  it('refuses calls at once, probes once per back-off, and closes when the window is clean', async () => {
    const { app, clock, player, told, errors } = openStage()
    const a = await app.start('a', player('a'))
    for (const ms of [0, 100, 200, 0]) {
      a.cast('crash')
      await clock.advance(ms)
    }
    expect([a.state, a.restarts, errors.length]).toEqual(['open', 3, 4])
    await expect(a.ask('ok')).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('app/a') })
    await clock.advance(400)
    expect([a.state, await a.ask('ok')]).toEqual(['probing', 'a'])
    await clock.advance(5000)
    expect([a.state, clock.pending]).toEqual(['serving', 0])
    expect(told()).toBe('+a, -a crash, +a, -a crash, +a, -a crash, +a, -a crash, +a')
  })

  it('escalates: the supervisor ends its children in reverse and is restarted as one', async () => {
    const { app, clock, player, told } = openStage()
    const inner = supervisor({ pastIntensity: 'escalate', restartsMax: 1, children: { a: player('a'), b: player('b') } })
    const tree = await app.start(
      'tree',
      supervisor({ strategy: 'rest_for_one', children: { first: player('first'), inner, last: player('last') } }),
    )
    const { a, b } = tree.children.inner.children
    a.cast('crash')
    told()
    a.cast('crash')
    await clock.advance(0)
    expect(told()).toBe('-a crash, -b shutdown, -last shutdown, +a, +b, +last')
    expect([tree.children.inner.restarts, tree.restarts, await b.ask('ok')]).toEqual([1, 0, 'b'])
  })

  it('at the root rests and probes: whatever escalates, the process lives', async () => {
    const { app, clock, player } = openStage()
    const inner = supervisor({ pastIntensity: 'escalate', restartsMax: 0, children: { a: player('a') } })
    const tree = await app.start('tree', supervisor({ pastIntensity: 'escalate', restartsMax: 0, children: { inner } }))
    const { a } = tree.children.inner.children
    const other = await app.start('other', player('other'))
    for (let crash = 0; crash < 50; crash++) {
      if (a.state === 'serving' || a.state === 'probing') a.cast('crash')
      await clock.advance(1000)
    }
    expect(a.state).toBe('open')
    await expect(a.ask('ok')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await clock.advance(60_000)
    expect([await a.ask('ok'), await other.ask('ok')]).toEqual(['a', 'other'])
  })

  it('an escalation overtaken by a stop does not come back', async () => {
    const { app, clock, player, told } = openStage()
    const tree = await app.start(
      'tree',
      supervisor({ pastIntensity: 'escalate', restartsMax: 0, children: { a: player('a'), slow: player('slow', { stopMs: 50 }) } }),
    )
    tree.children.a.cast('crash')
    await clock.advance(10)
    const stopped = tree.stop()
    await clock.advance(1000)
    await stopped
    expect([told(), tree.state, app.find('tree')]).toEqual(['+a, +slow, -a crash, -slow shutdown', 'stopped', undefined])
  })
})

describe('beginning', () => {
  it('is in order, and a failure ends what began, in reverse, and adds nothing', async () => {
    const { app, clock, player, told, failures } = openStage()
    failures.set('c', 1)
    const tree = supervisor({ children: { a: player('a'), b: player('b', { initMs: 10 }), c: player('c'), d: player('d') } })
    const starting = expect(app.start('tree', tree)).rejects.toThrow('c does not begin')
    await clock.advance(9)
    expect(told()).toBe('+a')
    await clock.advance(1)
    await starting
    expect([told(), app.find('tree')]).toEqual(['+b, !c, -b shutdown, -a shutdown', undefined])
  })

  it('refuses a name that is taken or malformed, and frees the name of a stopped child', async () => {
    const { app, player } = openStage()
    const a = await app.start('a', player('a'))
    await expect(app.start('a', player('a'))).rejects.toMatchObject({ code: 'OPTION', option: 'name' })
    for (const name of ['', '1', 'a b', '__proto__', 'a/b'])
      await expect(app.start(name, player('x'))).rejects.toMatchObject({ code: 'OPTION' })
    expect(() => supervisor({ children: { 'a/b': player('x') } })).toThrow('a child')
    await a.stop()
    expect((await app.start('a', player('a'))) === a).toBe(false)
  })

  it('refuses options it does not know', () => {
    const { player } = openStage()
    expect(() => supervisor({ strategie: 'one_for_one' } as never)).toThrow('strategie')
    expect(() => supervisor({ strategy: 'all' as never })).toThrow('strategy')
    expect(() => supervisor({ pastIntensity: 'die' as never })).toThrow('pastIntensity')
    expect(() => player('x', { restart: 'always' as never })).toThrow('restart')
    expect(() => player('x', { shutdownMs: -1 })).toThrow('shutdownMs')
  })

  it('refuses what is no child', async () => {
    const { app } = openStage()
    const behaviour = { init: () => null, handle: () => null }
    await expect(app.start('x', behaviour as never)).rejects.toThrow('make one of it with actor(…)')
    await expect(app.start('x', supervisor({ children: { x: behaviour as never } }))).rejects.toMatchObject({ code: 'OPTION' })
    expect(app.find('x')).toBeUndefined()
  })
})

describe('ending', () => {
  it('is in reverse order, each within its shutdownMs', async () => {
    const { app, clock, player, told } = openStage()
    const children = { a: player('a'), hangs: player('hangs', { stopMs: 9000, shutdownMs: 300 }), b: player('b', { stopMs: 100 }) }
    const tree = await app.start('tree', supervisor({ children }))
    told()
    const stopped = tree.stop()
    expect(tree.children.hangs.state).toBe('serving')
    await clock.advance(399)
    expect(told()).toBe('-b shutdown, -hangs shutdown')
    await clock.advance(1)
    await stopped
    expect([told(), tree.state]).toEqual(['-a shutdown', 'stopped'])
  })

  it('of a subtree keeps to the limit of its supervisor', async () => {
    const { app, clock, player, told } = openStage()
    const children = { a: player('a', { stopMs: 4000 }), b: player('b', { stopMs: 4000 }), c: player('c', { stopMs: 4000 }) }
    const tree = await app.start('tree', supervisor({ shutdownMs: 500, children }))
    told()
    const stopped = tree.stop()
    await clock.advance(500)
    await stopped
    expect([told(), tree.children.a.state]).toEqual(['-c shutdown, -b killed, -a killed', 'stopped'])
  })

  it('of the system keeps to its limit, whatever hangs, and tells the same to whoever asks again', async () => {
    const never = actor<object, string, string>(
      { init: () => ({}), handle: () => new Promise(() => undefined) },
      { shutdownMs: Number.POSITIVE_INFINITY },
    )
    const { app, clock, player, told } = openStage({ shutdownMs: 700 })
    await app.start('a', player('a'))
    const hung = await app.start('hung', never)
    const answer = expect(hung.ask('x', { timeoutMs: 60_000 })).rejects.toMatchObject({ code: 'ACTOR_CRASHED', executed: 'unknown' })
    const stopped = app.stop()
    expect(app.stop()).toBe(stopped)
    await clock.advance(700)
    await stopped
    await answer
    expect([told(), clock.pending]).toEqual(['+a, -a killed', 0])
    await expect(app.start('late', player('late'))).rejects.toMatchObject({ code: 'STOPPED' })
  })

  it('of a child that is being begun waits for that, and leaves nothing', async () => {
    const { app, clock, player, told } = openStage()
    const starting = expect(app.start('slow', player('slow', { initMs: 50 }))).rejects.toThrow('was ended while it started')
    const stopped = app.stop()
    await clock.advance(50)
    await Promise.all([stopped, starting])
    expect([told(), clock.pending]).toEqual(['+slow, -slow shutdown', 0])
  })
})

describe('children in numbers', () => {
  it('starts, crashes and stops ten thousand', async () => {
    const { app, clock, player, failures } = openStage()
    const pool = await app.start('pool', supervisor())
    const spec = player('w')
    const all = await Promise.all(Array.from({ length: 10_000 }, (_, at) => pool.start(`w${at}`, spec)))
    expect([pool.size, app.health().length]).toEqual([10_000, 10_002])
    for (const one of all) one.kill()
    await clock.advance(0)
    expect(all.every(({ state, restarts }) => state === 'serving' && restarts === 1)).toBe(true)
    failures.set('w', 0)
    await all[5000]!.stop()
    expect(pool.size).toBe(9999)
    await pool.stop()
    expect([all.every(({ state }) => state === 'stopped'), pool.size, clock.pending]).toEqual([true, 0, 0])
  })

  it('restarts with their supervisor the children started later, in the order of their birth', async () => {
    const { app, clock, player, told } = openStage()
    const tree = await app.start(
      'tree',
      supervisor({ strategy: 'one_for_all', children: { pool: supervisor(), trigger: player('trigger') } }),
    )
    for (const id of ['x', 'y', 'z']) await tree.children.pool.start(id, player(id))
    const y = tree.children.pool.find('y') as { readonly state: string }
    told()
    tree.children.trigger.cast('crash')
    await clock.advance(0)
    expect([told(), y.state]).toEqual(['-trigger crash, -z shutdown, -y shutdown, -x shutdown, +x, +y, +z, +trigger', 'serving'])
  })
})
