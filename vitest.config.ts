import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Node loads the built package itself, so that a test and the worker threads it starts see the same modules.
    server: { deps: { external: [/\/dist\//] } },
  },
})
