// An adapter of a store that is wrong on purpose: transactions do not wait for each other, so two that read
// the same value both write what follows from it, and one of the writes is lost.
//
//     npx tidemark record --adapter examples/adapters/broken.mjs --workload list-append --out broken.edn
//     npx tidemark check broken.edn --workload list-append

/** @returns {import('./types.js').AdapterStore} */
export function open() {
  /** @type {Map<string, unknown>} */
  const data = new Map()
  return {
    async transaction(body) {
      /** @type {Map<string, unknown>} */
      const written = new Map()
      await body({
        get: async (key) => (written.has(key) ? written.get(key) : data.get(key)),
        put: (key, value) => void written.set(key, value),
      })
      for (const [key, value] of written) data.set(key, value)
    },
  }
}
