/**
 * Shape: what a definition comes to, as plain data a backend can keep.
 *
 * 1 The key and every index field exist in the schema, or the definition is refused by name.
 * 2 Unique fields are unique indexes; an index named twice is one.
 * 3 A zod schema that is not an object declares no fields: only its key is known, and no index is possible.
 */

import { z } from 'zod'
import type { BucketShape, FieldShape, IndexShape } from './backend.js'
import type { BucketDefinition, IndexDefinition } from './definition.js'
import { OptionError } from './errors.js'
import type { RecordSchema } from './record-schema.js'

export function shapeOf(name: string, definition: BucketDefinition, schema: RecordSchema): BucketShape {
  const declared = new Map(schema.shapes.map(field => [field.name, field]))
  const isOpen = definition.schema instanceof z.ZodType && !(definition.schema instanceof z.ZodObject)
  if (!declared.has(definition.key) && !isOpen) {
    throw new OptionError('key', `Bucket "${name}": key field "${definition.key}" does not exist in the schema`)
  }
  const indexes = new Map<string, IndexShape>()
  for (const field of schema.uniqueFields) add(indexes, indexShape({ fields: [field], unique: true }))
  for (const index of definition.indexes ?? []) {
    const shape = indexShape(index)
    if (shape.fields.length === 0) throw new OptionError('indexes', `Bucket "${name}": an index needs at least one field`)
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

function indexShape(index: IndexDefinition): IndexShape {
  const { fields, sorted = false, unique = false } = typeof index === 'string' ? { fields: [index] } : index
  if (sorted && unique) throw new OptionError('indexes', `index ${fields.join()}: an index is sorted or unique; declare two`)
  const kind = sorted ? 'sorted' : 'hash'
  return { name: `${fields.join()}${sorted ? ' sorted' : ''}${unique ? ' unique' : ''}`, fields, kind, unique }
}

function add(indexes: Map<string, IndexShape>, shape: IndexShape): void {
  if (!indexes.has(shape.name)) indexes.set(shape.name, shape)
}

function keyTypeOf(field: FieldShape | undefined): BucketShape['keyType'] {
  return field?.type === 'string' || field?.type === 'number' ? field.type : 'either'
}
