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
export { operationToEdn, operationToJson } from './history/write.js'
