import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { start } from '../../tools/demo/processes.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rmb-demo-'));
});
afterAll(() => rm(directory, { recursive: true }));
afterEach(() => void vi.useRealTimers());

async function program(text: string): Promise<string> {
  const file = join(directory, `${text.length}.mjs`);
  await writeFile(file, text);
  return file;
}

it('a program of the demo that is ready may run for an hour', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const file = await program(
    `setInterval(() => {}, 1000); process.on('SIGUSR2', () => process.exit(7)); console.log('ready');`,
  );
  await using running = await start('a program', file, []);
  expect(running.ready).toBe('ready');
  // An hour later it still hears signals.
  vi.advanceTimersByTime(3_600_000);
  process.kill(running.pid, 'SIGUSR2');
  expect(await running.died).toMatch(/^a program ended \(code 7\)/);
});

it('a program of the demo that never becomes ready is killed', async () => {
  const file = await program('setInterval(() => {}, 1000);');
  await expect(start('a program', file, [], 200)).rejects.toThrow('a program ended (SIGKILL)');
});
