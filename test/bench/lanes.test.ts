import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { phases, RunControl } from '../../bench/driver/control.js'
import { runLanes } from '../../bench/driver/lanes.js'

test('lanes have transactions in flight together, and those of the timed phase count', async () => {
  const control = RunControl.forThreads(1)
  let inFlight = 0
  let most = 0
  let runs = 0
  let counted = 0
  const lane = {
    checksum: () => 3,
    runTransaction: async () => {
      if (control.phase === phases.timed) counted += 1
      runs += 1
      inFlight += 1
      most = Math.max(most, inFlight)
      await setImmediate()
      inFlight -= 1
      if (runs >= 40) control.enter(phases.stop)
      else if (runs >= 20) control.enter(phases.timed)
    },
  }
  control.enter(phases.warmup)
  await runLanes(control, control.report(0), [lane, lane, lane, lane])
  const report = control.report(0)
  expect(most).toBe(4)
  expect(inFlight).toBe(0)
  expect([report.committedTotal, report.latency[0]!.total]).toEqual([counted, counted])
  expect(counted).toBeGreaterThan(10)
  expect(report.seconds).toBeGreaterThan(0)
  expect(report.checksum).toBe(((3 * 31 + 3) * 31 + 3) * 31 + 3)
})

test('a lane that has committed at once does not wait, and one that fails ends the run', async () => {
  const control = RunControl.forThreads(1)
  let runs = 0
  const lane = {
    checksum: () => 0,
    runTransaction: () => {
      runs += 1
      if (runs === 5) throw new RangeError('lost')
    },
  }
  control.enter(phases.timed)
  await expect(runLanes(control, control.report(0), [lane])).rejects.toThrow('lost')
  expect(control.report(0).committedTotal).toBe(4)
})
