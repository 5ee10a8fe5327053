/**
 * Compiling a schema: picks the spelling and refuses what makes no sense.
 *
 * 1 A zod schema goes through zod itself (zod-schema.ts); a plain object becomes field checkers (field-checker.ts).
 * 2 Field names are checked here once, so no later file meets a reserved one.
 */

import { z } from 'zod'
import type { FieldShape } from './backend.js'
import { isPlainObject, nameProblem } from './copy-value.js'
import type { BucketDefinition } from './definition.js'
import { OptionError } from './errors.js'
import { compileField } from './field-checker.js'
import type { FieldSchemas } from './field-schema.js'
import type { RecordSchema } from './record-schema.js'
import { schemaText, textHash } from './schema-text.js'
import { zodSchema } from './zod-schema.js'

/** Compiles either spelling. Throws `OptionError` for a schema that makes no sense. */
export function compileSchema(bucket: string, definition: BucketDefinition): RecordSchema {
  const { schema } = definition
  const compiled =
    schema instanceof z.ZodType ? zodSchema(bucket, schema) : fieldsSchema(bucket, schema as FieldSchemas, definition.unknown)
  for (const field of compiled.shapes) {
    const problem = nameProblem(field.name)
    if (problem !== undefined) throw new OptionError('schema', `Bucket "${bucket}": ${problem}`)
  }
  return compiled
}

function fieldsSchema(bucket: string, schemas: FieldSchemas, unknown: BucketDefinition['unknown']): RecordSchema {
  if (!isPlainObject(schemas)) throw new OptionError('schema', `Bucket "${bucket}": schema is a zod object or a plain object of fields`)
  const names = Object.keys(schemas)
  const typeOf = (name: string): FieldShape['type'] => {
    const type = schemas[name]?.type
    return type === 'object' || type === 'array' || type === undefined ? 'other' : type
  }
  const policy = unknown ?? 'pass'
  return {
    fields: names.map(name => compileField(bucket, name, schemas[name] as FieldSchemas[string])),
    shapes: names.map(name => ({ name, type: typeOf(name) })),
    uniqueFields: names.filter(name => schemas[name]?.unique === true),
    unknown: policy,
    fingerprint: textHash(`fields ${policy} ${schemaText(schemas)}`),
  }
}
