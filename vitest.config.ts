import { defineConfig } from 'vitest/config'

/** What `.ci/run` counts the results from. */
const REPORT = 'node_modules/.cache/test-report.json'

const FAST = ['unit', 'fsqueue', 'rules', 'protocol']

export default defineConfig({
  test: {
    reporters: ['default', ['json', { outputFile: REPORT }]],
    projects: [
      {
        test: {
          name: 'fast',
          include: FAST.map((folder) => `test/${folder}/**/*.test.ts`),
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          // Real daemons and real signals: after the fast ones, so that nothing competes for the cores.
          name: 'slow',
          include: ['test/**/*.test.ts'],
          exclude: FAST.map((folder) => `test/${folder}/**`),
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
