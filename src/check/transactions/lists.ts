import type { Inference } from './check.js'
import { findBadElements, findDirtyUpdates, findIncompatibleOrders, requireLists } from './listAnomalies.js'
import { addListEdges } from './listGraph.js'
import { findInternal } from './listInternal.js'
import { ListOrders } from './listOrders.js'
import { explainLists } from './listStory.js'
import { findLostUpdates } from './lostUpdates.js'
import { Writers } from './writers.js'

/** Transactions that append to lists and read them: each read shows the order of what came before it. */
export const inferLists: Inference = {
  infer(calls, evidence, graph) {
    requireLists(calls)
    const history = { calls, writers: new Writers(calls, true), orders: new ListOrders(calls) }
    findBadElements(history, evidence)
    findIncompatibleOrders(history, evidence)
    findDirtyUpdates(history, evidence)
    findInternal(calls, evidence)
    findLostUpdates(calls, evidence)
    addListEdges(history, graph)
    return explainLists(history)
  },
}
