import { defineConfig } from 'vitest/config';

// Time limits only end a test that hangs: they are many times what a test takes, so that a busy machine reaches none.
const HANGS_MS = 400_000;
const poll = { timeout: 120_000 };

// Test files share their modules with others of the same process: half of the time went into loading them again.
const isolate = false;

// Two projects: what runs without servers (beside the code), and what starts real ones (test/).
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          isolate,
          testTimeout: HANGS_MS,
          hookTimeout: HANGS_MS,
          expect: { poll },
          include: [
            '{proto,chain,workers,durable-objects,local-peer,local-relay,dev-chain,conformance,bench,scripts,fuzz}/**/*.test.ts',
          ],
        },
      },
      {
        test: {
          name: 'system',
          isolate,
          include: ['test/**/*.test.ts'],
          testTimeout: HANGS_MS,
          hookTimeout: HANGS_MS,
          expect: { poll },
          // They wait more than they compute: with two workers half of the machine was idle.
          maxWorkers: 4,
          maxConcurrency: 2,
          // After the unit tests, not beside them: servers need the machine for themselves.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
