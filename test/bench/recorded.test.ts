import { joinRecording, type Recording, startRecording } from 'tidemark/history'
import { describe, expect, test } from 'vitest'
import { Random } from '../../bench/generators/random.js'
import { RecordedSession } from '../../bench/targets/recorded.js'
import { valueForms } from '../../bench/ycsb/values.js'
import { versionOfText, versionText } from '../../bench/ycsb/versions.js'
import { MapSession } from './mapSession.js'

const strings = valueForms.string.versions!
const fieldsVersions = valueForms.fields.versions!
const several = { isSingle: false }

describe('a version in a value', () => {
  test.each([0, 1, 63, 64, 2 ** 30 - 1, 2 ** 30, 2 ** 53 - 1])('%i comes back', (version) => {
    expect(versionText(version)).toHaveLength(10)
    expect(versionOfText(versionText(version))).toBe(version)
  })

  test('is in no loaded value, and leaves a value well-formed', () => {
    const random = new Random(1)
    for (let i = 0; i < 200; i++) {
      const text = valueForms.string.make(random)
      expect(strings.versionOf(text)).toBe(null)
      const versioned = strings.withVersion(text, i * 1e9)
      expect(strings.versionOf(versioned)).toBe(i * 1e9)
      expect(versioned).toHaveLength(100)
      expect(valueForms.string.isWellFormed(versioned)).toBe(true)
      expect(valueForms.string.isWellFormed(`${versioned.slice(0, 50)}!${versioned.slice(51)}`)).toBe(false)
      const fields = fieldsVersions.withVersion(valueForms.fields.make(random), i)
      expect(fieldsVersions.versionOf(fields)).toBe(i)
      expect(valueForms.fields.isWellFormed(fields)).toBe(true)
      expect(valueForms.fields.isWellFormed({ ...fields, field1: fields.field0 })).toBe(false)
    }
  })
})

describe('a recorded session', () => {
  test('records the last run of each transaction, with the versions that it read and wrote', async () => {
    await using recording = await startRecording()
    const session = new MapSession<string>()
    session.attempts = 3
    session.records.set('loaded', valueForms.string.make(new Random(2)))
    const recorded = new RecordedSession(session, joinRecording(recording.handle), strings)
    await recorded.readWrite((operations) => {
      operations.put('a', operations.get('loaded')!)
      operations.get('a')
      operations.get('absent')
    }, several)()
    const version = 2 * 256 + 1
    const reads = [
      ['r', 'a', version],
      ['r', 'absent', null],
    ]
    expect(await completions(recording)).toEqual([
      ['ok', [['r', 'loaded', null], ['w', 'a', version], ...reads], undefined],
    ])
  })

  test('says fail when the body threw, info when it is not known what came of it', async () => {
    await using recording = await startRecording()
    const session = new MapSession<string>()
    const recorded = new RecordedSession(session, joinRecording(recording.handle), strings)
    const lose = recorded.readWrite(() => {
      throw new Error('lost')
    }, several)
    expect(lose).toThrow('lost')
    session.readWrite = (body) => () => {
      body(session as never)
      throw new Error('the connection is gone')
    }
    expect(recorded.readWrite(() => {}, several)).toThrow('the connection is gone')
    expect((await completions(recording)).map(([type, , error]) => [type, error])).toEqual([
      ['fail', 'Error: lost'],
      ['info', 'Error: the connection is gone'],
    ])
  })
})

async function completions(recording: Recording): Promise<(readonly [string, unknown, unknown])[]> {
  return [...(await recording.history())]
    .filter(({ type }) => type !== 'invoke')
    .map(({ type, value, error }) => [type, value, error] as const)
}
