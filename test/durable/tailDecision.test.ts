import { describe, expect, test } from 'vitest'
import { decide, type Place, rowsFor } from '../../src/durable/tailDecision.js'

const questions = [
  'isBlank',
  'lengthFits',
  'checksumMatches',
  'positionFollows',
  'kindFits',
  'isProvenDurable',
] as const

const places = Array.from(
  { length: 2 ** questions.length },
  (_, bits) =>
    Object.fromEntries(questions.map((name, at) => [name, ((bits >> at) & 1) === 1])) as unknown as Place,
)

describe('the decision about the tail', () => {
  test('is one row for every combination of answers', () => {
    expect(places.map((place) => rowsFor(place).length)).toEqual(places.map(() => 1))
  })

  test('keeps nothing that is not sound', () => {
    for (const place of places.filter((candidate) => decide(candidate).verdict === 'keep')) {
      expect(place).toMatchObject({
        lengthFits: true,
        checksumMatches: true,
        positionFollows: true,
        kindFits: true,
      })
    }
  })

  test('neither cuts nor ends where something durable must follow', () => {
    for (const place of places.filter(({ isProvenDurable }) => isProvenDurable))
      expect(['keep', 'refuse']).toContain(decide(place).verdict)
  })

  test('cuts only what a torn write explains', () => {
    for (const place of places.filter((candidate) => decide(candidate).verdict === 'cut'))
      expect(place.lengthFits && place.checksumMatches).toBe(false)
  })
})
