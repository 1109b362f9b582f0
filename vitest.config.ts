import { defineConfig } from 'vitest/config'

/** What `.ci/run` counts the results from. */
const REPORT = 'node_modules/.cache/test-report.json'

const FAST = ['unit', 'fsqueue', 'rules', 'protocol']

/** These wait most of their time, for seconds to pass: some need a third of a core, so that more of them fit. */
const WAITING = [
  'faults/{limits,processes,stubborn,sweep-errors}',
  'http/{hostile-wire,network}',
  'process/{adoption,alerts,dup,flow,flow-coalesce,flow-slots,hooks,intake,limits,pools,retention,retry}',
  'process/{schedule,schedule-clock,stopping,supervisor,supervisor-lock}',
].map((files) => `test/${files}.test.ts`)

const REAL = { testTimeout: 60_000, hookTimeout: 120_000 } as const

export default defineConfig({
  test: {
    // Daemons of tests serve no web unless a test is about it (test/helpers/web.ts).
    env: { RQD_HTTP: 'off' },
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
          exclude: [...FAST.map((folder) => `test/${folder}/**`), ...WAITING],
          maxWorkers: 3,
          ...REAL,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'waiting',
          include: WAITING,
          maxWorkers: 4,
          maxConcurrency: 3,
          ...REAL,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
