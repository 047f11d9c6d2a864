import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tools/checks/longest-first.ts';

// Time limits only end a test that hangs: they are many times what a test takes, so that a busy machine reaches none.
const HANGS_MS = 400_000;
const poll = { timeout: 120_000 };

// Tests start hundreds of programs, and compilation is half of the time of a short one. `npm ci` empties this cache.
const NODE_COMPILE_CACHE = fileURLToPath(new URL('node_modules/.cache/node-compile', import.meta.url));

// Test files share their modules with others of the same process: half of the time went into loading them again.
const isolate = false;
const setupFiles = ['test/rig/property-sizes.ts'];

// Two projects: what runs without servers (beside the code), and what starts real ones (test/).
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          isolate,
          setupFiles,
          // By default one core stays idle.
          maxWorkers: '100%',
          testTimeout: HANGS_MS,
          hookTimeout: HANGS_MS,
          expect: { poll },
          include: ['{proto,client,workers,durable-objects,local-peer,tools}/**/*.test.ts'],
        },
      },
      {
        test: {
          name: 'system',
          isolate,
          setupFiles,
          include: ['test/**/*.test.ts'],
          env: { NODE_COMPILE_CACHE },
          testTimeout: HANGS_MS,
          hookTimeout: HANGS_MS,
          expect: { poll },
          // They wait more than they compute: with two workers half of the machine was idle.
          maxWorkers: 3,
          maxConcurrency: 4,
          // After the unit tests, not beside them: servers need the machine for themselves.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
