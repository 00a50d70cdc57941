// Counts under a latch, in steps that another thread's steps would spoil.
import { parentPort, workerData } from 'node:worker_threads'
import { Latches } from '../../../dist/memory/latch.js'
import { header } from '../../../dist/memory/layout.js'
import { SharedMemory } from '../../../dist/memory/sharedMemory.js'

const { buffer, rounds, worker } = workerData
const memory = SharedMemory.from(buffer)
const { i32 } = memory
const latches = new Latches(i32, worker + 1, { recoverIfDead: () => false })
const counter = memory.siteAreaOf(1) + 1

for (let i = 0; i < rounds; i++) {
  latches.acquire(header.poolLatch)
  const count = i32[counter]
  for (let spin = 0; spin < i % 8; spin++) i32[counter] = -1
  i32[counter] = count + 1
  latches.release(header.poolLatch)
}
parentPort.postMessage('done')
