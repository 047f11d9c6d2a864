import { beforeAll, describe, expect, it } from 'vitest';
import { PORTABLE } from '../proto/crypto/portable.ts';
import { signEnvelope } from '../proto/crypto/signature.ts';
import { type Envelope, encodeEnvelope } from '../proto/envelope/envelope.ts';
import { type Identity, identityOf } from '../proto/identity.ts';
import { type Asked, Asking, type CheckedReply } from './ask.ts';
import { EndToEnd } from './seal.ts';
import { Clock } from './session/clock.ts';

const NOW = 1_800_000_000;
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const response = { kind: 'response' } as const;

let identity: Identity;
beforeAll(async () => {
  const made = await identityOf(`0x${'05'.repeat(32)}`, 'ed25519');
  if (!made.ok) throw new Error(made.error.detail);
  identity = made.value;
});

/** Twin 1 asked twin 5 under the uid `asked`. */
function rig(isTaken: () => boolean = () => true, isStream = false) {
  const [given, refused, dropped]: [CheckedReply[], string[], (string | undefined)[]] = [[], [], []];
  const paused: string[] = [];
  const request: Asked = { asked: [5], seals: new Map(), seconds: 60, isStream };
  const five = { id: 5, account: identity.account, relay: null, key: { kind: 'absent' as const } };
  const twins = { get: async () => five, refresh: async () => five };
  const asking = new Asking({
    own: { twin: 1, connection: 'me' },
    endToEnd: new EndToEnd({ identity, twins, primitives: PORTABLE, isKeyOnChain: async () => false }),
    primitives: PORTABLE,
    askers: {
      find: async (uid) => (uid === 'asked' ? request : undefined),
      give: async (_, reply) => {
        if (!isTaken()) throw new Error('the queue is away');
        return given.push(reply) > 0;
      },
      refused: (_, why) => void refused.push(why),
      tooLarge: async () => undefined,
    },
    clock: new Clock(
      () => NOW * 1000,
      () => undefined,
    ),
    log: silent,
    count: (event, detail) => void (event === 'envelope-dropped' && dropped.push(detail)),
    onOverloaded: (twin, seconds) => void paused.push(`${twin} for ${seconds} s`),
  });
  const reply = async (changes: Partial<Envelope> = {}, source = 5) => {
    const envelope: Envelope = {
      uid: 'asked',
      timestamp: BigInt(NOW),
      expiration: 60n,
      source: { twin: source },
      destination: { twin: 1, connection: 'me' },
      content: response,
      payload: { kind: 'plain', bytes: new Uint8Array([7]) },
      relays: [],
      ...changes,
    };
    const signed = source === 0 ? envelope : await signEnvelope(envelope, identity);
    await asking.reply(signed, source, encodeEnvelope(signed), async () => undefined);
  };
  return { reply, given, refused, dropped, paused };
}

describe('a reply', () => {
  it('is given when a twin that was asked signed it for this session', async () => {
    const { reply, given } = rig();
    await reply();
    expect(given).toMatchObject([{ data: new Uint8Array([7]), of: 5, times: 1 }]);
  });

  it('is given once', async () => {
    const { reply, given } = rig();
    await reply();
    await reply();
    expect(given).toHaveLength(1);
  });

  it('is given again when its asker could not take it', async () => {
    let isTaken = false;
    const { reply, given } = rig(() => isTaken);
    await reply();
    isTaken = true;
    await reply();
    expect(given).toHaveLength(1);
  });

  it.each<[string, string, Partial<Envelope>, number?]>([
    ['a twin that was not asked sends it', 'twin-not-asked', {}, 6],
    ['it is for another session', 'another-session', { destination: { twin: 1, connection: 'you' } }],
    ['it is for another twin', 'another-twin', { destination: { twin: 2, connection: 'me' } }],
    ['its time is over', 'expired', { timestamp: BigInt(NOW - 60) }],
  ])('is dropped when %s', async (_, reason, changes, source) => {
    const { reply, given, refused, dropped } = rig();
    await reply(changes, source);
    expect([given, refused.length, dropped]).toEqual([[], 1, [reason]]);
  });

  it('is dropped when nobody waits for it', async () => {
    const { reply, given, refused, dropped } = rig();
    await reply({ uid: 'other' });
    expect([given, refused, dropped]).toEqual([[], [], ['unwanted']]);
  });
});

describe('a reply of a stream', () => {
  const more = (seq: number, byte: number) => ({
    tags: `rmb.more,rmb.seq=${seq}`,
    payload: { kind: 'plain' as const, bytes: new Uint8Array([byte]) },
  });

  it('is given once under its number, even with other bytes', async () => {
    const { reply, given } = rig(undefined, true);
    for (const [seq, byte] of [
      [0, 7],
      [0, 8],
      [1, 7],
    ] as const) {
      await reply(more(seq, byte));
    }
    expect(given).toMatchObject([
      { part: { seq: 0, isLast: false }, data: new Uint8Array([7]) },
      { part: { seq: 1, isLast: false }, data: new Uint8Array([7]) },
    ]);
  });

  it('is the last when it is an error', async () => {
    const { reply, given } = rig(undefined, true);
    await reply({ ...more(3, 7), content: { kind: 'error', code: 500, message: 'no' } });
    expect(given).toMatchObject([{ part: { seq: 3, isLast: true } }]);
  });

  it('is a plain reply to a request for one', async () => {
    const { reply, given } = rig();
    await reply(more(0, 7));
    await reply(more(0, 8));
    expect(given.map(({ part }) => part)).toEqual([undefined, undefined]);
  });
});

describe('a report of a relay', () => {
  it('is given, though nobody signed it', async () => {
    const { reply, given } = rig();
    await reply({ source: { twin: 0 }, content: { kind: 'error', code: 0, message: 'destination offline' } }, 0);
    expect(given).toMatchObject([{ data: new Uint8Array(0), of: 5 }]);
  });

  it('says for how long its twin takes no more', async () => {
    const { reply, paused } = rig();
    const report = (message: string) => reply({ source: { twin: 0 }, content: { kind: 'error', code: 0, message } }, 0);
    await report('overloaded, try again later');
    expect(paused).toEqual([]);
    await report('overloaded, try again in 4 s');
    expect(paused).toEqual(['5 for 4 s']);
  });

  it('is dropped when it is no error', async () => {
    const { reply, given, dropped } = rig();
    await reply({ source: { twin: 0 } }, 0);
    expect([given, dropped]).toEqual([[], ['unwanted']]);
  });
});
