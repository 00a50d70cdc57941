import { ResidentMemory } from './resident.js'
import type { Database, Session, ValueKind, ValueKinds } from './target.js'

/** A database that is nothing but its connections, each opened like those of other threads. */
export function connections(
  connect: <K extends ValueKind>(kind: K) => Session<ValueKinds[K]> | Promise<Session<ValueKinds[K]>>,
): Database {
  const memory = new ResidentMemory()
  const closers: (() => Promise<void>)[] = []
  return {
    handle: undefined,
    async session(kind) {
      const session = await connect(kind)
      closers.push(() => session.close())
      return session
    },
    counters: () => memory.counters(),
    close: async () => {
      for (const close of closers) await close()
    },
  }
}
