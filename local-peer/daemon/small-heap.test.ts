import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** Says, in JSON, what the process that `startWithSmallHeap` leaves running is like. */
const PROGRAM = `
import { text } from 'node:stream/consumers';
import { startWithSmallHeap } from '${new URL('small-heap.ts', import.meta.url)}';
startWithSmallHeap(process);
const { pid, execArgv, argv } = process;
console.log(JSON.stringify({ pid, execArgv, arguments: argv.slice(2), stdin: await text(process.stdin) }));
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rmb-heap-'));
  await writeFile(join(folder, 'program.mjs'), PROGRAM);
});
afterAll(() => rm(folder, { recursive: true }));

async function run(env: Record<string, string>, ...flags: string[]) {
  const child = spawn(process.execPath, [...flags, join(folder, 'program.mjs'), 'one', '--two=a b'], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end('secret');
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  expect(err).toBe('');
  return { pid: child.pid, said: JSON.parse(out) };
}

test('restarts as the same process, with the same arguments and stdin', async () => {
  const { pid, said } = await run({}, '--no-deprecation');
  expect(said).toMatchObject({ pid, arguments: ['one', '--two=a b'], stdin: 'secret' });
  expect(said.execArgv).toEqual(expect.arrayContaining(['--max-semi-space-size=4', '--no-deprecation']));
});

test.each([
  ['on the command line', {}, ['--max-semi-space-size=16']],
  ['by NODE_OPTIONS', { NODE_OPTIONS: '--max-semi-space-size=16' }, []],
])('keeps a heap that the user sets, %s', async (_, env, flags) => {
  const { said } = await run(env, ...flags);
  expect(said.execArgv).toEqual(flags);
  expect(said.stdin).toBe('secret');
});
