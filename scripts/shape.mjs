/**
 * Shape: packs what would be published and looks at the tarballs as their users will.
 *
 * 1 Packages are those in `packages/`; they must have been built.
 * 2 pnpm packs, because only it writes real versions where a manifest says `workspace:^`.
 * 3 publint reads the manifest against the files, attw resolves every entry as TypeScript does in an ESM project
 *   (`esm-only`: a CommonJS project reaches us by `import()`), and no test is shipped.
 * 4 Silent but for one line when all is well; else the words of whoever objects, and exit code 1.
 */

import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const { packageManager } = JSON.parse(readFileSync('package.json', 'utf8'))
const folder = mkdtempSync(join(tmpdir(), 'repertory-shape-'))
try {
  const packed = await run('npx', [
    '-y',
    '-p',
    packageManager,
    '-c',
    `pnpm --recursive --filter './packages/*' pack --pack-destination ${folder}`,
  ])
  const tarballs = readdirSync(folder)
  const objections = packed.code === 0 ? (await Promise.all(tarballs.map(objectionsTo))).flat() : [packed.output]
  if (tarballs.length === 0 && packed.code === 0) objections.push('No package was packed.')
  process.stdout.write(objections.length === 0 ? `${tarballs.length} packages are in shape\n` : `${objections.join('\n')}\n`)
  process.exitCode = objections.length === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true })
}

async function objectionsTo(tarball) {
  const path = join(folder, tarball)
  const [publint, attw, listing] = await Promise.all([
    run('publint', ['run', path, '--strict']),
    run('attw', [path, '--profile', 'esm-only', '--format', 'ascii', '--no-definitely-typed', '--no-color', '--no-emoji']),
    run('tar', ['-tzf', path]),
  ])
  const tests = listing.output.split('\n').filter(file => /\.(?:test|harness)\.|\/fixtures\//.test(file))
  const shipped =
    tests.length === 0
      ? []
      : [`${tarball} ships ${tests.length} files of tests (${tests[0]}): leave them out in "files" of its package.json`]
  return [...[publint, attw, listing].filter(({ code }) => code !== 0).map(({ output }) => `${tarball}: ${output}`), ...shipped]
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const output = []
    child.stdout.on('data', chunk => output.push(chunk))
    child.stderr.on('data', chunk => output.push(chunk))
    child.on('error', reject)
    child.on('close', code => resolve({ code: code ?? 1, output: Buffer.concat(output).toString() }))
  })
}
