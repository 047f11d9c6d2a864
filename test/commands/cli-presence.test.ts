import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { asTwin, runCommand } from '../rig/peer/command.ts';
import { until } from '../rig/until.ts';

/** `rmb-peer presence`, against the relay. */

let network: Network;
beforeAll(async () => {
  network = await startNetwork();
});
afterAll(() => network[Symbol.asyncDispose]());

const line = z.object({
  twin: z.number(),
  state: z.string(),
  relay: z.string(),
  waiting: z.number(),
  seenAt: z.string().optional(),
});

/** Asks as twin 6. */
async function asked(...args: string[]): Promise<z.infer<typeof line>[]> {
  const { code, stdout, stderr } = await runCommand(['presence', ...args, '--json'], asTwin(network, 6));
  expect([code, stderr]).toEqual([0, '']);
  return stdout
    .trim()
    .split('\n')
    .map((each) => line.parse(JSON.parse(each)));
}

describe('presence', () => {
  it('tells who is connected, for whom messages wait, and which twin does not exist', async () => {
    await using two = await network.join(2);
    for (let n = 0; n < 2; n += 1) two.send(request({ twin: 2 }, { twin: 3 }));
    await until('the mail of twin 3', async () => (await asked('3')).at(0)?.waiting === 2);
    const relay = new URL(network.relay.wsUrl).host;
    expect(await asked('2', '3', '999999')).toMatchObject([
      { twin: 2, state: 'connected', relay, waiting: 0 },
      { twin: 3, state: 'away', relay, waiting: 2 },
      { twin: 999_999, state: 'unknown', relay, waiting: 0 },
    ]);
    const { stdout } = await runCommand(['presence', '3'], asTwin(network, 6));
    expect(stdout).toMatch(/^twin 3: not connected here(, last seen \d+ s ago)?, 2 messages wait \(.*\)\n$/);
  });

  it('tells when a twin was last seen, after its last session has ended', async () => {
    const began = Date.now();
    {
      await using _ = await network.join(4);
    }
    await until('the end of the session of twin 4', async () => (await asked('4')).at(0)?.state === 'away');
    await until('when twin 4 was seen', async () => (await asked('4')).at(0)?.seenAt !== undefined);
    const [seen] = await asked('4');
    expect(Date.parse(seen?.seenAt ?? '')).toBeGreaterThan(began - 2000);
  });

  it('is refused for what is no twin', async () => {
    const { code, stderr } = await runCommand(['presence', 'x'], asTwin(network, 6));
    expect([code, stderr]).toEqual([2, expect.stringContaining("'x' is no twin")]);
  });
});
