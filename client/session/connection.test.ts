import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Envelope, encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { USED_TWICE } from '../../proto/session-close.ts';
import { type Behaviour, startMemoryRelay } from '../../test/rig/relay/memory-relay.ts';
import type { PartState, SentEnvelope } from '../ports.ts';
import { RelayConnection } from './connection.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const envelope = (uid: string, size = 0): Envelope => ({
  uid,
  timestamp: 1n,
  expiration: 60n,
  source: { twin: 1 },
  destination: { twin: 2 },
  content: { kind: 'request', command: 'x' },
  payload: { kind: 'plain', bytes: new Uint8Array(size) },
  relays: [],
});
const PING: Envelope = { ...envelope('ping'), content: { kind: 'ping' } };

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
afterEach(() => void vi.useRealTimers());

/** One connection. The other side hears nothing until the test says so. */
function rig(behaviour: Behaviour = {}) {
  const relay = startMemoryRelay(behaviour);
  const [states, frames, refused]: [PartState[], Uint8Array[], [SentEnvelope, number | undefined][]] = [[], [], []];
  const connection = new RelayConnection('ws://relay', {
    dial: relay.dial,
    token: async () => 'token',
    pingEnvelope: () => encodeEnvelope(PING),
    onState: (state) => void states.push(state),
    onDate: () => undefined,
    onFrame: async (frame) => void frames.push(frame),
    onTooLarge: (each, limit) => void refused.push([each, limit]),
    log: silent,
  });
  connection.open();
  /** Lets a pause of the backoff pass, and all that follows at once. */
  const later = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
  return { connection, relay, states, frames, refused, later };
}

describe('a connection to a relay', () => {
  it('is open after the first sign of life, not after the handshake', async () => {
    const { connection, relay, states, later } = rig({ hasPings: false });
    await later();
    expect([connection.isOpen, states]).toEqual([false, []]);
    const socket = await relay.dialled(0);
    expect(socket.url.href).toBe('ws://relay/?token');
    socket.hear();
    await later();
    expect([connection.isOpen, states]).toEqual([true, [{ isUp: true, detail: '' }]]);
  });

  it('sends a ping envelope where the host has no ping frames, and ping frames elsewhere', async () => {
    const bare = rig({ hasPings: false });
    await bare.later();
    expect(bare.relay.sockets[0]?.envelopes).toMatchObject([{ uid: 'ping', content: { kind: 'ping' } }]);
    const node = rig();
    await node.later();
    expect([node.relay.sockets[0]?.pings, node.relay.sockets[0]?.envelopes]).toEqual([1, []]);
  });

  it('is given up and made again when the relay stays silent', async () => {
    let isAlive = true;
    const { connection, relay, states, later } = rig({ answersPings: () => isAlive });
    await later();
    expect(connection.isOpen).toBe(true);
    isAlive = false;
    await later(38_000);
    expect(states.at(-1)?.isUp).toBe(false);
    await later(30_000);
    expect(relay.sockets.length).toBeGreaterThan(1);
  });

  it('takes binary frames, and ignores text', async () => {
    const { relay, frames, later } = rig();
    await later();
    relay.sockets[0]?.send(new Uint8Array([1]));
    relay.sockets[0]?.send('text');
    await later();
    expect(frames).toEqual([new Uint8Array([1])]);
  });

  it('comes back after a loss, and reports the same loss once', async () => {
    const { relay, states, later } = rig({ opens: false });
    await later();
    relay.sockets[0]?.end({ code: 1006, detail: 'refused: 401 no' });
    await later(1_000);
    relay.sockets[1]?.end({ code: 1006, detail: 'refused: 401 no' });
    await later(2_000);
    expect(states).toEqual([
      { isUp: false, detail: 'refused: 401 no' },
      { isUp: false, detail: 'refused: 401 no' },
    ]);
    expect(relay.sockets).toHaveLength(3);
  });

  it('waits 12 s before it takes a session back that another program uses', async () => {
    const { relay, states, later } = rig();
    await later();
    relay.sockets[0]?.end({ code: USED_TWICE.code, detail: `${USED_TWICE.code} ${USED_TWICE.reason}` });
    await later(11_999);
    expect([relay.sockets.length, states.at(-1)?.detail]).toEqual([1, expect.stringContaining('used twice')]);
    await later(3_001);
    expect(relay.sockets).toHaveLength(2);
  });

  it('names the envelopes that a relay refuses because of their size, and remembers its limit', async () => {
    const { connection, relay, refused, later } = rig();
    await later();
    await connection.send(encodeEnvelope(envelope('small', 2_000)));
    await connection.send(encodeEnvelope(envelope('large', 5_000)));
    relay.sockets[0]?.end({ code: 1009, detail: '1009 at most 4000 bytes' });
    await later();
    expect(refused).toMatchObject([[{ uid: 'large', destination: { twin: 2 }, isRequest: true }, 4_000]]);
    expect(connection.limit).toEqual({ bytes: 4_000, isNamed: true });
    expect(await connection.send(new Uint8Array(1))).toBe(false);
  });

  it('closes with a handshake, and says whether the relay has everything', async () => {
    const { connection, relay, later } = rig();
    await later();
    expect(await connection.close()).toBe(true);
    await later(60_000);
    expect(relay.sockets).toHaveLength(1);
    const other = rig({ opens: false });
    await other.later();
    expect(await other.connection.close()).toBeUndefined();
  });

  it('reconnects when it is asked to, and not while it finishes', async () => {
    const { connection, relay, later } = rig();
    await later();
    connection.reconnect();
    await later(1_000);
    expect(relay.sockets).toHaveLength(2);
    await connection.finish();
    connection.reconnect();
    await later(1_000);
    expect(relay.sockets).toHaveLength(2);
    expect(relay.sockets[1]?.isPaused).toBe(true);
  });

  it('pings with an envelope only after 30 s without any other sign of life', async () => {
    const { connection, relay, later } = rig({ hasPings: false });
    await later();
    const [socket] = relay.sockets;
    socket?.hear();
    for (let n = 0; n < 3; n += 1) {
      await later(20_000);
      socket?.send(encodeEnvelope(envelope('some')));
    }
    await later(29_999);
    expect(socket?.envelopes).toHaveLength(1);
    await later(1);
    expect(socket?.envelopes).toHaveLength(2);
    await later(10_000);
    expect(connection.isOpen).toBe(false);
  });

  it('asks why about the first two failures in a row, and keeps the reason for the next', async () => {
    const { relay, states, later } = rig({ opens: false });
    await later();
    relay.sockets[0]?.end({ code: 1006, detail: 'expired', isExplained: true });
    await later(1_000);
    relay.sockets[1]?.end({ code: 1006, detail: 'unknown twin', isExplained: true });
    await later(2_000);
    relay.sockets[2]?.end({ code: 1006, detail: 'no connection' });
    await later();
    expect(states.map(({ detail }) => detail)).toEqual(['expired', 'unknown twin', 'unknown twin']);
    expect(relay.sockets.map(({ asksWhy }) => asksWhy)).toEqual([true, true, false]);
  });
});

describe('a look at a connection', () => {
  it('connects at once instead of waiting out the pause', async () => {
    const { connection, relay, later } = rig({ opens: false });
    await later();
    for (let n = 0; n < 8; n += 1) {
      relay.sockets[n]?.end({ code: 1006, detail: 'no connection' });
      await later();
      connection.look();
      await later();
    }
    expect(relay.sockets).toHaveLength(9);
    // An attempt is under way: if it fails, the next one begins at once, and those after it wait.
    connection.look();
    await later();
    expect(relay.sockets).toHaveLength(9);
    relay.sockets[8]?.end({ code: 1006, detail: 'no connection' });
    await later();
    expect(relay.sockets).toHaveLength(10);
    relay.sockets[9]?.end({ code: 1006, detail: 'no connection' });
    await later();
    expect(relay.sockets).toHaveLength(10);
  });

  it('does not take a session back sooner that another program uses', async () => {
    const { connection, relay, later } = rig();
    await later();
    relay.sockets[0]?.end({ code: USED_TWICE.code, detail: `${USED_TWICE.code} ${USED_TWICE.reason}` });
    await later();
    connection.look();
    await later(11_999);
    expect(relay.sockets).toHaveLength(1);
  });

  it('asks an open relay for a sign of life, and gives it up after 5 s without one', async () => {
    let isAlive = true;
    const { connection, relay, later } = rig({ answersPings: () => isAlive });
    await later();
    connection.look();
    await later(5_000);
    expect([connection.isOpen, relay.sockets[0]?.pings]).toEqual([true, 2]);
    isAlive = false;
    connection.look();
    await later(4_999);
    expect(connection.isOpen).toBe(true);
    await later(1);
    expect([connection.isOpen, relay.sockets[0]?.pings]).toEqual([false, 3]);
  });

  it('does nothing after the end', async () => {
    const { connection, relay, later } = rig();
    await later();
    await connection.close();
    connection.look();
    await later(60_000);
    expect(relay.sockets).toHaveLength(1);
  });
});
