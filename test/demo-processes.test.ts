import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { start } from '../demo/processes.ts';

/** Longer than a program's start on a busy machine. */
const START_MS = 3_000;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rmb-demo-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function program(text: string): Promise<string> {
  const file = join(directory, `${text.length}.mjs`);
  await writeFile(file, text);
  return file;
}

it('a program of the demo that is ready is left alone, however long it runs', async () => {
  // It outlives the time it had to start, and ends by itself.
  const file = await program(`console.log('ready'); setTimeout(() => process.exit(7), ${START_MS + 500});`);
  await using running = await start('a program', file, [], START_MS);
  expect(running.ready).toBe('ready');
  expect(await running.died).toMatch(/^a program ended \(code 7\)/);
});

it('one that never becomes ready is ended', async () => {
  const file = await program('setInterval(() => {}, 1000);');
  await expect(start('a program', file, [], 200)).rejects.toThrow('a program ended (SIGKILL)');
});
