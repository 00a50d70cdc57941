import { StuckError } from '../../src/memory/errors.js'
import { type AbortReason, ConflictError } from '../../src/mvcc/abort.js'
import type { Mode, MvccTransaction } from '../../src/mvcc/transaction.js'
import { expectSound } from './engineAudit.js'
import { checkHistory, type Committed, type Event, finalState } from './engineHistory.js'
import { collectAll, makeEngines, mebibyte, type ScanRange, Session } from './engineKit.js'
import { withHurriedWaits } from './engineTime.js'

export type Action =
  | readonly ['begin', mode?: Mode | 'held']
  | readonly ['get' | 'put' | 'insert' | 'delete', key: string]
  | readonly ['scan', range?: ScanRange]
  | readonly ['commit']
  | readonly ['collect']

export type Script = readonly Action[]

/** Plays a script, one action at a time, on a site of its own; what commits goes to the stage's history. */
export class Actor {
  readonly name: string
  readonly #session: Session
  readonly #stage: Stage
  #tx: MvccTransaction | undefined
  #events: Event[] = []
  #from = 0
  #values = 0
  /** How the transactions ended. */
  readonly endings: (AbortReason | 'committed' | 'stuck')[] = []

  constructor(name: string, session: Session, stage: Stage) {
    this.name = name
    this.#session = session
    this.#stage = stage
  }

  /** Does one action; one of a transaction that has failed is passed over. */
  act(action: Action): void {
    if (action[0] === 'collect') {
      unlessStuck(() => this.#session.engine.collect())
    } else if (action[0] === 'begin') {
      this.#from = this.#stage.tick()
      this.#events = []
      const [, mode] = action
      unlessStuck(() => {
        this.#tx = mode === 'held' ? this.#session.hold() : this.#session.begin(mode)
      })
    } else if (this.#tx !== undefined) {
      if (action[0] === 'commit') this.#commit(this.#tx)
      else this.#operate(this.#tx, action)
    }
  }

  play(script: Script): void {
    for (const action of script) this.act(action)
  }

  #commit(tx: MvccTransaction): void {
    this.#tx = undefined
    let reason: AbortReason | undefined
    try {
      reason = this.#session.commit(tx)
    } catch (error) {
      if (!(error instanceof StuckError)) throw error
      this.endings.push('stuck')
      return
    }
    this.endings.push(reason ?? 'committed')
    if (reason !== undefined) return
    const name = `${this.name}${this.endings.length}`
    this.#stage.history.push({
      name,
      stamp: tx.stamp,
      from: this.#from,
      to: this.#stage.tick(),
      events: this.#events,
    })
  }

  #operate(tx: MvccTransaction, action: Action): void {
    try {
      this.#events.push(this.#do(tx, action))
    } catch (error) {
      if (!(error instanceof ConflictError || error instanceof StuckError)) throw error
      const reason = error instanceof ConflictError ? error.reason : 'owned'
      this.#tx = undefined
      this.endings.push(error instanceof ConflictError ? reason : 'stuck')
      this.#session.engine.abort(tx, reason)
    }
  }

  #do(tx: MvccTransaction, action: Action): Event {
    const session = this.#session
    const value = () => `${this.name}.${++this.#values}`
    switch (action[0]) {
      case 'get':
        return ['get', action[1], session.get(tx, action[1])]
      case 'put': {
        const put = value()
        session.put(tx, action[1], put)
        return ['put', action[1], put]
      }
      case 'insert': {
        const put = value()
        return ['insert', action[1], put, session.insert(tx, action[1], put)]
      }
      case 'delete':
        session.delete(tx, action[1])
        return ['delete', action[1]]
      case 'scan':
        return ['scan', action[1] ?? {}, session.scan(tx, action[1])]
      default:
        throw new Error(`${action[0]} is no operation`)
    }
  }
}

/** A fresh store for each run of a play, its actors, and what they did. */
export class Stage {
  readonly history: Committed[] = []
  readonly actors: readonly Actor[]
  readonly sessions: readonly Session[]
  #ticks = 0

  constructor(actorCount: number) {
    const engines = makeEngines(actorCount, { limitBytes: 64 * mebibyte })
    this.sessions = engines.map((engine) => new Session(engine))
    this.actors = this.sessions.map((session, i) => new Actor('ABCDEF'[i]!, session, this))
  }

  tick(): number {
    return ++this.#ticks
  }

  /** Plays a script that is to succeed. */
  prepare(script: Script): void {
    const [actor] = this.actors
    actor!.play(script)
    if (actor!.endings.some((ending) => ending !== 'committed')) throw new Error('the preparation has failed')
    actor!.endings.length = 0
  }

  /** Checks, when the curtain has fallen: all that committed is serializable, and the store is sound. */
  problems(): string[] {
    const problems = checkHistory(this.history)
    const [session] = this.sessions as [Session]
    const found = session.run((tx) => session.scan(tx))
    const expected = finalState(this.history)
    if (JSON.stringify(found) !== JSON.stringify(expected))
      problems.push(`the store has ${JSON.stringify(found)}, but it should be ${JSON.stringify(expected)}`)
    try {
      collectAll(this.sessions.map(({ engine }) => engine))
      expectSound(session.engine)
    } catch (error) {
      problems.push(String(error))
    }
    return problems
  }
}

function unlessStuck(body: () => void): void {
  try {
    body()
  } catch (error) {
    if (!(error instanceof StuckError)) throw error
  }
}

/** Runs plays in which one thread acts for several: waits are hopeless, and end at once. */
export function playHurriedly(body: () => void): void {
  withHurriedWaits(body)
}
