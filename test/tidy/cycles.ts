/**
 * Cycles: no file imports itself by way of others, at run time or in types.
 *
 * 1 Each knot of files is told once, as one shortest way round through its first file.
 * 2 A cycle is mended by moving what both sides need into a file below both, named by its noun.
 */

import { type Edge, edgesOf } from './import-graph.js'
import type { Finding, Project } from './project.js'

export function findCycles(project: Project): Finding[] {
  const edges = new Map<string, Edge[]>()
  for (const edge of edgesOf(project)) edges.set(edge.from, [...(edges.get(edge.from) ?? []), edge])
  const told = new Set<string>()
  const findings: Finding[] = []
  for (const file of [...edges.keys()].sort()) {
    if (told.has(file)) continue
    const way = shortestWay(file, edges)
    const first = way[0]
    if (first === undefined) continue
    for (const { from } of way) told.add(from)
    const round = [...way.map(({ from }) => from), file].join(' -> ')
    findings.push({ file, line: first.line, message: `import cycle ${round}: move what both sides need into a file below both` })
  }
  return findings
}

/** The edges of a shortest way from a file back to itself; empty when there is none. O(files + edges). */
function shortestWay(file: string, edges: ReadonlyMap<string, readonly Edge[]>): Edge[] {
  const cameBy = new Map<string, Edge>()
  const queue = [file]
  for (const from of queue) {
    for (const edge of edges.get(from) ?? []) {
      if (cameBy.has(edge.to)) continue
      cameBy.set(edge.to, edge)
      queue.push(edge.to)
    }
  }
  const way: Edge[] = []
  for (let edge = cameBy.get(file); edge !== undefined; edge = edge.from === file ? undefined : cameBy.get(edge.from)) way.unshift(edge)
  return way
}
