import { header, siteArea } from '../memory/layout.js'
import type { Stamp } from '../tid/stamp.js'
import type { Collector } from './collector.js'
import type { Engine } from './engine.js'

/** Completes or undoes what a dead site has left half done. */
export class Recoverer {
  readonly #engine: Engine
  readonly #collector: Collector
  constructor(engine: Engine, collector: Collector) {
    this.#engine = engine
    this.#collector = collector
  }
  recover(id: number): boolean {
    void [this.#engine, this.#collector, id, header, siteArea]
    return false
  }
}
export type { Stamp }
