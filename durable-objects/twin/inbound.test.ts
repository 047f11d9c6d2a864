import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEnvelope, type Envelope, encodeEnvelope } from '../../proto/envelope.ts';
import { type Departure, receive, uidOf } from './inbound.ts';

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

function take(frame: string | Uint8Array, maxBytes = 1000, isWithinLimit = true) {
  const seen = {
    closes: [] as number[],
    replies: [] as Uint8Array[],
    refusals: [] as string[],
    departures: [] as Departure[],
  };
  const bytes = typeof frame === 'string' ? frame : new Uint8Array(frame).buffer;
  void receive(
    bytes,
    session,
    { maxBytes, now: NOW },
    {
      close: ({ code }) => void seen.closes.push(code),
      admit: () => isWithinLimit,
      reply: (reply) => void seen.replies.push(reply),
      refuse: (what, reason) => void seen.refusals.push(`${uidOf(what.bytes)} ${what.isRequest} ${reason}`),
      depart: (departure) => {
        seen.departures.push(departure);
        return undefined;
      },
    },
  );
  return seen;
}

describe('receive', () => {
  it('sends an envelope on its way with the bytes it came in', () => {
    const bytes = encodeEnvelope(envelope({ tags: 'a, fail-fast' }));
    const [departure] = take(bytes).departures;
    expect(departure).toEqual({
      from: session,
      to: { twin: 2, connection: 'x' },
      bytes,
      isRequest: true,
      failFast: true,
      expiresAt: 1_800_000_060,
      arrivedAt: NOW,
    });
  });

  it('survives times beyond what a number holds', () => {
    const [departure] = take(
      encodeEnvelope(envelope({ timestamp: 2n ** 64n - 1n, expiration: 2n ** 64n - 1n })),
    ).departures;
    expect(departure?.expiresAt).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('refuses without answering what is no request', () => {
    expect(take(encodeEnvelope(envelope({ source: { twin: 9 } }))).refusals).toEqual(['u true wrong-source']);
    expect(take(encodeEnvelope(envelope({ source: { twin: 9 }, content: { kind: 'response' } }))).refusals).toEqual([
      'u false wrong-source',
    ]);
  });

  it('drops what exceeds the limit of its twin, and tells the sender of a request, before anything else', () => {
    const over = (fields: Partial<Envelope>) => take(encodeEnvelope(envelope(fields)), 1000, false);
    expect(over({ source: { twin: 9 } })).toMatchObject({ refusals: ['u true rate-limited'], departures: [] });
    expect(over({ content: { kind: 'ping' } })).toMatchObject({ refusals: ['u false rate-limited'], replies: [] });
  });

  it('answers a ping itself', () => {
    const [reply] = take(encodeEnvelope(envelope({ content: { kind: 'ping' } }))).replies;
    expect(decodeEnvelope(reply ?? new Uint8Array())).toMatchObject({ ok: true, value: { content: { kind: 'pong' } } });
  });

  it('closes on text, on what is too large and on what is no envelope', () => {
    expect(take('hello').closes).toEqual([1003]);
    expect(take(new Uint8Array(1001)).closes).toEqual([1009]);
    expect(take(new Uint8Array([255])).closes).toEqual([1007]);
  });

  it('does exactly one thing with any frame', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (frame) => {
        const { closes, replies, refusals, departures } = take(frame);
        expect(closes.length + replies.length + refusals.length + departures.length).toBe(1);
      }),
      { numRuns: 1000 },
    );
  });
});
