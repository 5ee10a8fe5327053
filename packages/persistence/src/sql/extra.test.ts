import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeExtra, encodeExtra } from './extra.js'

const leaf = fc.oneof(
  fc.string(),
  fc.constantFrom('$date', '$', '$$', '__proto__', '\\u0024date'),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(number => number + 0),
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: true }),
)
const name = fc.oneof(fc.string(), fc.constantFrom('$date', '$$date', '$', '$x', 'x')).filter(text => text !== '__proto__')
const { value } = fc.letrec(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}))

describe('the text of extra fields', () => {
  it('comes back exactly', () => {
    fc.assert(
      fc.property(fc.dictionary(name, value, { maxKeys: 5, noNullPrototype: true }), fields => {
        expect(decodeExtra(encodeExtra(fields as Parameters<typeof encodeExtra>[0]))).toEqual(fields)
      }),
    )
  })

  it('marks dates, and escapes names that begin with a dollar', () => {
    expect(encodeExtra({ at: new Date(5), $date: 5, list: [{ $date: 5 }] })).toBe('{"at":{"$date":5},"$$date":5,"list":[{"$$date":5}]}')
  })

  it.each([
    '[]',
    'null',
    '1',
    '{',
    '{"$unknown":1}',
    '{"a":{"$date":"x"}}',
    '{"a":{"$date":1,"b":2}}',
    '{"__proto__":1}',
    '{"a":[{"__proto__":{}}]}',
    '{"\\u005f_proto__":1}',
  ])('%s is refused: nobody here wrote it', text => {
    expect(() => decodeExtra(text)).toThrow()
  })
})
