export {
  DurabilityTimeoutError,
  JournalBufferFullError,
  JournalClosedError,
  JournalDamagedError,
  JournalFailedError,
  JournalVersionError,
  RecordTooLongError,
  StoreLockedError,
} from './durable/errors.js'
export { RingCapacityError } from './durable/ring.js'
export { TidemarkError } from './errors.js'
export { MemoryFullError, MemoryLayoutError, MemoryLimitError, StuckError } from './memory/errors.js'
export { type AbortReason, abortReasons, ConflictError } from './mvcc/abort.js'
export { TableLimitError } from './mvcc/catalog.js'
export type { Mode } from './mvcc/transaction.js'
export type { BackupOptions } from './store/checkpoints.js'
export type { BackupProgress } from './store/checkpointWorker.js'
export type { UntypedCodec, ValueCodec } from './store/codec.js'
export { bytes } from './store/codecs/bytes.js'
export { json } from './store/codecs/json.js'
export { msgpack } from './store/codecs/msgpack.js'
export {
  type ArrayField,
  arrayOf,
  type FieldType,
  type FieldTypes,
  type FieldValue,
  type OptionalField,
  optional,
  type RecordCodec,
  type RecordFields,
  type RecordValue,
  record,
} from './store/codecs/record.js'
export { string } from './store/codecs/string.js'
export {
  AbortedError,
  AsyncBodyError,
  CancelledError,
  DuplicateKeyError,
  NestedTransactionError,
  OptionError,
  ReadOnlyError,
  RetryLimitError,
  StoreClosedError,
  StoreNotFoundError,
  TableError,
  TimeoutError,
  TransactionClosedError,
} from './store/errors.js'
export type { StoreHandle } from './store/handle.js'
export type { HeldSnapshot } from './store/heldSnapshot.js'
export { KeyCorruptError, KeyTooLongError, KeyTypeError } from './store/keyErrors.js'
export { type Key, maxKeyBytes } from './store/keys.js'
export { attach, open } from './store/open.js'
export type {
  Bound,
  DurabilityMode,
  OpenOptions,
  Range,
  RecoveryProgress,
  SnapshotOptions,
  TableOptions,
  TransactionOptions,
} from './store/options.js'
export type { RangeIterable } from './store/range.js'
export type { RecoverySummary } from './store/recovery.js'
export type { StoreStats } from './store/stats.js'
export type { Store } from './store/store.js'
export type { Fields, Source, Table } from './store/table.js'
export { ValueCorruptError, ValueTooLongError, ValueTypeError } from './store/valueErrors.js'
export type { Reader, Snapshot, Transaction } from './store/view.js'
export { ClockLimitError, SiteLimitError } from './tid/errors.js'
