import { describe, expect, it } from 'vitest';
import { PORTABLE } from '../proto/crypto/portable.ts';
import type { Envelope } from '../proto/envelope/envelope.ts';
import { identityOf } from '../proto/identity.ts';
import { type MemoryRelay, startMemoryRelay, startRoutingRelay } from '../test/rig/relay/memory-relay.ts';
import { type BusUser, type Outgoing, openBus } from './bus.ts';
import { knownTwin } from './directory/judge-key.ts';
import { Clock } from './session/clock.ts';

const nothing = () => undefined;
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const served = {
  claims: { give: async () => 'delivered' as const, signal: async () => undefined },
  seen: { isFirst: async () => true },
  plugins: [],
  admission: {},
  remembered: { all: 10, each: 10 },
};
const asked = { asked: undefined, seals: new Map(), seconds: 60 };

async function identityOfTwin(id: number) {
  const identity = await identityOf(`0x${String(id).padStart(2, '0').repeat(32)}`, 'ed25519');
  if (!identity.ok) throw new Error(identity.error.detail);
  return identity.value;
}

/** A bus of a twin, whose user keeps nothing. Resolves when its relay is up. */
async function join(
  relay: MemoryRelay,
  id: number,
  change: (out: Outgoing) => Partial<BusUser<typeof asked>> = () => ({}),
) {
  const counts: string[] = [];
  const [up, down] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const get = async (twin: number) => {
    const { account, e2ePublicKey } = await identityOfTwin(twin);
    return knownTwin({ id: twin, account, relay: 'relay', pk: e2ePublicKey });
  };
  const { session, user } = openBus(
    {
      own: { twin: id, connection: 'sid' },
      identity: await identityOfTwin(id),
      primitives: PORTABLE,
      twins: { get, refresh: get },
      clock: new Clock(Date.now, nothing),
      relays: [new URL('ws://relay')],
      dial: relay.dial,
      log: silent,
      count: (event, detail) => void counts.push(`${event} ${detail}`),
      onRelay: (_, { isUp }) => {
        (isUp ? up : down).resolve();
      },
    },
    (outgoing) => ({
      outgoing,
      served,
      askers: {
        find: async () => undefined,
        give: async () => true,
        refused: nothing,
        tooLarge: async () => undefined,
      },
      ...change(outgoing),
    }),
  );
  return { session, counts, up: up.promise, down: down.promise, ...user.outgoing };
}

/** A request from one bus's twin to another. */
const requestTo = (source: number, destination: number, bytes = new Uint8Array(8)): Envelope => ({
  uid: crypto.randomUUID(),
  timestamp: BigInt(Math.floor(Date.now() / 1000)),
  expiration: 60n,
  source: { twin: source, connection: 'sid' },
  destination: { twin: destination, connection: 'sid' },
  content: { kind: 'request', command: 'test.echo' },
  payload: { kind: 'plain', bytes },
  relays: [],
});

describe('openBus', () => {
  it('gives requests to the services of its user, and replies to its askers', async () => {
    const relay = startRoutingRelay();
    const given = Promise.withResolvers<string>();
    const service = await join(relay, 2, ({ replying }) => ({
      served: {
        ...served,
        claims: {
          signal: async () => undefined,
          give: async ({ uid, data, command }) => {
            const destination = { twin: 1, connection: 'sid' };
            const times = { timestamp: BigInt(Math.floor(Date.now() / 1000)), expiration: 60n };
            const payload = { kind: 'plain' as const, bytes: data };
            void replying.send({ uid, ...times, destination, content: { kind: 'response' }, payload });
            return command === 'test.echo' ? 'delivered' : 'repeated';
          },
        },
      },
    }));
    const caller = await join(relay, 1, () => ({
      askers: {
        find: async (uid) => (uid === request.uid ? asked : undefined),
        give: async (_, { data, of }) => {
          given.resolve(`${of}: ${new TextDecoder().decode(data)}`);
          return true;
        },
        refused: (_, why) => given.reject(new Error(why)),
        tooLarge: async () => undefined,
      },
    }));
    const request = requestTo(1, 2, new TextEncoder().encode('hello'));
    await Promise.all([service.up, caller.up]);
    await caller.sending.send(request, 2, 60);
    expect(await given.promise).toBe('2: hello');
    await Promise.all([caller.session.close(), service.session.close()]);
  });

  it('counts a lost relay only if it was connected', async () => {
    const relay = startMemoryRelay();
    const { counts, up, down, session } = await join(relay, 1);
    await up;
    relay.sockets[0]?.end({ code: 1006, detail: 'torn' });
    await down;
    expect(counts).toEqual(['relay-connected relay', 'relay-lost relay']);
    await session.close();
  });

  it('counts no relay that was never reached', async () => {
    const relay = startMemoryRelay({ opens: false });
    const { counts, down, session } = await join(relay, 1);
    (await relay.dialled(0)).end({ code: 1006, detail: 'refused' });
    await down;
    expect(counts).toEqual([]);
    await session.close();
  });

  it('reports a request that the relay finds too large to its asker', async () => {
    const relay = startMemoryRelay();
    const told = Promise.withResolvers<unknown>();
    const askers = { find: async () => undefined, give: async () => true, refused: nothing };
    const tooLarge = async (envelope: object, limit: number | undefined) => told.resolve({ ...envelope, limit });
    const { sending, up, session } = await join(relay, 1, () => ({ askers: { ...askers, tooLarge } }));
    await up;
    const request = requestTo(1, 2, new Uint8Array(4_000));
    await sending.send(request, 2, 60);
    relay.sockets[0]?.end({ code: 1009, detail: '1009 at most 2000 bytes' });
    expect(await told.promise).toMatchObject({ uid: request.uid, isRequest: true, limit: 2000 });
    await session.close();
  });

  it('sends the caller an error in place of a reply that the relay finds too large', async () => {
    const arrived = Promise.withResolvers<Envelope>();
    const relay = startMemoryRelay({
      onEnvelope: (envelope) => {
        if (envelope.content?.kind === 'error') arrived.resolve(envelope);
      },
    });
    const { replying, up, session } = await join(relay, 1);
    await up;
    const { uid, timestamp, expiration, destination, payload } = requestTo(1, 2, new Uint8Array(4_000));
    if (destination === undefined || payload === undefined) throw new Error('an incomplete envelope');
    await replying.send({ uid, timestamp, expiration, destination, content: { kind: 'response' }, payload });
    relay.sockets[0]?.end({ code: 1009, detail: '1009 at most 2000 bytes' });
    expect(await arrived.promise).toMatchObject({ uid, destination, content: { kind: 'error' } });
    await session.close();
  });

  it('sends a reply to one of our peers again that a torn socket of a plain relay lost', async () => {
    let lost = 0;
    const relay = startRoutingRelay(false, ({ content }) => {
      const isLost = content?.kind === 'response' && lost === 0;
      if (isLost) lost += 1;
      return isLost;
    });
    const handled: string[] = [];
    const left = Promise.withResolvers<void>();
    const service = await join(relay, 2, ({ replying }) => ({
      served: {
        ...served,
        claims: {
          signal: async () => undefined,
          give: async ({ uid, data }) => {
            handled.push(uid);
            const destination = { twin: 1, connection: 'sid' };
            const times = { timestamp: BigInt(Math.floor(Date.now() / 1000)), expiration: 60n };
            const payload = { kind: 'plain' as const, bytes: data };
            const sent = replying.send({ uid, ...times, destination, content: { kind: 'response' }, payload });
            void sent.then(() => left.resolve());
            return 'delivered';
          },
        },
      },
    }));
    const given = Promise.withResolvers<string>();
    const caller = await join(relay, 1, () => ({
      askers: {
        find: async () => asked,
        give: async (_, { envelope }) => {
          given.resolve(envelope.uid);
          return true;
        },
        refused: (_, why) => given.reject(new Error(why)),
        tooLarge: async () => undefined,
      },
    }));
    await Promise.all([service.up, caller.up]);
    const request = requestTo(1, 2);
    await caller.sending.send(request, 2, 60);
    await left.promise;
    relay.sockets.find(({ envelopes }) => envelopes[0]?.source?.twin === 2)?.end({ code: 1006, detail: 'torn' });
    expect(await given.promise).toBe(request.uid);
    expect([lost, handled, service.counts.includes('envelope-resent plain')]).toEqual([1, [request.uid], true]);
    await Promise.all([caller.session.close(), service.session.close()]);
  });
});
