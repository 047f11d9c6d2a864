import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChainConnection } from '../../client/directory/chain.ts';
import { dialNode } from '../../client/session/node-socket.ts';
import { open, seal } from '../../proto/crypto/cipher.ts';
import { PORTABLE } from '../../proto/crypto/portable.ts';
import { signEnvelope, verifyEnvelope } from '../../proto/crypto/signature.ts';
import type { Envelope } from '../../proto/envelope/envelope.ts';
import { isSignableUid } from '../../proto/envelope/signable.ts';
import type { Identity } from '../../proto/identity.ts';
import { checkSeal, SEAL_MARK, splitSeal } from '../../proto/seal/seal.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import type { Client } from '../rig/clients/client.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { localRequest, type PeerRig, startPeerRig } from '../rig/peer/peer.ts';
import { startService } from '../rig/peer/service.ts';
import { until } from '../rig/until.ts';

/** A bare session of twin 6 against a peer of twin 2: what the peer says on the wire, frame by frame. */
let network: Network;
let peer: PeerRig;
let client: Client;
let me: Identity;
let service: AsyncDisposable;
beforeAll(async () => {
  network = await startNetwork();
  peer = await startPeerRig(network, 2);
  me = await network.identity(6);
  client = await network.join(6, 's1');
  service = await startService(peer.redisUrl, 'test.echo', (payload) => ({ dat: payload }));
});
afterAll(async () => {
  for (const each of [service, client, peer, network]) await each[Symbol.asyncDispose]();
});

const ME = { twin: 6, connection: 's1' };
const ask = (fields: Partial<Envelope> = {}) => request(ME, { twin: 2 }, fields);
const sendSigned = async (envelope: Envelope) => {
  const signed = await signEnvelope(envelope, me);
  client.send(signed);
  return signed;
};
const NONE = new Uint8Array(0);
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

describe('a response of the peer', () => {
  it('is signed, unencrypted for a twin without a key, valid for 1800 s, and for the session that asked', async () => {
    const sent = await sendSigned(ask());
    const answer = await client.next();
    expect(answer).toMatchObject({
      uid: sent.uid,
      expiration: 1800n,
      source: { twin: 2 },
      destination: ME,
      content: { kind: 'response' },
    });
    expect([answer.payload?.kind, text(answer.payload?.bytes)]).toEqual(['plain', 'hello']);
    expect(await verifyEnvelope(answer, (await network.identity(2)).account, PORTABLE)).toMatchObject({ ok: true });
    expect([checkSeal(answer), splitSeal(answer.tags)?.tags]).toEqual([{ ok: true, value: 'sealed' }, undefined]);
    expect(answer.federation).toBeUndefined();
    expect(answer.relays).toEqual([]);
  });

  it('is encrypted once the asker has put a key on chain', async () => {
    const account = `0x${Buffer.from(me.account).toString('hex')}` as const;
    const pk = `0x${Buffer.from(me.e2ePublicKey).toString('hex')}` as const;
    network.chain.putTwin({ id: 6, account, relay: `localhost:${network.relay.port}`, pk });
    const key = me.sharedKey((await network.identity(2)).e2ePublicKey);
    const payload = { kind: 'cipher' as const, bytes: await seal(key, new TextEncoder().encode('secret')) };
    await until('an answer that is encrypted', async () => {
      await sendSigned(ask({ payload }));
      return (await client.next()).payload?.kind === 'cipher';
    });
    await sendSigned(ask({ payload }));
    const answer = await client.next();
    const opened = await open(key, answer.payload?.bytes ?? new Uint8Array());
    expect(opened.ok && text(opened.value)).toBe('secret');
  });
});

describe('a request that the peer refuses', () => {
  const refusal = async () => {
    const { content } = await client.next();
    return content?.kind === 'error' ? [content.code, content.message] : content;
  };

  it('has expired, has a field that no honest sender writes, or has the seal of another envelope', async () => {
    const cases: [Partial<Envelope>, number, string][] = [
      [{ timestamp: 1000n, expiration: 10n }, 102, 'envelope validation error: message has expired'],
      [{ expiration: 90_000n }, 100, 'invalid message: implausible envelope: it lives longer than 86400 s'],
      [
        { tags: `x,${SEAL_MARK}${'A'.repeat(43)}` },
        104,
        'invalid envelope signature: the seal is that of another envelope',
      ],
      [{ schema: SEAL_MARK }, 104, 'invalid envelope signature: the seal is not the last token of the tags'],
    ];
    for (const [fields, ...expected] of cases) {
      await sendSigned(ask(fields));
      expect(await refusal()).toEqual(expected);
    }
  });

  it('has expired, and the refusal has its expiration', async () => {
    await sendSigned(ask({ timestamp: 1000n, expiration: 10n }));
    const answer = await client.next();
    expect(answer).toMatchObject({
      expiration: 10n,
      content: { code: 102, message: 'envelope validation error: message has expired' },
    });
  });

  it('does not decrypt', async () => {
    await sendSigned(ask({ payload: { kind: 'cipher', bytes: new Uint8Array(5) } }));
    expect(await refusal()).toEqual([106, 'e2e error: invalid cipher data']);
  });

  it('names a queue of the peer’s own as its command', async () => {
    for (const command of ['system.local', 'system.reply', 'backlog.x', '']) {
      await sendSigned(ask({ content: { kind: 'request', command } }));
      expect(await refusal()).toEqual([100, 'invalid message: no service may have this command']);
    }
  });
});

describe('a request that the peer drops', () => {
  /** Resolves when all that was sent before is dealt with; fails when anything was answered. */
  const isSilent = async () => {
    const { uid } = await sendSigned(ask());
    expect((await client.next()).uid).toBe(uid);
  };
  const dropped = () => peer.counted.get('envelope-dropped') ?? 0;
  const lines = () => peer.logged.filter(({ message }) => message.startsWith('dropped a request')).length;

  it('is unsigned or badly signed, and is logged once a minute', async () => {
    const signed = await signEnvelope(ask(), me);
    const withType = (type: number) => {
      const signature = new Uint8Array(signed.signature ?? []);
      signature[0] = type;
      return { ...signed, signature };
    };
    const before = [dropped(), lines()] as const;
    const forged = [
      ask(),
      ask({ signature: new Uint8Array(0) }),
      ask({ signature: new Uint8Array(10) }),
      { ...signed, payload: { kind: 'plain' as const, bytes: new Uint8Array([1]) } },
      withType(0x73),
      withType(0x78),
      ask({ timestamp: 1000n, expiration: 10n }),
      ask({ expiration: 90_000n }),
      ask({ schema: SEAL_MARK }),
    ];
    for (const each of forged) client.send(each);
    await isSilent();
    expect(dropped() - before[0]).toBe(forged.length);
    // One line for each reason: signature, expired, implausible, seal.
    expect(lines() - before[1]).toBe(4);
  });

  it('has a uid or a sid that the peer does not sign', async () => {
    const delivered = peer.counted.get('command-delivered') ?? 0;
    const before = dropped();
    const uids = [
      'x'.repeat(65),
      'a,b',
      'a b',
      'ü',
      `${SEAL_MARK}x`,
      'job-17959841601800',
      '179598416018002',
      '17959841601800my2',
    ];
    const odd = uids.filter((uid) => !isSignableUid(uid, 2));
    expect(odd.length).toBeGreaterThan(5);
    for (const uid of odd) await sendSigned(ask({ uid }));
    for (const connection of ['s'.repeat(65), 'a.b', '1 2']) {
      await using session = await network.join(6, connection);
      session.send(await signEnvelope(request({ twin: 6, connection }, { twin: 2 }), me));
      await until('the request to be dropped', () => dropped() > before);
    }
    await isSilent();
    expect(dropped() - before).toBe(odd.length + 3);
    expect(peer.counted.get('command-delivered')).toBe(delivered + 1);
  });
});

describe('an answer that fails verification', () => {
  /** A request of the peer's program to twin 6, as it comes there. */
  const asked = async (ret: string) => {
    const plain = await network.join(6);
    await peer.request(localRequest({ dst: [6], cmd: 'x', ret }));
    return { plain, uid: (await plain.next()).uid };
  };
  const reasons = () => peer.logged.filter(({ message }) => message.startsWith('dropped a reply'));

  it('is unsigned and does not replace the real one', async () => {
    const { plain, uid } = await asked('unsigned');
    await using _ = plain;
    const answer = request({ twin: 6 }, { twin: 2 }, { uid, content: { kind: 'response' } });
    const before = reasons().length;
    plain.send(answer);
    plain.send(await signEnvelope(answer, me));
    expect(Buffer.from((await peer.reply('unsigned')).dat, 'base64').toString()).toBe('hello');
    expect(
      reasons()
        .slice(before)
        .map(({ message }) => message),
    ).toEqual(['dropped a reply: invalid envelope signature: message is not signed']);
  });

  it('is dropped when its twin was not asked', async () => {
    const { plain, uid } = await asked('stranger');
    await using _ = plain;
    await using other = await network.join(4);
    const stranger = request({ twin: 4 }, { twin: 2 }, { uid, content: { kind: 'response' } });
    const before = reasons().length;
    other.send(await signEnvelope(stranger, await network.identity(4)));
    const told = () => reasons().slice(before);
    await until('the answer to be dropped', () => told().length > 0);
    expect(told().map(({ message }) => message)).toEqual(['dropped a reply: twin 4 was not asked']);
    plain.send(await signEnvelope(request({ twin: 6 }, { twin: 2 }, { uid, content: { kind: 'response' } }), me));
    expect((await peer.reply('stranger')).src).toBe('6');
  });
});

describe('a peer', () => {
  it('puts its relay and key on chain once', async () => {
    const quiet = { onState: () => undefined, onTwin: () => undefined, onGap: () => undefined };
    const nobody = { ...quiet, dial: dialNode, log: silent };
    const chain = new ChainConnection([network.chain.wsUrl], nobody);
    const { e2ePublicKey } = await network.identity(2);
    const isThere = async () => {
      const twin = await chain.twin(2);
      return twin?.relay === `localhost:${network.relay.port}` && Buffer.compare(twin.pk ?? NONE, e2ePublicKey) === 0;
    };
    await until('relay and key on chain', isThere);
    chain.close();
    expect(peer.logged.filter(({ message }) => message === 'chain: updating the own twin')).toHaveLength(1);
    await using again = await startPeerRig(network, 2);
    expect(again.logged.map(({ message }) => message)).not.toContain('chain: updating the own twin');
  });
});
