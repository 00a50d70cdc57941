// Begins and ends transactions, and computes safe stamps that it publishes; counts those it begins below a
// published one.
import { parentPort, workerData } from 'node:worker_threads'
import { Site } from '../../../dist/tid/site.js'
import { SiteTable } from '../../../dist/tid/siteTable.js'

const { buffer, flag, rounds, worker, workers } = workerData
const i32 = new Int32Array(buffer)
const u64 = new BigUint64Array(buffer)
const table = new SiteTable(i32, u64, 0)
const site = new Site(i32, u64, table, table.register(worker, 0))
const arrived = new Int32Array(flag, 0, 1)
const published = new BigUint64Array(flag, 8, 1)

Atomics.add(arrived, 0, 1)
while (Atomics.load(arrived, 0) < workers);

let violations = 0
const open = []
for (let i = 0; i < rounds; i++) {
  // Whatever was computed before a begin binds it.
  const bound = Atomics.load(published, 0)
  const stamp = site.begin()
  if (stamp < bound) violations++
  open.push(stamp)
  if (i % 3 !== 0) {
    const safe = site.safeStamp()
    if (safe > open[0]) violations++
    let found = Atomics.load(published, 0)
    while (found < safe) {
      const was = Atomics.compareExchange(published, 0, found, safe)
      if (was === found) break
      found = was
    }
  }
  if (open.length > i % 5) site.end(open.splice(i % open.length, 1)[0])
}
for (const stamp of open) site.end(stamp)
table.leave(site.id)
parentPort.postMessage({ begun: rounds, violations })
