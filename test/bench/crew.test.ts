import { describe, expect, test } from 'vitest'
import { phases, RunControl } from '../../bench/driver/control.js'
import { Crew } from '../../bench/driver/crew.js'

/** A thread that says it is ready, then does what it is told once the run has left its first phase. */
function script(afterStart: string): URL {
  const code = `
    import { parentPort, workerData } from 'node:worker_threads'
    const phase = new Int32Array(workerData.buffer, 0, 1)
    parentPort.postMessage('ready')
    Atomics.wait(phase, 0, ${phases.ready})
    ${afterStart}
  `
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`)
}

const untilStop = `while (Atomics.load(phase, 0) !== ${phases.stop}) Atomics.wait(phase, 0, ${phases.timed}, 10)`

async function crewOf(threads: number, afterStart: string): Promise<Crew> {
  const control = RunControl.forThreads(threads)
  const tasks = Array.from({ length: threads }, (_, thread) => ({ buffer: control.buffer, thread }))
  const crew = new Crew(control, script(afterStart), tasks)
  await crew.ready()
  return crew
}

describe('Crew', () => {
  test('threads start together and end when stopped', async () => {
    const crew = await crewOf(3, untilStop)
    crew.enter(phases.timed)
    await crew.stop()
    expect(crew.failed.aborted).toBe(false)
  })

  test('the failure of one thread is told at once, and thrown at the stop', async () => {
    const crew = await crewOf(2, `if (workerData.thread === 1) throw new RangeError('lost'); ${untilStop}`)
    const told = new Promise((resolve) => crew.failed.addEventListener('abort', resolve))
    crew.enter(phases.timed)
    await told
    await expect(crew.stop()).rejects.toThrow('lost')
  })

  test('a thread that ends with an exit code has failed', async () => {
    const crew = await crewOf(1, 'process.exit(5)')
    crew.enter(phases.timed)
    await expect(crew.stop()).rejects.toThrow('exit code 5')
  })

  test('a thread that fails before it is ready does not hold up the others', async () => {
    const control = RunControl.forThreads(1)
    const crew = new Crew(control, new URL('data:text/javascript,throw new Error("no store")'), [{}])
    await crew.ready()
    await expect(crew.stop()).rejects.toThrow('no store')
  })
})
