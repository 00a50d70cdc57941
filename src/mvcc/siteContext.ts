import { Arena } from '../memory/arena.js'
import { Latches, type Liveness } from '../memory/latch.js'
import type { SharedMemory } from '../memory/sharedMemory.js'
import { type Clock, Site } from '../tid/site.js'
import type { SiteTable } from '../tid/siteTable.js'
import { RetiredQueue } from './retired.js'

/** What one attached thread needs to work on the shared memory. */
export class SiteContext {
  readonly memory: SharedMemory
  readonly site: Site
  readonly sites: SiteTable
  /** First word of the site's own area. */
  readonly area: number
  readonly liveness: Liveness
  readonly latches: Latches
  readonly arena: Arena
  readonly retired: RetiredQueue
  /** Of what it has retired, what held snapshots keep for now. */
  readonly kept: RetiredQueue

  /** `poolLiveness` serves waits for the allocator's latches, which happen with other latches held. */
  constructor(
    memory: SharedMemory,
    sites: SiteTable,
    siteId: number,
    liveness: Liveness,
    poolLiveness: Liveness,
    clock?: Clock,
  ) {
    this.memory = memory
    this.sites = sites
    this.site = new Site(memory.i32, memory.u64, sites, siteId, clock)
    this.area = memory.siteAreaOf(siteId)
    this.liveness = liveness
    this.latches = new Latches(memory.i32, siteId, liveness)
    this.arena = new Arena(memory, siteId, new Latches(memory.i32, siteId, poolLiveness))
    this.retired = RetiredQueue.of(memory, this.arena, this.area)
    this.kept = RetiredQueue.keptOf(memory, this.arena, this.area)
  }
}
