import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { ensurePython, findGo } from '../rig/clients/languages.ts';
import { type PeerRig, startPeerRig } from '../rig/peer/peer.ts';
import { launchProgram } from '../rig/process.ts';

/** Programs of other languages, written for rmb-peer's Redis, with nothing but a Redis client. */
const run = promisify(execFile);
const python = ensurePython();
const go = findGo();
const program = fileURLToPath(new URL('../clients/program.py', import.meta.url));
const goDirectory = fileURLToPath(new URL('../clients/go', import.meta.url));

let network: Network;
let caller: PeerRig;
let callee: PeerRig;
let service: { stop(signal: 'SIGKILL'): Promise<unknown> };
beforeAll(async () => {
  network = await startNetwork();
  [caller, callee] = await Promise.all([startPeerRig(network, 1), startPeerRig(network, 2)]);
  service = await launchProgram(python, [program, 'serve', callee.redisUrl, 'test.upper']);
});
afterAll(async () => {
  await service.stop('SIGKILL');
  for (const each of [caller, callee, network]) await each[Symbol.asyncDispose]();
});

describe('Python', () => {
  it('calls a service in Python', async () => {
    const { stdout } = await run(python, [program, 'call', caller.redisUrl, '2', 'test.upper', 'grüß dich']);
    expect(stdout).toBe('python-ref from 2: GRÜSS DICH\n');
  });

  it('reads errors of a service and of the peer by their codes', async () => {
    const call = (twin: string, payload: string) =>
      run(python, [program, 'call', caller.redisUrl, twin, 'test.upper', payload]);
    await expect(call('2', 'fail')).rejects.toMatchObject({ stderr: 'error: 7 told to fail\n' });
    await expect(call('999999', 'x')).rejects.toMatchObject({ stderr: "error: 103 unknown twin id '999999'\n" });
  });
});

if (go === undefined) console.log('Go: 1 test not run, no Go is installed here');
else {
  describe('Go', () => {
    it('calls a service in Python', async () => {
      const options = { cwd: goDirectory };
      const { stdout } = await run(go, ['run', '.', caller.redisUrl, '2', 'test.upper', '"hello"'], options);
      expect(stdout).toBe('go-ref from 2: "HELLO"\n');
      await expect(run(go, ['run', '.', caller.redisUrl, '0', 'x', ''], options)).rejects.toMatchObject({
        stdout: "error: 103 unknown twin id '0'\n",
      });
    });
  });
}
