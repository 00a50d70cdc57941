import { describe, expect, test } from 'vitest'
import { phases, RunControl } from '../../bench/driver/control.js'
import { runPhases, type ThreadWork } from '../../bench/driver/loop.js'

/** Work that moves the run on by itself, so that the loop can be followed in one thread. */
function steppedWork(
  control: RunControl,
  steps: Readonly<Record<number, () => void>>,
  kinds = 1,
): ThreadWork & { runs: number } {
  const work = {
    runs: 0,
    transactionsPerSample: 8,
    checksum: () => 77,
    runTransaction: () => {
      work.runs += 1
      steps[work.runs]?.()
      return work.runs % kinds
    },
  }
  control.enter(phases.warmup)
  return work
}

describe('runPhases', () => {
  test('counts the transactions of the timed phase only, and times one in so many', () => {
    const control = RunControl.forThreads(1)
    const work = steppedWork(control, {
      20: () => control.enter(phases.timed),
      60: () => control.enter(phases.stop),
    })
    runPhases(control, control.report(0), work)
    const report = control.report(0)
    // The batch of 8 in which the phase changes is finished first: 24 of warm-up, then 40 until 64.
    expect(work.runs).toBe(64)
    expect(report.committedTotal).toBe(40)
    expect(report.latency[0]!.total).toBe(5)
    expect(report.checksum).toBe(77)
    expect(report.seconds).toBeGreaterThan(0)
  })

  test('a run stopped during its warm-up has counted nothing', () => {
    const control = RunControl.forThreads(1)
    const work = steppedWork(control, { 3: () => control.enter(phases.stop) })
    runPhases(control, control.report(0), work)
    expect(control.report(0).committedTotal).toBe(0)
    expect(control.report(0).latency[0]!.total).toBe(0)
  })

  test('counts and times each kind of transaction apart', () => {
    const control = RunControl.forThreads(1, 3)
    const steps = { 8: () => control.enter(phases.timed), 32: () => control.enter(phases.stop) }
    runPhases(control, control.report(0), { ...steppedWork(control, steps, 3), transactionsPerSample: 1 })
    const { committed, latency } = control.report(0)
    expect([...committed]).toEqual([8, 8, 8])
    expect(latency.map(({ total }) => total)).toEqual([8, 8, 8])
  })
})

test('the reports of threads and their kinds do not overlap', () => {
  const control = RunControl.forThreads(3, 2)
  for (const thread of [0, 1, 2]) {
    const report = control.report(thread)
    report.committed.set([thread + 1, thread + 10])
    report.seconds = 10 * thread
    report.checksum = 100 * thread
    for (let sample = 0; sample <= thread; sample += 1) report.latency[1]!.record(0)
    for (const latency of report.latency) latency.record(1e20)
  }
  for (const thread of [0, 1, 2]) {
    const report = new RunControl(control.buffer).report(thread)
    expect([...report.committed, report.seconds, report.checksum]).toEqual([
      thread + 1,
      thread + 10,
      10 * thread,
      100 * thread,
    ])
    expect(report.latency.map(({ total }) => total)).toEqual([1, thread + 2])
  }
  expect(control.phase).toBe(phases.ready)
})
