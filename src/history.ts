/** The door `tidemark/history`: recorded histories, to read, write and make. */
export { HistoryBuilder, historyOf } from './history/builder.js'
export { HistoryFormatError } from './history/errors.js'
export type { History } from './history/history.js'
export {
  type Call,
  type MicroOperation,
  type NewOperation,
  type Operation,
  type OperationType,
  operationTypes,
  type Value,
} from './history/operation.js'
export { RecordingError, RecordingFileError, UnrecordableError } from './history/recording/errors.js'
export { errorText, outcomeOf } from './history/recording/outcome.js'
export type { NamedTable, RecordableTransaction } from './history/recording/recordedView.js'
export {
  joinRecording,
  type RecordedCall,
  type Recorder,
  type RecordingHandle,
} from './history/recording/recorder.js'
export {
  checkHistoryPath,
  type Recording,
  type RecordingOptions,
  startRecording,
  type WrittenHistory,
} from './history/recording/recording.js'
export {
  type RecordableStore,
  type RecordedStore,
  type RecordOptions,
  recordStore,
} from './history/recording/recordStore.js'
export { operationToEdn, operationToJson } from './history/write.js'
export {
  type HistoryFormat,
  historyFormats,
  parseHistory,
  readHistory,
  type ReadOptions,
} from './history/read.js'
