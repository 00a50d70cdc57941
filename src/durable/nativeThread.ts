import { existsSync, readlinkSync } from 'node:fs'

/** The operating system's number of this thread, or 0 where it does not tell. */
export function nativeThread(): number {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1))
  } catch {
    return 0
  }
}

/** Whether a thread of this process that had the number is gone. */
export function isThreadDead(native: number): boolean {
  return !existsSync(`/proc/self/task/${native}`)
}
