import { defineConfig } from 'vitest/config';

// Two projects: what runs without servers (beside the code), and what starts real ones (test/).
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{proto,chain,workers,durable-objects,local-peer,local-relay,dev-chain,conformance,bench,scripts}/**/*.test.ts',
          ],
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          maxConcurrency: 2,
          // After the unit tests, not beside them: servers need the machine for themselves.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
