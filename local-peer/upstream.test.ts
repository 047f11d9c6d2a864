import { describe, expect, it } from 'vitest';
import { identityOf } from '../proto/identity.ts';
import { Awaited } from './awaited.ts';
import { Clock } from './clock.ts';
import { nodePrimitives } from './crypto/node-primitives.ts';
import { Protocol } from './protocol.ts';
import { Sending } from './sending.ts';
import { Upstream } from './upstream.ts';

const NOW = Date.parse('2026-11-25T12:00:00.000Z');
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const outOfReach = new Error('the chain is out of reach');

/** Carries one response up, to a twin that the chain tells of only after so many failures. */
async function respond(failures: number, exp: number, pause: () => Promise<boolean>) {
  const identity = await identityOf(`0x${'01'.repeat(32)}`, 'ed25519');
  if (!identity.ok) throw new Error(identity.error.detail);
  const receiver = { id: 6, account: identity.value.account, relay: null, key: { kind: 'absent' as const } };
  const happened: string[] = [];
  let left = failures;
  const get = async () => {
    left -= 1;
    if (left >= 0) throw outOfReach;
    return receiver;
  };
  const twins = { get, refresh: get };
  const uplink = {
    send: async () => {
      happened.push('sent');
      return 'sent' as const;
    },
  };
  const protocol = new Protocol({
    identity: identity.value,
    twins: twins,
    primitives: nodePrimitives(),
    isKeyOnChain: async () => false,
  });
  const upstream = new Upstream(2, {
    sending: new Sending({ protocol, twins, uplink }),
    awaited: new Awaited(() => undefined),
    clock: new Clock(
      () => NOW,
      () => undefined,
    ),
    plugins: [],
    log: silent,
    count: (event) => void happened.push(event),
    pause,
  });
  const now = NOW / 1000 - (1800 - exp);
  await upstream.response(
    { ref: 'r', data: new Uint8Array(1), destination: { twin: 6 }, schema: null, now, error: null },
    { claimedAt: NOW / 1000, end: async () => void happened.push('ended') },
  );
  return happened;
}

describe('a response whose receiver cannot be looked up', () => {
  it('is tried again until it can', async () => {
    expect(await respond(3, 60, async () => true)).toEqual(['sent', 'response-sent', 'ended']);
  });

  it('fails when its time is over', async () => {
    expect(await respond(9, 1, async () => true)).toEqual(['response-failed', 'ended']);
  });

  it('stays in Redis when the peer stops', async () => {
    expect(await respond(9, 60, async () => false)).toEqual([]);
  });
});
