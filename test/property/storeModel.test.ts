import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mixedKey, rangeCases } from '../kit/storeKeys.js'
import {
  type Change,
  collect,
  commit,
  giveUp,
  hold,
  look,
  lookBack,
  overlap,
  release,
  type StoreCommand,
  type World,
} from '../kit/storeCommands.js'
import { openStore, secondSite } from '../kit/storeRoom.js'

const value = fc.oneof(
  fc.nat({ max: 9 }),
  fc.constantFrom(null, '', 'text', [1, { deep: true }], 10n ** 30n),
  fc.nat({ max: 6000 }).map((length) => 'v'.repeat(length)),
)

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('put' as const), key: mixedKey, value }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('insert' as const), key: mixedKey, value }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), key: mixedKey }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('get' as const), key: mixedKey }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('range' as const), range: rangeCases(mixedKey) }) },
)

const site = fc.nat({ max: 1 })
const mode = fc.constantFrom('optimistic' as const, 'locking' as const)
const changes = fc.array(change, { maxLength: 12 })
const index = fc.nat({ max: 3 })

const commands: fc.Arbitrary<StoreCommand>[] = [
  fc.tuple(site, mode, changes).map((args) => commit(...args)),
  fc.tuple(site, mode, changes).map((args) => commit(...args)),
  fc.tuple(site, mode, changes).map((args) => giveUp(...args)),
  fc.tuple(site, changes, changes).map((args) => overlap(...args)),
  fc.tuple(site, fc.array(rangeCases(mixedKey), { maxLength: 3 })).map((args) => look(...args)),
  site.map(hold),
  fc.tuple(index, rangeCases(mixedKey)).map((args) => lookBack(...args)),
  index.map(release),
  site.map(collect),
]

describe('a store', () => {
  it('does what a Map does, for two sites that commit, overlap, hold snapshots and collect', async () => {
    const store = await openStore({ memoryLimitBytes: 64 * 1024 ** 2 })
    const stores = [store, secondSite(store)]
    const met = { overlapped: 0, refused: 0 }
    let tables = 0
    fc.assert(
      fc.property(fc.commands(commands, { maxCommands: 60, size: 'max' }), (run) => {
        const name = `run ${++tables}`
        const sites = stores.map((each) => ({ store: each, table: each.table(name) }))
        const world: World = { sites, held: [], overlapped: 0, refused: 0 }
        try {
          fc.modelRun(() => ({ model: { table: new Map(), held: [] }, real: world }), run)
        } finally {
          for (const { snapshot } of world.held) snapshot.close()
        }
        met.overlapped += world.overlapped
        met.refused += world.refused
      }),
      { numRuns: 100 },
    )
    // Otherwise this shows less than it says.
    expect(met.overlapped).toBeGreaterThan(20)
    expect(met.refused).toBeGreaterThan(20)
  })
})
