import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plugin } from '../local-peer/plugins/plugin.ts';
import { signEnvelope } from '../proto/signature.ts';
import { request } from './rig/envelopes.ts';
import { type Network, startNetwork } from './rig/network.ts';
import { localRequest, type PeerRig, startPeerRig } from './rig/peer.ts';

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
  it('answers a program here, or another twin there', async () => {
    expect(await ask('tally.here')).toMatchObject({ text: 'here: 5', src: '1', shm: 'text/plain', err: null });
    expect(await ask('tally.there')).toMatchObject({ text: 'there, for 1', src: '2', err: null });
  });

  it('answers with an error, its own or for what it throws', async () => {
    expect((await ask('tally.no')).err).toEqual({ code: 42, message: 'no' });
    expect((await ask('tally.broken')).err).toEqual({ code: 500, message: 'out of order' });
  });

  it('leaves alone what it does not serve: that goes to its queue', async () => {
    await caller.request(localRequest({ cmd: 'tally.other' }));
    expect(await callee.take('msgbus.tally.other')).toBeDefined();
  });

  it('sees no request twice; who sends it again gets the answer again', async () => {
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
