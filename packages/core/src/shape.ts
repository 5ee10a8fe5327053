/**
 * Shape: what a definition comes to, as plain data a backend can keep.
 *
 * 1 The key and every index field exist in the schema, or the definition is refused by name.
 * 2 Unique fields are unique indexes; an index named twice is one. `auto` is a hash index on every other declared scalar.
 * 3 A zod schema that is not an object declares no fields: only its key is known, and no index is possible.
 */

import { z } from 'zod'
import type { BucketShape, FieldShape, IndexShape } from './backend.js'
import { isPlainObject } from './copy-value.js'
import { type BucketDefinition, type IndexDefinition, refuseUnknownOptions } from './definition.js'
import { OptionError, shown } from './errors.js'
import type { RecordSchema } from './record-schema.js'

export function shapeOf(name: string, definition: BucketDefinition, schema: RecordSchema): BucketShape {
  const declared = new Map(schema.shapes.map(field => [field.name, field]))
  const isOpen = definition.schema instanceof z.ZodType && !(definition.schema instanceof z.ZodObject)
  if (!declared.has(definition.key) && !isOpen) {
    throw new OptionError('key', `Bucket "${name}": key field "${definition.key}" does not exist in the schema`)
  }
  const indexes = new Map<string, IndexShape>()
  for (const field of schema.uniqueFields) add(indexes, indexShape({ fields: [field], unique: true }))
  for (const index of indexesOf(name, definition, schema)) {
    refuseBadIndex(name, index)
    const shape = indexShape(index)
    for (const field of shape.fields) {
      if (!declared.has(field)) throw new OptionError('indexes', `Bucket "${name}": index field "${field}" does not exist in the schema`)
    }
    add(indexes, shape)
  }
  return {
    name,
    key: definition.key,
    keyType: keyTypeOf(declared.get(definition.key)),
    fields: schema.shapes,
    indexes: [...indexes.values()],
    fingerprint: schema.fingerprint,
  }
}

function indexesOf(name: string, { key, indexes = [] }: BucketDefinition, schema: RecordSchema): readonly IndexDefinition[] {
  if (indexes === 'auto') {
    const isIndexed = (field: string): boolean => field === key || schema.uniqueFields.includes(field)
    return schema.shapes.filter(field => field.type !== 'other' && !isIndexed(field.name)).map(field => field.name)
  }
  if (!Array.isArray(indexes)) throw new OptionError('indexes', `Bucket "${name}": indexes is a list or "auto", not ${shown(indexes)}`)
  return indexes
}

const INDEX_OPTIONS: ReadonlySet<string> = new Set(['fields', 'sorted', 'unique'])

function refuseBadIndex(name: string, index: unknown): void {
  if (typeof index === 'string') return
  const refuse = (problem: string): never => {
    throw new OptionError('indexes', `Bucket "${name}", index ${shown(index)}: ${problem}`)
  }
  if (!isPlainObject(index)) throw refuse('an index is a field name, or {fields, sorted?, unique?}')
  refuseUnknownOptions(`Bucket "${name}", index ${shown(index)}`, index, INDEX_OPTIONS)
  const { fields, sorted = false, unique = false } = index
  if (!Array.isArray(fields) || fields.length === 0 || !fields.every(field => typeof field === 'string'))
    refuse('fields is a list of at least one field name')
  if (typeof sorted !== 'boolean' || typeof unique !== 'boolean') refuse('sorted and unique are true or false')
  if (sorted && unique) refuse('an index is sorted or unique; declare two')
}

function indexShape(index: IndexDefinition): IndexShape {
  const { fields, sorted = false, unique = false } = typeof index === 'string' ? { fields: [index] } : index
  const kind = sorted ? 'sorted' : 'hash'
  return {
    name: `${fields.map(nameInIndex).join()}${sorted ? ' sorted' : ''}${unique ? ' unique' : ''}`,
    fields: [...fields],
    kind,
    unique,
  }
}

/** Quoted where it could be taken for two fields, or for a kind of index. */
function nameInIndex(field: string): string {
  return /[\s,"]/.test(field) ? JSON.stringify(field) : field
}

function add(indexes: Map<string, IndexShape>, shape: IndexShape): void {
  if (!indexes.has(shape.name)) indexes.set(shape.name, shape)
}

function keyTypeOf(field: FieldShape | undefined): BucketShape['keyType'] {
  return field?.type === 'string' || field?.type === 'number' ? field.type : 'either'
}
