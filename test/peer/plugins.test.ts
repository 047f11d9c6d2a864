import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plugin } from '../../client/serving/plugin.ts';
import { signEnvelope } from '../../proto/crypto/signature.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { localRequest, type PeerRig, startPeerRig } from '../rig/peer/peer.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const calls: string[] = [];
/** Counts on both sides of the wire. */
const tally: Plugin = {
  name: 'tally',
  async local({ command, data }) {
    if (command !== 'tally.here') return undefined;
    return { data: bytes(`here: ${data.length}`), schema: 'text/plain' };
  },
  async remote({ command, source }) {
    calls.push(command);
    if (command === 'tally.there') return { data: bytes(`there, for ${source}`) };
    if (command === 'tally.no') return { data: bytes(''), error: { code: 42, message: 'no' } };
    if (command === 'tally.broken') throw new Error('out of order');
    return undefined;
  },
};

let network: Network;
let caller: PeerRig;
let callee: PeerRig;
beforeAll(async () => {
  network = await startNetwork();
  [caller, callee] = await Promise.all([
    startPeerRig(network, 1, { plugins: [tally] }),
    startPeerRig(network, 2, { plugins: [tally] }),
  ]);
});
afterAll(async () => {
  for (const each of [caller, callee, network]) await each[Symbol.asyncDispose]();
});
const ask = async (cmd: string) => {
  await caller.request(localRequest({ cmd }));
  const { dat, ...reply } = await caller.reply('replies');
  return { ...reply, text: Buffer.from(dat, 'base64').toString() };
};

describe('a plugin', () => {
  it('answers a local program and another twin', async () => {
    expect(await ask('tally.here')).toMatchObject({ text: 'here: 5', src: '1', shm: 'text/plain', err: null });
    expect(await ask('tally.there')).toMatchObject({ text: 'there, for 1', src: '2', err: null });
  });

  it('answers with its own error or with what it throws', async () => {
    expect((await ask('tally.no')).err).toEqual({ code: 42, message: 'no' });
    expect((await ask('tally.broken')).err).toEqual({ code: 500, message: 'out of order' });
  });

  it('leaves other commands to their queues', async () => {
    await caller.request(localRequest({ cmd: 'tally.other' }));
    expect(await callee.take('msgbus.tally.other')).toBeDefined();
  });

  it('sees a request once, and its repeat gets the same answer', async () => {
    await using session = await network.join(6);
    const asked = request({ twin: 6 }, { twin: 2 }, { content: { kind: 'request', command: 'tally.there' } });
    calls.length = 0;
    const answers = [];
    for (let n = 0; n < 2; n += 1) {
      session.send(await signEnvelope(asked, await network.identity(6)));
      answers.push(await session.nextBytes());
    }
    expect(calls).toEqual(['tally.there']);
    expect(answers[1]).toEqual(answers[0]);
  });
});
