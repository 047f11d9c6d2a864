import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LAST_SEQUENCE } from '../../proto/custody/frame.ts';
import { encodeEnvelope } from '../../proto/envelope/envelope.ts';
import type { CustodyWay } from '../custody/session.ts';
import { type Relay, Relays } from './relays.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const WINDOW = { messages: 1, bytes: 1_000 };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Returns relays with one custody session, whose window has room for one envelope, and what was written to it. */
function open() {
  const written: string[] = [];
  const way: CustodyWay = {
    name: 'relay',
    ask: async () => undefined,
    write: (sequence, bytes) => written.push(`${sequence} ${new TextDecoder().decode(bytes)}`),
  };
  const relay = { name: 'relay', isOpen: true, isSlow: false, limit: undefined, custody: way, send: async () => false };
  const relays = new Relays([relay satisfies Relay]);
  relays.opened(way, WINDOW);
  const send = async (text: string) => {
    void relays.send(bytesOf(text), Date.now() + 300_000);
    await Promise.resolve();
  };
  return { relays, relay, way, written, send };
}

it('sends what a receipt made room for once, if the relay has also lost its memory', async () => {
  const { relays, way, written, send } = open();
  for (const text of ['a', 'b']) await send(text);
  relays.receive(way, [{ first: 1, last: 1, outcome: 'delivered' }], LAST_SEQUENCE + 1);
  expect(written).toEqual(['1 a', '2 b']);
  relays.end();
});

it('sends again what has no receipt, also if it had waited for a connection for long', async () => {
  const { relays, relay, way, written, send } = open();
  await send('a');
  relay.isOpen = false;
  relays.lost(way);
  vi.advanceTimersByTime(30_000);
  relays.opened(way, WINDOW);
  relay.isOpen = true;
  relays.wake();
  expect(written).toEqual(['1 a', '1 a']);
  vi.advanceTimersByTime(5_000);
  expect(written).toEqual(['1 a', '1 a', '2 a']);
  relays.end();
});

it('sends again what was refused for a reason that passes, after its pause', async () => {
  const { relays, way, written, send } = open();
  await send('a');
  relays.receive(way, [{ first: 1, last: 1, outcome: 'undelivered' }]);
  vi.advanceTimersByTime(1_000);
  expect(written).toEqual(['1 a', '2 a']);
  relays.receive(way, [{ first: 2, last: 2, outcome: 'undelivered' }]);
  vi.advanceTimersByTime(2_000);
  expect(written).toEqual(['1 a', '2 a', '3 a']);
  relays.end();
});

it('sends nothing to a twin that is overloaded until its pause is over, and holds up no other twin', async () => {
  const { relays, way, written } = open();
  relays.opened(way, { messages: 10, bytes: 1_000 });
  const send = async (twin: number, uid: string, seconds = 300) => {
    const fields = { uid, timestamp: 0n, expiration: 0n, destination: { twin }, relays: [] };
    const sent = relays.send(encodeEnvelope(fields), Date.now() + seconds * 1000);
    await Promise.resolve();
    return sent;
  };
  const uids = () => written.map((line) => /[ab]\d/.exec(line)?.[0]);
  relays.pause(2, 3);
  void send(2, 'a1');
  const late = send(2, 'a2', 1);
  void send(2, 'a3');
  void send(3, 'b1');
  await vi.advanceTimersByTimeAsync(2_999);
  expect(uids()).toEqual(['b1']);
  expect(await late).toMatchObject({ sent: 'late' });
  await vi.advanceTimersByTimeAsync(1);
  expect(uids()).toEqual(['b1', 'a1', 'a3']);
  relays.end();
});
