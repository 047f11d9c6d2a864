import { expect, it } from 'vitest';
import { identityOf } from '../../proto/identity.ts';
import { parseToken } from '../../proto/token/token.ts';
import { startMemoryRelay } from '../../test/rig/relay/memory-relay.ts';
import type { Wakes } from '../ports.ts';
import { Clock } from './clock.ts';
import { Session } from './session.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

async function rig(relays: readonly string[], hasPings = true, onKept = () => {}, wakes?: Wakes) {
  const identity = await identityOf(`0x${'01'.repeat(32)}`, 'ed25519');
  if (!identity.ok) throw new Error(identity.error.detail);
  const relay = startMemoryRelay({ hasPings });
  const up = Promise.withResolvers<void>();
  const states: string[] = [];
  const session = new Session({
    own: { twin: 1, connection: 'sid' },
    identity: identity.value,
    relays: relays.map((url) => new URL(url)),
    dial: relay.dial,
    clock: new Clock(Date.now, () => undefined),
    log: silent,
    wakes,
    onRelay: (host, { isUp }) => {
      states.push(`${host} ${isUp}`);
      if (isUp) up.resolve();
    },
    onKept,
    onFrame: async () => undefined,
    onTooLarge: () => undefined,
  });
  session.open();
  return { session, relay, states, up: up.promise };
}
const later = () => Date.now() + 60_000;

it('shows each relay a token for that relay alone', async () => {
  const { session, relay, up, states } = await rig(['ws://a:1', 'ws://b:2/']);
  await up;
  const sockets = [await relay.dialled(0), await relay.dialled(1)];
  const claims = sockets.map(({ url }) => {
    const token = parseToken(url.search.slice(1));
    return token.ok ? token.value.claims : undefined;
  });
  expect(sockets.map(({ url }) => url.host).sort()).toEqual(['a:1', 'b:2']);
  expect(claims).toMatchObject(sockets.map(({ url }) => ({ sub: 1, sid: 'sid', aud: [url.host] })));
  await expect.poll(() => states.toSorted()).toEqual(['a:1 true', 'b:2 true']);
  await session.close();
});

it('hands an envelope to a connected relay, and gives waiting ones up at the end', async () => {
  const { session, up } = await rig(['ws://a:1']);
  await up;
  expect(await session.send(new Uint8Array([1]), later())).toMatchObject({ sent: 'sent' });
  expect(await session.close()).toBe(true);
  expect(await session.send(new Uint8Array([1]), later())).toMatchObject({ sent: 'closed' });
});

it('says of a session that was never connected that no relay has everything', async () => {
  const { session } = await rig(['ws://a:1'], false);
  const waiting = session.send(new Uint8Array([1]), later());
  session.stopSending();
  expect(await waiting).toMatchObject({ sent: 'closed' });
  expect(await session.close()).toBe(false);
});

it('asks for a sign of life with an envelope from itself to itself', async () => {
  const { session, relay } = await rig(['ws://a:1'], false);
  const socket = await relay.dialled(0);
  await expect.poll(() => socket.envelopes.length).toBe(1);
  const own = { twin: 1, connection: 'sid' };
  expect(socket.envelopes).toMatchObject([{ source: own, destination: own, content: { kind: 'ping' } }]);
  await session.close();
});

it('reports when senders wait for room, and when they wait no more', async () => {
  const states: boolean[] = [];
  const { session } = await rig(['ws://a:1'], false, () => {
    if (states.at(-1) !== session.kept.isFull) states.push(session.kept.isFull);
  });
  const large = new Uint8Array(40 * 2 ** 20);
  const sending = [session.send(large, later()), session.send(large, later())];
  expect(states).toEqual([false, true]);
  expect(session.idle.isReached).toBe(false);
  session.stopSending();
  await Promise.all(sending);
  expect(states).toEqual([false, true, false]);
  expect(session.idle.isReached).toBe(true);
  await session.close();
});

it('looks at its sockets when the host wakes, until it is closed', async () => {
  const lookers = new Set<() => void>();
  const wakes: Wakes = (look) => {
    lookers.add(look);
    return () => void lookers.delete(look);
  };
  const { session, relay, up } = await rig(['ws://a:1'], true, undefined, wakes);
  await up;
  const socket = await relay.dialled(0);
  expect(socket.pings).toBe(0);
  for (const look of lookers) look();
  expect(socket.pings).toBe(1);
  await session.close();
  expect(lookers.size).toBe(0);
});
