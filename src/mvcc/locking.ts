import { Wait } from '../memory/latch.js'
import { siteOf } from '../tid/stamp.js'
import { ConflictError } from './abort.js'
import type { Engine } from './engine.js'
import { nodeLatch } from './index/node.js'
import { ageOfLocker, holdByLocker, lockedWord, lockerOf, raiseFloor, siteOfLocker } from './locker.js'
import type { MvccTransaction } from './transaction.js'
import { tupleLeaf, wordState } from './tuple.js'

/** A wait for a transaction in locking mode ends after this time; the waiter is undone and run again. */
export const lockWaitMs = 50

/**
 * Taking locks for transactions in locking mode.
 *
 * Deadlock: a transaction waits for a younger one only (wait-die; Rosenkrantz, Stearns and Lewis, 1978), and
 * keeps its age when it is run again, so the oldest always gets through. A holder may have to wait for its
 * thread's event loop, though, which a waiter there would block: so no one waits for a holder of its own
 * thread, and no wait is longer than `lockWaitMs`.
 */
export function lockTuple(engine: Engine, tx: MvccTransaction, tuple: number): boolean {
  if (!lockWord(engine, tx, tuple, false)) return false
  // The leaf is looked at after the tuple is held: a locker of the leaf reads tuples after it holds the leaf.
  const { i32, u64 } = engine.memory
  const wait = new Wait(i32, engine.context.liveness)
  for (;;) {
    const leaf = Atomics.load(i32, (tuple << 1) + tupleLeaf)
    const word = Atomics.load(u64, leaf)
    if (Number(word & 3n) !== wordState.locked || tx.holds(word)) return true
    waitForLocker(engine, tx, lockerOf(word), wait)
  }
}

/** Holds a leaf: nobody else writes into it until this transaction is over. */
export function lockLeaf(engine: Engine, tx: MvccTransaction, leaf: number): void {
  lockWord(engine, tx, leaf, true)
}

/**
 * Before reading a tuple of a held leaf: waits for another who holds the tuple itself. False if the tuple is
 * dead.
 */
export function awaitTuple(engine: Engine, tx: MvccTransaction, tuple: number): boolean {
  const { i32, u64 } = engine.memory
  const wait = new Wait(i32, engine.context.liveness)
  for (;;) {
    const word = Atomics.load(u64, tuple)
    const state = Number(word & 3n)
    if (state === wordState.dead) return false
    if (state === wordState.free || tx.holds(word)) return true
    if (state === wordState.owned) wait.step(siteOf(word), 'a tuple')
    else waitForLocker(engine, tx, lockerOf(word), wait)
  }
}

function lockWord(engine: Engine, tx: MvccTransaction, address: number, isLeaf: boolean): boolean {
  const { i32, u64 } = engine.memory
  const mine = lockedWord(tx.locker)
  if (Atomics.load(u64, address) === mine) return true
  const wait = new Wait(i32, engine.context.liveness)
  holdByLocker(engine.context, tx.locker, address)
  for (;;) {
    const word = Atomics.load(u64, address)
    const state = Number(word & 3n)
    if (state === wordState.dead) return false
    if (state === wordState.free) {
      raiseFloor(u64, tx.locker, word)
      if (Atomics.compareExchange(u64, address, word, mine) === word) return true
    } else if (state === wordState.owned) {
      wait.step(isLeaf ? i32[(address << 1) + nodeLatch]! : siteOf(word), isLeaf ? 'a range' : 'a tuple')
    } else {
      waitForLocker(engine, tx, lockerOf(word), wait)
    }
  }
}

function waitForLocker(engine: Engine, tx: MvccTransaction, holder: number, wait: Wait): void {
  const { i32, u64 } = engine.memory
  const site = siteOfLocker(i32, holder)
  const mayWait = site !== engine.context.site.id && ageOfLocker(u64, tx.locker) < ageOfLocker(u64, holder)
  if (mayWait && wait.tryStep(site, lockWaitMs)) return
  // Who does not wait does not learn either that the holder is dead, unless it asks.
  if (!engine.context.liveness.recoverIfDead(site)) throw new ConflictError('locked')
}
