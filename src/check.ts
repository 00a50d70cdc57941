/** The door `tidemark/check`: judges recorded histories of any database. */
export { fifoQueue, growingSet, unorderedQueue } from './check/linear/collections.js'
export {
  checkHistory,
  type CheckHistoryOptions,
  UnknownWorkloadError,
  workloadNames,
} from './check/checkHistory.js'
export { ModelError } from './check/linear/errors.js'
export { checkLinearizable, type LinearOptions } from './check/linear/linearizable.js'
export type { Model, ModelCall, TimedCall } from './check/linear/model.js'
export {
  casRegister,
  mutex,
  type NullReads,
  nullReads,
  register,
  type RegisterOptions,
} from './check/linear/registers.js'
export { modelNames, UnknownModelError } from './check/models.js'
export { type BankOptions, checkBank } from './check/workloads/bank.js'
export { checkCounter, type CounterOptions } from './check/workloads/counter.js'
export { checkLongFork } from './check/workloads/longFork.js'
export { workloadCheckers, type WorkloadOptions } from './check/workloads/registry.js'
export { checkSequential } from './check/workloads/sequential.js'
export { checkSet, type SetOptions } from './check/workloads/set.js'
export { checkSetFull, type SetFullOptions } from './check/workloads/setFull.js'
export { checkWriteSkew } from './check/workloads/writeSkew.js'
export type { Checker, CheckOptions } from './check/options.js'
export {
  type Anomaly,
  anomalyTypes,
  type CheckProgress,
  type Counts,
  type CycleAnomaly,
  type CycleStep,
  type Edge,
  type EdgeKind,
  edgeKinds,
  type EvidenceAnomaly,
  type Occurrence,
  type SeenCall,
  type SeenOperation,
  type StuckAnomaly,
  type Validity,
  type Verdict,
} from './check/verdict.js'
export { checkTids } from './check/tids.js'
export {
  checkTransactions,
  type TransactionOptions,
  type TransactionWorkload,
  transactionWorkloads,
} from './check/transactions/check.js'
export { WorkloadError } from './check/transactions/errors.js'
