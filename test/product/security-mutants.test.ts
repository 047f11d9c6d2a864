import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../tools/checks/security/main.ts', import.meta.url));

it('each unit test that docs/security.md cites fails without its protection', async () => {
  const child = spawn(process.execPath, [MAIN, '--unit'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk));
  const [code] = await once(child, 'close');
  expect(code, Buffer.concat(output).toString()).toBe(0);
});
