import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os'
import { styled } from './terminal.js'

/** The facts that numbers are worthless without. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly node: string
  readonly platform: string
}

export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.version,
    platform: `${platform()}-${arch()}`,
  }
}

export function machineLine({ cores, cpu, node }: Machine): string {
  return styled('dim', `${cores} x ${cpu}, Node ${node}`, process.stdout)
}
