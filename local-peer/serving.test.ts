import { describe, expect, it } from 'vitest';
import type { Envelope } from '../proto/envelope.ts';
import { identityOf } from '../proto/identity.ts';
import { signEnvelope } from '../proto/signature.ts';
import { Clock } from './clock.ts';
import { nodePrimitives } from './crypto/node-primitives.ts';
import { Protocol } from './protocol.ts';
import { Serving } from './serving.ts';

const NOW = Date.parse('2026-11-25T12:00:00.000Z');
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Serves a twin whose only relay says that its clock is so many seconds ahead of ours. */
async function rig(skew: number, remembered = { all: 10, each: 10 }) {
  const identity = await identityOf(`0x${'01'.repeat(32)}`, 'ed25519');
  if (!identity.ok) throw new Error(identity.error.detail);
  const caller = { id: 6, account: identity.value.account, relay: null, key: { kind: 'absent' as const } };
  const clock = new Clock(
    () => NOW,
    () => undefined,
  );
  // Two that agree: one alone does not move the clock.
  clock.measure('relay', new Date(NOW + skew * 1000).toUTCString(), NOW);
  clock.measureChain(NOW + skew * 1000);
  const twins = { get: async () => caller, refresh: async () => caller };
  const lives: number[] = [];
  const told: Envelope['content'][] = [];
  const serving = new Serving(
    { twin: 2 },
    {
      protocol: new Protocol({
        identity: identity.value,
        twins: twins,
        primitives: nodePrimitives(),
        isKeyOnChain: async () => false,
      }),
      programs: {
        deliverCommand: async (_entry, _twin, _names, seconds) => {
          lives.push(seconds);
          return 'delivered';
        },
        isFirst: async () => true,
      },
      upstream: { reply: async ({ content }) => void told.push(content), again: async () => undefined },
      clock,
      plugins: [],
      admission: {},
      hasKey: async () => false,
      remembered,
      log: silent,
      count: () => undefined,
    },
  );
  const ask = async (age: number, expiration: bigint, uid = 'u') => {
    const envelope: Envelope = {
      uid,
      timestamp: BigInt(NOW / 1000 - age),
      expiration,
      source: { twin: 6 },
      destination: { twin: 2 },
      content: { kind: 'request', command: 'x' },
      relays: [],
    };
    await serving.request(await signEnvelope(envelope, identity.value), 6, async () => undefined);
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
