import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyEnvelope } from '../../test/rig/envelopes/any-envelope.ts';
import { forgerOf } from '../../test/rig/envelopes/forgeries.ts';
import { decodeEnvelope, type Envelope, encodeEnvelope } from '../envelope/envelope-codec.ts';
import { signedString } from '../envelope/signed-string.ts';
import { canonical } from './canonical.ts';
import { needleOf, occurrences } from './occurrences.ts';
import { addSeal, checkSeal, SEAL_LENGTH, SEAL_MARK, splitSeal, withoutSeals } from './seal.ts';

const text = new TextDecoder();
const joined = (parts: readonly Uint8Array[]) => text.decode(Buffer.concat(parts));

describe('a seal', () => {
  it('is added to every envelope without the mark, and is valid after encoding', () => {
    fc.assert(
      fc.property(anyEnvelope, (envelope) => {
        const sealed = addSeal(envelope);
        if (!sealed.ok) return;
        const decoded = decodeEnvelope(encodeEnvelope(sealed.value));
        if (!decoded.ok) throw new Error(decoded.error.detail);
        expect(checkSeal(decoded.value)).toEqual({ ok: true, value: 'sealed' });
        expect(joined(signedString(sealed.value)).split(SEAL_MARK)).toHaveLength(2);
      }),
    );
  });

  it('is invalid after any change of any field', () => {
    fc.assert(
      fc.property(anyEnvelope, anyEnvelope, fc.nat(9), (envelope, other, place) => {
        const sealed = addSeal(envelope);
        if (!sealed.ok) return;
        const keys = ['uid', 'timestamp', 'expiration', 'source', 'destination', 'content', 'schema', 'federation'];
        const key = [...keys, 'payload', 'relays'][place] ?? 'uid';
        const changed: Envelope = { ...sealed.value, ...Object.fromEntries([[key, Reflect.get(other, key)]]) };
        const tags = splitSeal(sealed.value.tags)?.tags;
        const isSame = joined(canonical(changed, tags)) === joined(canonical(sealed.value, tags));
        expect(checkSeal(changed).ok).toBe(isSame);
      }),
    );
  });

  it('is not added where the mark would occur twice, across any fields', () => {
    const mark = (envelope: Partial<Envelope>) =>
      addSeal({ uid: 'u', timestamp: 1n, expiration: 1n, relays: [], ...envelope });
    const refused = { ok: false, error: { reason: 'mark-in-text' } };
    expect(mark({ uid: `a${SEAL_MARK}b` })).toEqual(refused);
    expect(mark({ schema: 'rmb.', federation: 'seal2=' })).toEqual(refused);
    expect(mark({ payload: { kind: 'plain', bytes: Buffer.from(`x${SEAL_MARK}`) } })).toEqual(refused);
    expect(mark({ relays: ['rmb', '.s', 'eal2', '='] })).toEqual(refused);
    expect(mark({ relays: ['rmb', '.s', 'eal2'] }).ok).toBe(true);
  });

  it('replaces seals in the tags', () => {
    const seal = `${SEAL_MARK}${'A'.repeat(43)}`;
    expect(withoutSeals(seal)).toBeUndefined();
    expect(withoutSeals('')).toBeUndefined();
    expect(withoutSeals(`one,${seal}`)).toBe('one');
    expect(withoutSeals(`one ${seal},two`)).toBe('one,two');
    expect(withoutSeals(`${SEAL_MARK}short`)).toBe(`${SEAL_MARK}short`);
    const sealed = addSeal({ uid: 'u', tags: `one,${seal}`, timestamp: 1n, expiration: 1n, relays: [] });
    expect(sealed.ok && sealed.value.tags).toMatch(new RegExp(`^one,${SEAL_MARK}.{43}$`));
  });

  it('has a fixed length', () => {
    const sealed = addSeal({ uid: 'u', timestamp: 1n, expiration: 1n, relays: [] });
    expect(sealed.ok && sealed.value.tags?.length).toBe(SEAL_LENGTH);
  });
});

describe('occurrences', () => {
  it('are found in the whole string, wherever its parts meet', () => {
    const needle = needleOf('r=x');
    const parts = fc.array(fc.stringMatching(/^[r=xy]{0,6}$/), { maxLength: 6 });
    fc.assert(
      fc.property(parts, (strings) => {
        const found = occurrences(
          strings.map((each) => Buffer.from(each)),
          needle,
        );
        expect(found).toBe(strings.join('').split('r=x').length - 1);
      }),
      { numRuns: 5000 },
    );
  });
});

/** Returns a generator of numbers in [0, 1) by a seed: mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 20 });
const optional = fc.option(ascii, { nil: undefined });
const twin = fc.integer({ min: 1, max: 30_000 });
/** Returns a sealed envelope as a peer of this project signs it, all ASCII. */
const sealable: fc.Arbitrary<Envelope> = fc
  .record({
    uid: fc.oneof(fc.uuid(), ascii, fc.constant('179598416030179my.command')),
    tags: optional,
    timestamp: fc.bigInt({ min: 1_795_984_000n, max: 1_795_985_000n }),
    expiration: fc.bigInt({ min: 1n, max: 1800n }),
    source: fc.record({ twin, connection: optional }),
    destination: fc.record({ twin, connection: optional }),
    content: fc.oneof(
      fc.record({ kind: fc.constant('request' as const), command: ascii }),
      fc.constant({ kind: 'response' as const }),
      fc.record({ kind: fc.constant('error' as const), code: fc.nat(600), message: ascii }),
    ),
    schema: optional,
    federation: optional,
    payload: ascii.map((value) => ({ kind: 'plain' as const, bytes: Buffer.from(value) })),
    relays: fc.array(ascii, { maxLength: 3 }),
  })
  .map(({ tags, ...rest }) => (tags === undefined ? rest : { ...rest, tags }));

/** A hash that is fast enough for a million envelopes. */
const NODE = { sha256Text: (parts: readonly Uint8Array[]) => hash('sha256', Buffer.concat(parts), 'base64url') };
/** Forgeries of one envelope, and of how many envelopes: a million in all. */
const EACH = 2_000;
const ENVELOPES = 500;

describe('a million re-splits of sealed envelopes', () => {
  it('are refused by the seal if they are another envelope', () => {
    let made = 0;
    let refused = 0;
    for (const [n, envelope] of fc.sample(sealable, { numRuns: ENVELOPES, seed: 7 }).entries()) {
      const sealed = addSeal(envelope);
      if (!sealed.ok) throw new Error(sealed.error.reason);
      const forge = forgerOf(sealed.value, randomOf(n));
      for (let round = 0; round < EACH; ) {
        const forged = forge();
        if (forged === undefined) continue;
        round += 1;
        made += 1;
        if (round === 1) expect(joined(signedString(forged))).toBe(joined(signedString(sealed.value)));
        if (!checkSeal(forged, undefined, NODE).ok) refused += 1;
        else expect(joined(canonical(forged, forged.tags))).toBe(joined(canonical(sealed.value, sealed.value.tags)));
      }
    }
    expect(made).toBe(EACH * ENVELOPES);
    // Nearly all splits must be another envelope. Otherwise the test would show nothing.
    expect(refused).toBeGreaterThan(0.95 * made);
  }, 300_000);
});
