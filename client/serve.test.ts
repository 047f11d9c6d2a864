import { describe, expect, it } from 'vitest';
import { PORTABLE } from '../proto/crypto/portable.ts';
import { signEnvelope } from '../proto/crypto/signature.ts';
import type { Envelope } from '../proto/envelope/envelope.ts';
import { identityOf } from '../proto/identity.ts';
import { EndToEnd } from './seal.ts';
import { Serving, type ServingParts } from './serve.ts';
import { Clock } from './session/clock.ts';

const NOW = Date.parse('2026-11-25T12:00:00.000Z');
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Serves as a twin whose relay and chain are `skew` seconds ahead of this machine's clock. */
async function rig(skew: number, remembered = { all: 10, each: 10 }, parts: Partial<ServingParts> = {}) {
  const identity = await identityOf(`0x${'01'.repeat(32)}`, 'ed25519');
  if (!identity.ok) throw new Error(identity.error.detail);
  const caller = { id: 6, account: identity.value.account, relay: null, key: { kind: 'absent' as const } };
  const clock = new Clock(
    () => NOW,
    () => undefined,
  );
  // One witness alone does not move the clock.
  clock.measure('relay', new Date(NOW + skew * 1000).toUTCString(), NOW);
  clock.measureChain(NOW + skew * 1000);
  const twins = { get: async () => caller, refresh: async () => caller };
  const lives: number[] = [];
  const told: Envelope['content'][] = [];
  const serving = new Serving({
    own: { twin: 2 },
    primitives: PORTABLE,
    endToEnd: new EndToEnd({
      identity: identity.value,
      twins,
      primitives: PORTABLE,
      isKeyOnChain: async () => false,
    }),
    claims: {
      signal: async () => undefined,
      give: async (_request, _twin, _names, seconds) => {
        lives.push(seconds);
        return 'delivered';
      },
    },
    seen: { isFirst: async () => true },
    replying: { send: async ({ content }) => void told.push(content), again: async () => undefined },
    clock,
    plugins: [],
    admission: {},
    hasKey: async () => false,
    remembered,
    log: silent,
    count: () => undefined,
    ...parts,
  });
  const ask = async (age: number, expiration: bigint, uid = 'u', command = 'x', payload?: string) => {
    const envelope: Envelope = {
      uid,
      timestamp: BigInt(NOW / 1000 - age),
      expiration,
      source: { twin: 6 },
      destination: { twin: 2 },
      content: { kind: 'request', command },
      ...(payload === undefined ? {} : { payload: { kind: 'plain', bytes: new TextEncoder().encode(payload) } }),
      relays: [],
    };
    return serving.request(await signEnvelope(envelope, identity.value), 6, async () => undefined);
  };
  return { ask, lives, told };
}

describe('a request of another twin', () => {
  it('whose time is over is refused, though the relay turns the time back', async () => {
    const { ask, lives, told } = await rig(-500);
    await ask(300, 60n);
    expect([lives, told]).toEqual([[], [{ kind: 'error', code: 102, message: expect.stringContaining('expired') }]]);
    await ask(0, 60n);
    expect(lives).toEqual([60]);
  });

  it('is remembered by our own time, though the relay says that it is later', async () => {
    const { ask, lives } = await rig(500);
    await ask(0, 3600n);
    expect(lives).toEqual([3600]);
  });

  it('is remembered for its whole life, of eight hours as well', async () => {
    const { ask, lives } = await rig(0);
    await ask(0, 28_800n);
    expect(lives).toEqual([28_800]);
  });

  it('is refused when its twin has too many requests that are alive', async () => {
    const { ask, lives, told } = await rig(0, { all: 10, each: 2 });
    for (const uid of ['1', '2', '3']) await ask(0, 60n, uid);
    expect(lives).toEqual([60, 60]);
    expect(told).toEqual([
      { kind: 'error', code: 500, message: expect.stringContaining('give requests a shorter life') },
    ]);
  });
});

describe('a signal about a request', () => {
  const signalled = async (command: string, payload: string) => {
    const signals: object[] = [];
    const claims = {
      give: async () => 'delivered' as const,
      signal: async (signal: object, twin: number) => void signals.push({ ...signal, twin }),
    };
    const { ask, told } = await rig(0, undefined, { claims, admission: { allow: new Set<number>() } });
    await ask(0, 60n, 'other', command, payload);
    return { signals, told };
  };

  it('reaches the services with the twin that signed it, also of a twin that may not call them, and has no reply', async () => {
    expect(await signalled('rmb.credit', '{"uid":"u","credit":9}')).toEqual({
      signals: [{ kind: 'credit', uid: 'u', credit: 9, twin: 6 }],
      told: [],
    });
    expect(await signalled('rmb.cancel', '{"uid":"u"}')).toMatchObject({ signals: [{ kind: 'cancel', twin: 6 }] });
  });

  it('gets an error when its payload is not of this form', async () => {
    const { signals, told } = await signalled('rmb.cancel', '7');
    expect([signals, told]).toEqual([[], [{ kind: 'error', code: 101, message: expect.stringContaining('uid') }]]);
  });
});

describe('the receipt of a request', () => {
  const custody = Promise.resolve({ outcome: 'delivered' as const, relay: 'relay' });
  const replying = { send: async () => ({ custody }), again: async () => undefined };

  it('waits for the custody of a reply that only this process has: a refusal, a plugin’s, a handler’s', async () => {
    const refusing = await rig(0, undefined, { replying, admission: { allow: new Set([7]) } });
    expect(await refusing.ask(0, 60n)).toEqual({ until: custody });
    const plugin = { name: 'x', remote: async () => ({ data: new Uint8Array(0) }) };
    const plugged = await rig(0, undefined, { replying, plugins: [plugin] });
    expect(await plugged.ask(0, 60n, 'u', 'x.y')).toEqual({ until: custody });
    const answered = Promise.resolve();
    const signal = async () => undefined;
    const claims = { give: async () => 'delivered' as const, signal, answered: () => answered };
    const handling = await rig(0, undefined, { claims });
    expect(await handling.ask(0, 60n)).toEqual({ until: answered });
  });

  it('waits for nothing when Redis has the request', async () => {
    const { ask } = await rig(0);
    expect((await ask(0, 60n)).until).toBeUndefined();
  });

  it('does not come before that of the first, for a repeat', async () => {
    const given = Promise.withResolvers<'delivered'>();
    const again: string[] = [];
    const ends: string[] = [];
    let came = 0;
    let early: readonly string[] | undefined;
    const finish = () => {
      early = [...ends];
      given.resolve('delivered');
    };
    const { ask } = await rig(0, undefined, {
      claims: { give: () => given.promise, signal: async () => undefined },
      admission: { requireCipher: true },
      // Both have come by then; the first is in work.
      hasKey: async () => {
        came += 1;
        if (came === 2) setImmediate(finish);
        return false;
      },
      replying: { send: async () => undefined, again: async (uid) => void again.push(uid) },
    });
    const first = ask(0, 60n).then(() => ends.push('first'));
    const repeat = ask(0, 60n).then(() => ends.push('repeat'));
    await Promise.all([first, repeat]);
    // Its reply is on its way: there is none to send again.
    expect([early, ends.toSorted(), again]).toEqual([[], ['first', 'repeat'], []]);
    await ask(0, 60n);
    expect(again).toEqual(['u']);
  });

  it('is not given for a request that failed; its repeat is served', async () => {
    let calls = 0;
    const { ask } = await rig(0, undefined, {
      claims: {
        signal: async () => undefined,
        give: async () => {
          calls += 1;
          if (calls === 1) throw new Error('no');
          return 'delivered';
        },
      },
    });
    await expect(ask(0, 60n)).rejects.toThrow('no');
    expect(await ask(0, 60n)).toEqual({ until: undefined });
    expect(calls).toBe(2);
  });
});
