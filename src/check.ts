/** The door `tidemark/check`: judges recorded histories of any database. */
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
