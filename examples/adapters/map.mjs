// An adapter: how `tidemark record` uses a store that is not tidemark, here a plain Map with a mutex.
//
//     npx tidemark record --adapter examples/adapters/map.mjs --workload list-append --out map.edn
//
// It exports `open`, which gives a store with `transaction(body)`. The body is given `get` and `put`; both
// may answer promises, as those of a store on the network would. A module that also exports `attach(handle)`
// is used from worker threads; this one is not, so its clients take turns in one thread.

/** @returns {import('./types.js').AdapterStore} */
export function open() {
  /** @type {Map<string, unknown>} */
  const data = new Map()
  /** Resolves when the transaction before is over. */
  let turn = Promise.resolve()

  return {
    async transaction(body) {
      const before = turn
      let end = () => {}
      turn = new Promise((resolve) => {
        end = resolve
      })
      await before
      try {
        return await runIn(data, body)
      } finally {
        end()
      }
    },
  }
}

/**
 * Runs the body on what it has written so far and the data below; the data changes when the body has ended
 * well.
 *
 * @param {Map<string, unknown>} data
 * @param {(tx: import('./types.js').AdapterTransaction) => unknown} body
 */
async function runIn(data, body) {
  /** @type {Map<string, unknown>} */
  const written = new Map()
  const answer = await body({
    // Other clients get their turn here, as they would while a real store is waited for.
    get: async (key) => (written.has(key) ? written.get(key) : data.get(key)),
    put: (key, value) => void written.set(key, value),
  })
  for (const [key, value] of written) data.set(key, value)
  return answer
}
