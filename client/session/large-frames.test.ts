import { describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { LargeFrames, limitAfter } from './large-frames.ts';

function frame(uid: string, bytes: number): Uint8Array {
  return encodeEnvelope({
    uid,
    timestamp: 1n,
    expiration: 60n,
    destination: { twin: 7 },
    content: { kind: 'request', command: 'x' },
    payload: { kind: 'plain', bytes: new Uint8Array(bytes) },
    relays: [],
  });
}

function given(...frames: readonly Uint8Array[]): LargeFrames {
  const large = new LargeFrames();
  for (const each of frames) large.add(each);
  return large;
}

describe('LargeFrames', () => {
  it('names all envelopes over a known limit, with their sizes', () => {
    const large = given(frame('a', 5_000), frame('b', 2_000), frame('c', 9_000));
    expect(large.refused(4_000)).toMatchObject([
      { uid: 'a', destination: { twin: 7 }, isRequest: true, size: frame('a', 5_000).length },
      { uid: 'c' },
    ]);
    expect(large.refused(4_000)).toEqual([]);
  });

  it('names the largest envelope when the limit is not known', () => {
    expect(given(frame('a', 5_000), frame('b', 9_000), frame('c', 2_000)).refused(undefined)).toMatchObject([
      { uid: 'b' },
    ]);
  });

  it('names nothing when a socket was given nothing large', () => {
    expect(given(frame('a', 10)).refused(undefined)).toEqual([]);
    const large = given(frame('a', 5_000));
    large.clear();
    expect(large.refused(undefined)).toEqual([]);
  });
});

describe('limitAfter', () => {
  it('is what the relay names, at least 1 KiB; else one byte less than what the relay refused', () => {
    const refused = given(frame('a', 5_000)).refused(undefined);
    expect(limitAfter(refused, 4_000)).toEqual({ bytes: 4_000, isNamed: true });
    expect(limitAfter([], 0)).toEqual({ bytes: 1_024, isNamed: true });
    expect(limitAfter(refused, undefined)).toEqual({ bytes: frame('a', 5_000).length - 1, isNamed: false });
    expect(limitAfter([], undefined)).toBeUndefined();
  });
});
