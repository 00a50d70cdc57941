export {
  DurabilityTimeoutError,
  JournalBufferFullError,
  JournalClosedError,
  JournalDamagedError,
  JournalFailedError,
  JournalOptionError,
  JournalPositionError,
  JournalVersionError,
  type LockHolder,
  PayloadError,
  RecordTooLongError,
  SalvageError,
  StoreLockedError,
} from './durable/errors.js'
export { type JournalOptions, openJournal } from './durable/fileJournal.js'
export type { CheckpointReport, Opening, SegmentReport, StoreReport } from './durable/inspect.js'
export type { Journal, JournalEntry, JournalPosition, JournalStatus } from './durable/journal.js'
export { inspect, salvage } from './durable/offline.js'
export type { TableRecord } from './durable/payload.js'
export type { SalvageReport } from './durable/salvage.js'
export type { Cut } from './durable/segmentScan.js'
export type { Gap } from './durable/soundFrames.js'
