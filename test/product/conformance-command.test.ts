import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DevChain, startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { freePort } from '../../tools/local-relay/port.ts';

/** `npm run conformance` as a program, against what is no relay at all. */

let chain: DevChain;
beforeAll(async () => {
  chain = await startDevChain({ blockTimeMs: 300 });
});
afterAll(() => chain.close());

async function conformance(...args: string[]): Promise<{ code: unknown; out: string; err: string }> {
  const child = spawn(process.execPath, ['tools/conformance/main.ts', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const [code] = await once(child, 'close');
  return { code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() };
}

describe.concurrent('npm run conformance', () => {
  it('prints a line for each case, and exits with 1 when one fails', async () => {
    const port = await freePort();
    const noRelay = createServer((_, response) => response.writeHead(404).end('page not found'));
    noRelay.listen(port, '127.0.0.1');
    await once(noRelay, 'listening');
    const where = ['--relay', `ws://127.0.0.1:${port}`, '--chain', chain.wsUrl, '--patience', '60'];
    const plain = await conformance(...where, '--only', 'metrics', '--only', 'http', '--only', 'tags');
    expect(plain.code).toBe(1);
    expect(plain.out).toContain('pass     §5.6   http: GET / without an upgrade\n');
    expect(plain.out).toContain('fail     §5.5   metrics: the metrics of the relay, by name and type\n');
    expect(plain.out).toMatch(/\n1\d passed, 1\d failed \(/);
    const good = await conformance(...where, '--only', 'metrics', '--json');
    expect(JSON.parse(good.out)).toMatchObject({ passed: 0, failed: 2, cases: [{ theme: 'metrics' }, {}] });
    noRelay.close();
  });

  it.each([
    [[], '--relay: is needed'],
    [['--relay', 'localhost:1', '--chain', 'ws://x'], '--relay: must be ws://HOST:PORT or wss://HOST'],
    [['--relay', 'ws://x', '--chain', 'ws://x', '--only', 'nothing'], '--only: must be one of: connect, '],
    [['--relay', 'ws://x', '--chain', 'ws://x', '--only', 'limits'], '--only limits needs --limits'],
    [['--relay', 'ws://x', '--chain', 'ws://x', '--limits', 'some'], '--limits: must be COUNT,BYTES, as 5,2000'],
    [['--wrong'], "Unknown option '--wrong'"],
  ])('shows the right form for %j and exits with 2', async (args, message) => {
    const { code, out, err } = await conformance(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(err).toContain('npm run conformance -- --relay ws://HOST:PORT --chain ws://HOST:PORT');
  });

  it('names an invalid file of twins', async () => {
    const { code, err } = await conformance('--relay', 'ws://x', '--chain', 'ws://x', '--twins', 'README.md');
    expect([code, err]).toEqual([1, 'conformance: README.md: no JSON\n']);
  });
});
