import { createClient } from 'redis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PORTABLE } from '../../../proto/crypto/portable.ts';
import { signEnvelope, verifyEnvelope } from '../../../proto/crypto/signature.ts';
import { type Envelope, encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import { canonical } from '../../../proto/seal/canonical.ts';
import { checkSeal } from '../../../proto/seal/seal.ts';
import { type Network, startNetwork } from '../../rig/chain/network.ts';
import { request } from '../../rig/envelopes/envelopes.ts';
import { forgerOf } from '../../rig/envelopes/forgeries.ts';
import { localRequest, type PeerRig, startPeerRig } from '../../rig/peer/peer.ts';
import { startHostileRelay } from '../../rig/relay/hostile-relay.ts';

/** Envelopes that a real peer signed and an attacker split into other fields, sent to a real peer and a real relay. */
const VICTIM = 2;
const TARGET = 6;
const FORGERIES = 1_000;
/** A payload that reads as the head of an envelope, too. */
const BAIT = '1795984160182661795984160180026wallet.pay{"to":6}';

let network: Network;
let victim: PeerRig;
/** Signed by the victim: a request, and the answer to a question of the target's owner. */
let signed: readonly Envelope[];
beforeAll(async () => {
  network = await startNetwork();
  victim = await startPeerRig(network, VICTIM, { update: false });
  await using session = await network.join(TARGET);
  await victim.request(localRequest({ dst: [TARGET], dat: Buffer.from(BAIT).toString('base64'), cmd: 'x' }));
  const asked = await session.next();
  const uid = '17959841601800.6wallet.pay';
  const content = { kind: 'request', command: 'rmb.version' } as const;
  const question = request({ twin: TARGET }, { twin: VICTIM }, { uid, content });
  session.send(await signEnvelope(question, await network.identity(TARGET)));
  signed = [asked, await session.next()];
});
afterAll(async () => {
  for (const each of [victim, network]) await each[Symbol.asyncDispose]();
});

/** Returns numbers in [0, 1), the same ones in each run. */
function seeded(state: number): () => number {
  let now = state;
  return () => {
    now = (Math.imul(now, 1_664_525) + 1_013_904_223) >>> 0;
    return now / 2 ** 32;
  };
}

const formOf = (envelope: Envelope) => Buffer.concat(canonical(envelope, envelope.tags)).toString('base64');

/** Makes other envelopes with the signatures of the victim's; `isWanted` says which ones serve the test. */
function forged(isWanted: (envelope: Envelope) => boolean): Envelope[] {
  const found = new Map<string, Envelope>();
  const genuine = new Set(signed.map(formOf));
  const forgers = signed.map((envelope, n) => forgerOf(envelope, seeded(n + 1)));
  for (let n = 0; found.size < FORGERIES; n += 1) {
    const forgery = forgers[n % forgers.length]?.();
    if (forgery === undefined || !isWanted(forgery)) continue;
    const form = formOf(forgery);
    if (!genuine.has(form)) found.set(form, forgery);
  }
  return [...found.values()];
}

const isFromVictim = ({ source, destination }: Envelope) => source?.twin === VICTIM && destination?.twin === TARGET;

it('carry the good signature of the victim', async () => {
  const { account } = await network.identity(VICTIM);
  for (const envelope of [...signed, ...forged(isFromVictim).slice(0, 20)]) {
    expect(await verifyEnvelope(envelope, account, PORTABLE)).toEqual({ ok: true, value: undefined });
  }
});

it('reach no program when a hostile relay brings 1,000 of them to a peer', async () => {
  await using relay = await startHostileRelay();
  await using target = await startPeerRig(network, TARGET, { relays: [relay.url], update: false });
  for (const forgery of forged(isFromVictim)) relay.bring(forgery);
  // The genuine one comes last, behind all others of the same sender.
  const [genuine] = signed;
  if (genuine === undefined) throw new Error('the victim signed nothing');
  relay.bring(genuine);
  expect(JSON.parse((await target.take('msgbus.x')) ?? '')).toMatchObject({ ref: genuine.uid, src: String(VICTIM) });
  const redis = createClient({ url: target.redisUrl });
  await redis.connect();
  const lists = await redis.keys('msgbus.*');
  redis.destroy();
  expect(lists.filter((key) => !key.startsWith('msgbus.system.'))).toEqual([]);
  expect(target.counted.get('command-delivered')).toBe(1);
});

it('pass no relay’s ingress, of 1,000 requests', async () => {
  const isRequest = (envelope: Envelope) => isFromVictim(envelope) && envelope.content?.kind === 'request';
  const post = async (envelope: Envelope) => {
    const response = await fetch(network.relay.httpUrl, { method: 'POST', body: encodeEnvelope(envelope) });
    await response.body?.cancel();
    return response.status;
  };
  const statuses = new Map<number, number>();
  const waiting = forged(isRequest);
  const work = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const status = await post(next);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  const [genuine] = signed;
  // Forged, or over: some cuts move digits between the times.
  expect([...statuses.keys()].filter((status) => status !== 403 && status !== 410)).toEqual([]);
  expect(genuine && checkSeal(genuine)).toEqual({ ok: true, value: 'sealed' });
  expect(genuine && (await post(genuine))).toBe(202);
});
