import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterDeliver,
  afterStore,
  type Decision,
  decide,
  isFree,
  ORDINARY,
  type Pace,
  type Unproven,
  WARY,
} from './back-pressure.ts';

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const NOW = 1_800_000_000_000;
const SECOND = 1_000;

/** The only socket of its object, with a client that is never heard. */
function silent(pace: Pace = ORDINARY) {
  let state: Unproven = { bytes: 0 };
  const decisionAt = (bytes: number, seconds: number): Decision => {
    const now = NOW + seconds * SECOND;
    const decision = decide(state, state.bytes, bytes, pace, now);
    if (decision.kind === 'deliver') {
      const next = afterDeliver(state, bytes, pace, now);
      state = { ...next, bytes: next.bytes + bytes };
    } else if (decision.kind === 'store') state = afterStore(state, now);
    return decision;
  };
  return {
    decisionAt,
    /** Offers envelopes of 64 KiB until one is held back. Returns how many bytes were delivered. */
    fillAt: (seconds: number): number => {
      const before = state.bytes;
      while (decisionAt(64 * KIB, seconds).kind === 'deliver');
      return state.bytes - before;
    },
  };
}

describe('a socket with a silent client', () => {
  it('gets 8 MiB at once, then 2 MiB a second, up to 16 MiB', () => {
    const socket = silent();
    expect([0, 1, 2, 3, 4, 5, 3600].map((at) => socket.fillAt(at) / MIB)).toEqual([8, 2, 2, 2, 2, 0, 0]);
  });

  it('gets 256 KiB a second if its mailbox was handed out in vain', () => {
    const socket = silent(WARY);
    expect([0, 1, 2, 3].map((at) => socket.fillAt(at) / KIB)).toEqual([256, 256, 256, 256]);
    expect(socket.fillAt(3600)).toBe(15 * MIB);
  });

  it('is looked at again when the pace has room, but not within a quarter of a second', () => {
    const socket = silent();
    expect(socket.fillAt(0)).toBe(8 * MIB);
    const held = (bytes: number) => socket.decisionAt(bytes, 0);
    expect(held(MIB)).toEqual({ kind: 'store', again: NOW + 500, isOwn: true });
    expect(held(KIB)).toEqual({ kind: 'store', again: NOW + 250, isOwn: true });
    expect(held(9 * MIB)).toEqual({ kind: 'store', again: NOW + 60_000, isOwn: true });
  });

  it('is closed after 60 s with a held envelope, and not before', () => {
    const socket = silent();
    socket.fillAt(0);
    socket.fillAt(10);
    expect(socket.decisionAt(MIB, 59.9).kind).toBe('store');
    expect(socket.decisionAt(MIB, 60)).toEqual({ kind: 'evict', whom: 'this' });
  });

  it('gets an envelope beyond all limits alone', () => {
    expect(silent().decisionAt(20 * MIB, 0).kind).toBe('deliver');
    const socket = silent();
    socket.decisionAt(KIB, 0);
    expect(socket.decisionAt(20 * MIB, 0).kind).toBe('store');
  });
});

describe('the sockets of an object', () => {
  it('have 24 MiB together, and each has a share of 24 KiB that others cannot take', () => {
    const own = { bytes: 20 * KIB };
    const kindOf = (all: number, bytes: number) => decide(own, all, bytes, ORDINARY, NOW).kind;
    expect(kindOf(23 * MIB, MIB)).toBe('deliver');
    expect(kindOf(23 * MIB, MIB + 1)).toBe('store');
    expect(kindOf(24 * MIB, 4 * KIB)).toBe('deliver');
    expect(kindOf(24 * MIB, 4 * KIB + 1)).toBe('store');
    expect([isFree(20 * KIB, 24 * MIB, 4 * KIB), isFree(20 * KIB, 24 * MIB, 5 * KIB)]).toEqual([true, false]);
  });

  it('lose the one with most unproven bytes after 60 s without room', () => {
    const held = decide({ bytes: 30 * KIB }, 24 * MIB, KIB, ORDINARY, NOW);
    expect(held).toEqual({ kind: 'store', again: NOW + 1_000, isOwn: false });
    const over = decide({ bytes: 30 * KIB, heldAt: NOW - 60_000 }, 24 * MIB, KIB, ORDINARY, NOW);
    expect(over).toEqual({ kind: 'evict', whom: 'largest' });
  });
});

const step = fc.record({
  bytes: fc.oneof(fc.integer({ min: 1, max: 64 * KIB }), fc.integer({ min: 1, max: 16 * MIB })),
  afterMs: fc.integer({ min: 0, max: 20_000 }),
  isHeard: fc.boolean(),
});

it('a socket has at most 16 MiB unproven, and each look is within 60 s, whatever is offered', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(ORDINARY, WARY), (steps, pace) => {
      let state: Unproven = { bytes: 0 };
      let now = NOW;
      for (const { bytes, afterMs, isHeard } of steps) {
        now += afterMs;
        if (isHeard) state = { bytes: 0 };
        const decision = decide(state, state.bytes, bytes, pace, now);
        if (isFree(state.bytes, state.bytes, bytes) && pace === ORDINARY) expect(decision.kind).toBe('deliver');
        if (decision.kind === 'deliver') {
          const next = afterDeliver(state, bytes, pace, now);
          state = { ...next, bytes: next.bytes + bytes };
          expect(state.bytes).toBeLessThanOrEqual(16 * MIB);
        } else if (decision.kind === 'store') {
          state = afterStore(state, now);
          expect(decision.again).toBeGreaterThan(now);
          expect(decision.again).toBeLessThanOrEqual(now + 60_000);
        } else expect(now - (state.heldAt ?? now)).toBeGreaterThanOrEqual(60_000);
      }
    }),
  );
});

it('a client that is heard before its free bytes are used up is never slowed', () => {
  const frame = fc.integer({ min: 1, max: 2 * MIB });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 100 }), (frames) => {
      let bytes = 0;
      for (const each of frames) {
        if (bytes + each > 8 * MIB) bytes = 0;
        expect(decide({ bytes }, bytes, each, ORDINARY, NOW).kind).toBe('deliver');
        bytes += each;
      }
    }),
  );
});
