import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signEnvelope } from '../../../proto/crypto/signature.ts';
import type { Envelope } from '../../../proto/envelope/envelope.ts';
import { type DevChain, startDevChain } from '../../../tools/dev-chain/dev-chain.ts';
import { identityOfTwin } from '../../rig/chain/network.ts';
import { request } from '../../rig/envelopes/envelopes.ts';
import { localRequest, type PeerRig, startPeerRig } from '../../rig/peer/peer.ts';
import { openProgram, type Program } from '../../rig/redis/program.ts';
import { type HostileRelay, startHostileRelay } from '../../rig/relay/hostile-relay.ts';

/** A relay replays signed envelopes, unchanged or split into other fields: a service sees each once. */

const CALLER = 6;
const CALLEE = 2;
const QUEUE = 'msgbus.wallet.pay';

let chain: DevChain;
let relay: HostileRelay;
let peer: PeerRig;
let beside: Program;
beforeAll(async () => {
  [chain, relay] = await Promise.all([startDevChain({ blockTimeMs: 1000 }), startHostileRelay()]);
  peer = await startPeerRig({ chain, relay: { wsUrl: relay.url } }, CALLEE, { update: false });
  beside = await openProgram(peer.redisUrl);
});
afterAll(async () => {
  for (const each of [beside, peer, relay]) await each[Symbol.asyncDispose]();
  await chain.close();
});

const signed = async (to: Envelope['destination'], fields: Partial<Envelope> = {}) =>
  signEnvelope(
    request({ twin: CALLER }, to, { content: { kind: 'request', command: 'wallet.pay' }, ...fields }),
    await identityOfTwin(CALLER),
  );
/** Brings a fresh request and waits for it: what was brought before it has been dealt with. */
const settled = async () => {
  const last = await signed({ twin: CALLEE }, { content: { kind: 'request', command: 'last' } });
  relay.bring(last);
  await peer.take('msgbus.last');
};
const refs = async () => (await beside.redis.lRange(QUEUE, 0, -1)).map((text) => JSON.parse(text).ref);
const counted = (detail: string) => peer.details.get(`envelope-dropped ${detail}`) ?? 0;

describe('a replayed request', () => {
  it('is refused when the digits of its receiver are split into another twin and a session', async () => {
    const original = await signed({ twin: 26 });
    relay.bring({ ...original, destination: { twin: 2, connection: '6' } });
    await settled();
    expect(await refs()).toEqual([]);
    expect(counted('another-session')).toBe(1);
  });

  it('is delivered once when its signed text comes with another uid', async () => {
    const original = await signed({ twin: CALLEE }, { tags: 'abc' });
    relay.bring(original);
    relay.bring({ ...original, uid: `${original.uid}a`, tags: 'bc' });
    relay.bring(original);
    await settled();
    expect(await refs()).toEqual([original.uid]);
    expect(counted('repeat')).toBe(2);
    await beside.redis.del(QUEUE);
  });

  it('is recognized for the whole life of its envelope', async () => {
    const original = await signed({ twin: CALLEE }, { expiration: 28_800n });
    relay.bring(original);
    await settled();
    const marks = await beside.redis.keys(`msgbus.system.seen.*`);
    const lives = await Promise.all(marks.map((mark) => beside.redis.ttl(mark)));
    // Redis has a mark of its uid and one of its digest.
    expect(lives.filter((seconds) => seconds > 28_000)).toHaveLength(2);
    await beside.redis.del(QUEUE);
  });
});

describe('a replayed reply', () => {
  const ask = async (ret: string) => {
    await peer.request(localRequest({ dst: [CALLER], cmd: 'x', ret }));
    return relay.next();
  };
  const reply = async (asked: Envelope, to: Envelope['destination']) =>
    signEnvelope(
      { ...request({ twin: CALLER }, to, { uid: asked.uid }), content: { kind: 'response' } },
      await identityOfTwin(CALLER),
    );

  it('is dropped when it was signed for another twin', async () => {
    const asked = await ask('ret.other');
    relay.bring(await reply(asked, { twin: 3 }));
    relay.bring(await reply(asked, { twin: CALLEE, connection: '1' }));
    await settled();
    relay.bring(await reply(asked, { twin: CALLEE }));
    await peer.reply('ret.other');
    expect(await beside.redis.lLen('ret.other')).toBe(0);
    expect(counted('another-twin')).toBe(1);
  });

  it('is delivered once when its signed text comes in other bytes', async () => {
    const asked = await ask('ret.once');
    const good = await reply(asked, { twin: CALLEE });
    relay.bring(good);
    relay.bring({ ...good, schema: '', federation: '' });
    await settled();
    await peer.reply('ret.once');
    expect(await beside.redis.lLen('ret.once')).toBe(0);
  });
});
