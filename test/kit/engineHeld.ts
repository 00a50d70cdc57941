import { expect } from 'vitest'
import { makeEngines, mebibyte, Session } from './engineKit.js'
import { orWaits } from './engineTime.js'

export function makeSessions(): [a: Session, b: Session, c: Session] {
  const engines = makeEngines(3, { limitBytes: 32 * mebibyte })
  return engines.map((engine) => new Session(engine)) as [Session, Session, Session]
}

/** All of one length, so that the room of one is used for any other. */
export const long = (value: number | string) => `${value},`.padEnd(20).repeat(30)

export function update(session: Session, key: string, value: string): void {
  session.run((tx) => session.put(tx, key, value))
}

/** The chain that a reader walks down has 6 versions; 'first' is the one that it sees. */
export function makeChain(): [a: Session, b: Session, c: Session] {
  const sessions = makeSessions()
  const [a, b] = sessions
  update(a, 'key', long('first'))
  const open = b.begin()
  for (let i = 0; i < 3; i++) update(a, 'key', long(i))
  expect(b.commit(open)).toBeUndefined()
  return sessions
}

/** Frees what can be freed, and writes over it. */
export function trimAndReuse(...sessions: readonly Session[]): void {
  for (let i = 0; i < 4; i++) {
    for (const session of sessions) orWaits(() => update(session, 'key', long(`after ${i}`)))
    for (const { engine } of sessions) orWaits(() => engine.collect())
  }
}
