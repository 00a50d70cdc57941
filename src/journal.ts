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
  PayloadError,
  RecordTooLongError,
  StoreLockedError,
} from './durable/errors.js'
export { encodeFrame } from './durable/frame.js'
export { NodeDisk } from './durable/nodeDisk.js'
export { decodeTable } from './durable/payload.js'
export { SegmentWriter } from './durable/segmentWriter.js'
export { storeIdText } from './durable/storeId.js'
export { scanStore } from './durable/storeScan.js'
