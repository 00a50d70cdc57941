import type { Inference } from './check.js'
import { Externals } from './externals.js'
import { findLostUpdates } from './lostUpdates.js'
import { findBadVersions, findInternalRegisters, findVersionCycles } from './registerAnomalies.js'
import { addRegisterEdges, ExternalWriters } from './registerGraph.js'
import { explainRegisters } from './registerStory.js'
import { type RegisterAssumptions, Versions } from './versions.js'
import { Writers } from './writers.js'

/** Transactions that write and read registers: who wrote what was read, and what order the options allow. */
export function inferRegisters(assumptions: RegisterAssumptions): Inference {
  return {
    infer(calls, evidence, graph) {
      const externals = new Externals(calls)
      const writers = new Writers(calls, false)
      findBadVersions(externals, writers, evidence)
      findInternalRegisters(externals, evidence)
      findLostUpdates(calls, evidence)
      const versions = new Versions(externals, assumptions)
      const history = { calls, externals, versions, writers: new ExternalWriters(externals, writers) }
      findVersionCycles(history, evidence)
      addRegisterEdges(history, graph)
      return explainRegisters(history)
    },
  }
}
