import { TidemarkError } from '../errors.js'
import { clockLimitNs, siteLimit } from './stamp.js'

/** Every site slot is taken: more threads want to attach to one store than it has sites. */
export class SiteLimitError extends TidemarkError {
  readonly limit: number = siteLimit
  constructor() {
    super(
      `the store already has ${siteLimit} attached threads, its limit: close the store in threads that no longer need it`,
      {
        code: 'TIDEMARK_SITE_LIMIT',
        retryable: true,
      },
    )
  }
}

/** The machine's monotonic clock is past what a tid can hold (9.1 years of uptime). */
export class ClockLimitError extends TidemarkError {
  constructor(nowNs: bigint) {
    super(
      `the monotonic clock reads ${nowNs} ns, past the ${clockLimitNs} ns that a tid can hold: restart the machine`,
      {
        code: 'TIDEMARK_CLOCK_LIMIT',
      },
    )
  }
}
