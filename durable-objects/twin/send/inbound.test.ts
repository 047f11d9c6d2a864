import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame } from '../../../proto/custody/frame.ts';
import { decodeEnvelope, type Envelope, encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import type { Session } from '../sessions/attachment.ts';
import { Inbound } from './inbound.ts';
import { type RoutedEnvelope, uidOf } from './routed-envelope.ts';

const NOW = 1_800_000_000_500;
const session = { twin: 1, host: 'relay.example' };
const envelope = (fields: Partial<Envelope> = {}): Envelope => ({
  uid: 'u',
  timestamp: 1_800_000_000n,
  expiration: 60n,
  source: { twin: 1 },
  destination: { twin: 2, connection: 'x' },
  content: { kind: 'request', command: 'c' },
  relays: [],
  ...fields,
});

type Socket = 'open' | 'closed' | 'unknown';

function take(
  frame: string | Uint8Array,
  maxBytes = 1000,
  isWithinLimit = true,
  socket: Socket = 'open',
  of: Session = session,
) {
  const seen = {
    closes: [] as number[],
    replies: [] as Uint8Array[],
    refusals: [] as string[],
    appended: [] as RoutedEnvelope[],
    received: [] as number[],
    heard: 0,
    custody: [] as string[],
  };
  const inbound = new Inbound<Socket>(maxBytes, {
    host: { now: () => NOW },
    questions: { answer: async () => undefined },
    custody: {
      receive: (_, { receipts }) => void seen.custody.push(`receipts ${receipts.length}`),
      passOn: (isUrgent, called) => void seen.custody.push(`pass on ${isUrgent} ${[...called]}`),
      tell: ({ sequence }, outcome) => void seen.custody.push(`${sequence} ${outcome}`),
    },
    sessions: {
      sessionOf: (each) => (each === 'unknown' ? undefined : of),
      hears: (each) => each === 'open',
    },
    outlets: { send: (_, reply) => void seen.replies.push(reply) },
    close: (_, { code }) => void seen.closes.push(code),
    ledger: {
      heard: () => {
        seen.heard += 1;
      },
    },
    delivery: { heard: () => undefined },
    reporter: { received: (bytes) => void seen.received.push(bytes) },
    limiter: { admit: () => isWithinLimit },
    refusals: {
      refuse: ({ bytes, isRequest }, reason) => void seen.refusals.push(`${uidOf(bytes)} ${isRequest} ${reason}`),
    },
    outbox: {
      append: (each) => {
        if (each.to.connection === 'full') return 'outbox-full';
        seen.appended.push(each);
        return undefined;
      },
    },
  });
  void inbound.receive(socket, typeof frame === 'string' ? frame : new Uint8Array(frame).buffer);
  return seen;
}

describe('Inbound', () => {
  it('appends an envelope to the outbox with the bytes of its frame', () => {
    const bytes = encodeEnvelope(envelope({ tags: 'a, fail-fast' }));
    const [routed] = take(bytes).appended;
    expect(routed).toEqual({
      from: session,
      to: { twin: 2, connection: 'x' },
      bytes,
      isRequest: true,
      failFast: true,
      expiresAt: 1_800_000_060,
      arrivedAt: NOW,
    });
  });

  describe('in a custody session', () => {
    const custody: Session = { ...session, custody: { connection: 77 } };
    const takeIn = (frame: Uint8Array) => take(frame, 1000, true, 'open', custody);
    const data = (...envelopes: Uint8Array[]) =>
      encodeFrame({
        epoch: 1,
        since: 0,
        isUrgent: false,
        receipts: [{ first: 1, last: 2, outcome: 'delivered' }],
        first: 4,
        envelopes,
      });
    const [good, ping] = [encodeEnvelope(envelope()), encodeEnvelope(envelope({ content: { kind: 'ping' } }))];

    it('takes the receipts of a frame, then its envelopes, each with its origin', () => {
      const { appended, custody: told, received } = takeIn(data(good, good));
      expect(appended.map(({ origin }) => origin)).toEqual([
        { twin: 1, connection: 77, sequence: 4 },
        { twin: 1, connection: 77, sequence: 5 },
      ]);
      expect([told, received]).toEqual([
        ['receipts 1', 'pass on false 2'],
        [good.length, good.length],
      ]);
    });

    it('closes the socket on a malformed frame with 1008, and takes nothing behind an invalid envelope', () => {
      expect(takeIn(Uint8Array.of(...data(good), 0))).toMatchObject({ closes: [1008], appended: [], custody: [] });
      const { closes, appended } = takeIn(data(good, Uint8Array.of(255), good));
      expect([closes, appended.length]).toEqual([[1007], 1]);
      expect(takeIn(data(new Uint8Array(1001))).closes).toEqual([1009]);
    });

    it('answers no ping: the acceptance was the answer', () => {
      expect(takeIn(ping)).toMatchObject({ replies: [], closes: [], custody: [] });
      expect(takeIn(data(ping))).toMatchObject({ replies: [], custody: ['receipts 1', '4 handed', 'pass on false '] });
    });

    it('takes a plain envelope as one for which nobody waits', () => {
      expect(takeIn(good).appended.map(({ origin }) => origin)).toEqual([undefined]);
    });

    it('is what a custody frame needs: in a plain session it is no envelope', () => {
      expect(take(data(good))).toMatchObject({ closes: [1007], custody: [] });
    });
  });

  it('takes any frame for a sign of life, unless its socket was closed', () => {
    const frames = [encodeEnvelope(envelope({})), 'text', Uint8Array.of(255, 255)];
    expect(frames.map((frame) => take(frame).heard)).toEqual([1, 1, 1]);
    expect(frames.map((frame) => take(frame, 1000, true, 'closed').heard)).toEqual([0, 0, 0]);
  });

  it('accepts times beyond the exact numbers', () => {
    const [routed] = take(encodeEnvelope(envelope({ timestamp: 2n ** 64n - 1n, expiration: 2n ** 64n - 1n }))).appended;
    expect(routed?.expiresAt).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('refuses an envelope with a wrong source, and says whether it is a request', () => {
    expect(take(encodeEnvelope(envelope({ source: { twin: 9 } }))).refusals).toEqual(['u true wrong-source']);
    expect(take(encodeEnvelope(envelope({ source: { twin: 9 }, content: { kind: 'response' } }))).refusals).toEqual([
      'u false wrong-source',
    ]);
  });

  it('refuses an envelope beyond the rate limit before it checks anything else', () => {
    const over = (fields: Partial<Envelope>) => take(encodeEnvelope(envelope(fields)), 1000, false);
    expect(over({ source: { twin: 9 } })).toMatchObject({ refusals: ['u true rate-limited'], appended: [] });
    expect(over({ content: { kind: 'ping' } })).toMatchObject({ refusals: ['u false rate-limited'], replies: [] });
  });

  it('answers a ping', () => {
    const [reply] = take(encodeEnvelope(envelope({ content: { kind: 'ping' } }))).replies;
    expect(decodeEnvelope(reply ?? new Uint8Array())).toMatchObject({ ok: true, value: { content: { kind: 'pong' } } });
  });

  it('closes the socket on text, on a large frame and on an invalid envelope', () => {
    expect(take('hello').closes).toEqual([1003]);
    expect(take(new Uint8Array(1001)).closes).toEqual([1009]);
    expect(take(new Uint8Array([255])).closes).toEqual([1007]);
  });

  it('does exactly one thing with any frame', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (frame) => {
        const { closes, replies, refusals, appended } = take(frame);
        expect(closes.length + replies.length + refusals.length + appended.length).toBe(1);
      }),
      { numRuns: 1000 },
    );
  });

  it('counts every envelope, but no invalid frame', () => {
    const bytes = encodeEnvelope(envelope());
    expect(take(bytes, 1000, false).received).toEqual([bytes.length]);
    expect(take(new Uint8Array([255])).received).toEqual([]);
  });

  it('refuses an envelope that the outbox has no room for', () => {
    const bytes = encodeEnvelope(envelope({ destination: { twin: 2, connection: 'full' } }));
    expect(take(bytes).refusals).toEqual(['u true outbox-full']);
  });

  it.each(['closed', 'unknown'] as const)('ignores frames of a socket that is %s', (socket) => {
    for (const frame of ['text', encodeEnvelope(envelope())]) {
      const { closes, replies, refusals, appended, received } = take(frame, 1000, true, socket);
      expect([closes, replies, refusals, appended, received].flat()).toEqual([]);
    }
  });
});
