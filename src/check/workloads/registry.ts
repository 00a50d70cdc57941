import type { Value } from '../../history/operation.js'
import { fifoQueue, growingSet, unorderedQueue } from '../linear/collections.js'
import { checkLinearizable } from '../linear/linearizable.js'
import { checkRegisters } from '../linear/registerChecks.js'
import { casRegister, mutex, type NullReads, register } from '../linear/registers.js'
import type { Checker, CheckOptions } from '../options.js'
import { type BankOptions, checkBank } from './bank.js'
import { checkCounter } from './counter.js'
import { checkLongFork } from './longFork.js'
import { checkSequential } from './sequential.js'
import { checkSet } from './set.js'
import { checkSetFull, type SetFullOptions } from './setFull.js'
import { checkWriteSkew } from './writeSkew.js'

/** The options of all workloads; each reads those it knows. */
export interface WorkloadOptions extends BankOptions, SetFullOptions, CheckOptions {
  /** What a register or counter holds at first. */
  readonly initial?: Value
  /** What it means when a register was read as null. */
  readonly nullReads?: NullReads
}

/** Checkers of histories by the name of their workload: all but those of transactions. */
export const workloadCheckers: Readonly<Record<string, Checker<WorkloadOptions>>> = {
  register: (history, options) => checkRegisters(history, register, options),
  'cas-register': (history, options) => checkRegisters(history, casRegister, options),
  mutex: (history, options) => checkLinearizable(history, { ...options, model: mutex() }),
  'linearizable-set': (history, options) => checkLinearizable(history, { ...options, model: growingSet() }),
  'fifo-queue': (history, options) => checkLinearizable(history, { ...options, model: fifoQueue() }),
  'unordered-queue': (history, options) =>
    checkLinearizable(history, { ...options, model: unorderedQueue() }),
  bank: checkBank,
  counter: (history, { initial, ...options }) =>
    checkCounter(history, typeof initial === 'number' ? { ...options, initial } : options),
  'long-fork': checkLongFork,
  sequential: checkSequential,
  set: checkSet,
  'set-full': checkSetFull,
  'write-skew': checkWriteSkew,
}
