export { crc32c } from './durable/crc32c.js'
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
export { checkpointsIn, segmentsIn, temporaryIn } from './durable/fileNames.js'
export { encodeFrame, isFrameSound } from './durable/frame.js'
export { NodeDisk } from './durable/nodeDisk.js'
export { decodeTable, encodeTable, PayloadReader, PayloadWriter } from './durable/payload.js'
export { SegmentWriter } from './durable/segmentWriter.js'
