import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { freePort } from '../local-relay/port.ts';
import { startChainNode } from './rig/chain-node.ts';
import { openWard, runDoctor, secretOf, type Ward } from './rig/doctor.ts';
import { startPeerRig } from './rig/peer.ts';

/** Everything is well; each test breaks one thing, and sees the doctor name that one alone. */
let ward: Ward;
let wide: Readonly<Record<string, string>>;
beforeAll(async () => {
  ward = await openWard();
  wide = ward.settings;
});
afterAll(() => ward[Symbol.asyncDispose]());

describe.concurrent('the chain', () => {
  it('that is down; one of two only brings a warning', async () => {
    const down = `ws://localhost:${await freePort()}`;
    const one = await runDoctor({ ...wide, SUBSTRATE: down });
    expect(one.named).toEqual([`fail chain ${down}: reachable`]);
    expect(one.code).toBe(1);
    const two = await runDoctor({ ...wide, SUBSTRATE: `${down} ${ward.network.chain.wsUrl}` });
    expect(two.named).toEqual([`warn chain ${down}: reachable`]);
    expect(two.code).toBe(0);
  });

  it('that takes calls and never answers', async () => {
    await using node = await startChainNode(ward.network.chain, 'hang');
    const { code, named, said } = await runDoctor({ ...wide, SUBSTRATE: node.wsUrl });
    expect(named).toEqual([`fail chain ${node.wsUrl}: reachable`]);
    expect(said).toContain('it did not become ready');
    expect(code).toBe(1);
  });

  it('of another network beside ours', async () => {
    await using other = await startDevChain({ blockTimeMs: 1000, twins: [await ward.entryOf(2, 9)] });
    const { code, named, said } = await runDoctor({ ...wide, SUBSTRATE: `${ward.network.chain.wsUrl} ${other.wsUrl}` });
    expect(named).toEqual([`fail chain ${other.wsUrl}: network`]);
    expect(said).toContain('another network than');
    expect(code).toBe(1);
  });
});

describe.concurrent('the twin', () => {
  it('that does not exist', async () => {
    const { code, named, said } = await runDoctor({ ...wide, MNEMONIC: `0x${'77'.repeat(32)}` });
    expect(named).toEqual(['fail twin: exists']);
    expect(said).toContain('is --substrate of its network?');
    expect(code).toBe(1);
  });

  it.each([
    ['is written by the peer', 'false', 'warn twin: key', 0],
    ['is wrong when the peer must not write', 'true', 'fail twin: key', 1],
  ])('with another key on chain %s', async (_, noUpdate, line, exit) => {
    await ward.settle(2, { pk: `0x02${'11'.repeat(32)}` });
    const { code, named } = await runDoctor({ ...wide, ...secretOf(2), NO_UPDATE: noUpdate });
    expect(named).toEqual([line]);
    expect(code).toBe(exit);
  });

  it.each([
    ['is written by the peer', 'false', 'warn twin: relays', 0],
    ['is wrong when the peer must not write', 'true', 'fail twin: relays', 1],
  ])('without our relay on chain %s', async (_, noUpdate, line, exit) => {
    await ward.settle(3, { relay: 'relay.example' });
    const { code, named, said } = await runDoctor({ ...wide, ...secretOf(3), NO_UPDATE: noUpdate });
    expect(named).toEqual([line]);
    expect(said).toContain(`${ward.host} not on chain: there stands relay.example`);
    expect(code).toBe(exit);
  });

  it('that cannot pay for what must be written', async () => {
    await ward.settle(4, { pk: null });
    ward.network.chain.drain((await ward.entryOf(4)).account);
    const { code, named, said } = await runDoctor({ ...wide, ...secretOf(4) });
    expect(named).toEqual(['warn twin: key', 'fail twin: balance']);
    expect(said).toContain('0 TFT cannot pay for the update of the twin, 0.01 TFT → send some TFT to 5');
    expect(code).toBe(1);
  });

  it('whose identity another peer uses, beside another Redis', async () => {
    await using _ = await startPeerRig(ward.network, 5, { update: false });
    const { code, named, said } = await runDoctor({ ...wide, ...secretOf(5) });
    expect(named).toEqual([`warn relay ${ward.host}: used once`]);
    expect(said).toContain('one identity is used twice');
    expect(code).toBe(0);
  });
});
