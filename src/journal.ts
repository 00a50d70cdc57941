export { crc32c } from './durable/crc32c.js'
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
export { encodeFrame, isFrameSound } from './durable/frame.js'
export { decodeTable, encodeTable, PayloadReader, PayloadWriter } from './durable/payload.js'
