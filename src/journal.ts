export { CheckpointWriter } from './durable/checkpointFile.js'
export { DirectoryLock } from './durable/directoryLock.js'
export type { Disk } from './durable/disk.js'
export {
  DurabilityTimeoutError,
  JournalBufferFullError,
  JournalClosedError,
  JournalDamagedError,
  JournalFailedError,
  JournalVersionError,
  type LockHolder,
  PayloadError,
  RecordTooLongError,
  SalvageError,
  StoreLockedError,
} from './durable/errors.js'
export type { CheckpointReport, Opening, SegmentReport, StoreReport } from './durable/inspect.js'
export { NodeDisk } from './durable/nodeDisk.js'
export { inspect, salvage } from './durable/offline.js'
export type { TableRecord } from './durable/payload.js'
export type { SalvageReport } from './durable/salvage.js'
export type { Cut } from './durable/segmentScan.js'
export { SegmentWriter } from './durable/segmentWriter.js'
export type { Gap } from './durable/soundFrames.js'
export { scanStore } from './durable/storeScan.js'
