import { secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PORTABLE } from '../../proto/crypto/portable.ts';
import type { Primitives } from '../../proto/crypto/primitives.ts';
import { IMPLEMENTATIONS, NODE, WORKER } from '../../test/rig/envelopes/implementations.ts';

/** Who makes, and who reads what was made. */
const PAIRS: readonly (readonly [string, Primitives, Primitives])[] = [
  ['Node reads what the portable ones made', PORTABLE, NODE],
  ['the portable ones read what Node made', NODE, PORTABLE],
  ['the Worker reads what Node made', NODE, WORKER],
];

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const message = fc.uint8Array({ maxLength: 600 });
/** A secp256k1 secret: 32 bytes of which none is too large or 0. */
const secret = bytes(32).map((each) => each.with(0, 0x7f).with(31, 1));

/** The bytes with one bit turned. */
function turned(original: Uint8Array, bit: number): Uint8Array {
  const at = (bit >> 3) % original.length;
  return original.with(at, (original[at] ?? 0) ^ (1 << (bit & 7)));
}

describe.each(PAIRS)('%s', (_, makes, reads) => {
  test.each(['sr25519', 'ed25519'] as const)('signatures, %s; none with a bit turned, by neither', async (scheme) => {
    await fc.assert(
      fc.asyncProperty(bytes(32), message, fc.nat(511), async (seed, text, bit) => {
        const signer = await makes.signer(seed, scheme);
        const { account } = await reads.signer(seed, scheme);
        expect(signer.account).toEqual(account);
        const signature = await signer.sign(text);
        expect(signature).toHaveLength(64);
        expect(await reads.verify(scheme, account, text, signature)).toBe(true);
        const other = turned(Uint8Array.of(...text, 0), bit);
        for (const each of [makes, reads]) {
          expect(await each.verify(scheme, account, text, turned(signature, bit))).toBe(false);
          expect(await each.verify(scheme, account, other, signature)).toBe(false);
          expect(await each.verify(scheme, turned(account, bit), text, signature)).toBe(false);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('ciphers; none with a bit turned, or shorter', async () => {
    await fc.assert(
      fc.asyncProperty(bytes(32), bytes(12), message, fc.nat(), async (key, nonce, text, n) => {
        const cipher = await makes.encrypt(key, nonce, text);
        expect(await reads.decrypt(key, nonce, cipher)).toEqual(text);
        expect(await reads.decrypt(key, nonce, turned(cipher, n))).toBeUndefined();
        expect(await reads.decrypt(key, turned(nonce, n), cipher)).toBeUndefined();
        expect(await reads.decrypt(key, nonce, cipher.subarray(0, n % cipher.length))).toBeUndefined();
      }),
    );
  });

  test('keys that are agreed on', () => {
    fc.assert(
      fc.property(secret, secret, (one, other) => {
        const [ours, theirs] = [makes.agreement(one), reads.agreement(other)];
        expect(ours.publicKey).toEqual(reads.agreement(one).publicKey);
        const key = ours.sharedKey(theirs.publicKey);
        expect(theirs.sharedKey(ours.publicKey)).toEqual(key);
        expect(ours.sharedKey(theirs.publicKey)).toEqual(key);
      }),
      { numRuns: 50 },
    );
  });
});

describe('all judge alike of what strangers send', () => {
  test.each(['sr25519', 'ed25519'] as const)('any bytes as account and signature, %s', async (scheme) => {
    await fc.assert(
      fc.asyncProperty(bytes(32), bytes(64), message, async (account, signature, text) => {
        for (const [, each] of IMPLEMENTATIONS) {
          expect(await each.verify(scheme, account, text, signature)).toBe(false);
        }
      }),
    );
  });

  test('any bytes as a public key', () => {
    const agree = (by: Primitives, publicKey: Uint8Array) => {
      try {
        return by.agreement(new Uint8Array(32).fill(9)).sharedKey(publicKey);
      } catch {
        return 'refused';
      }
    };
    const x = bytes(32);
    const compressed = fc.tuple(fc.nat(8), x).map(([head, rest]) => Uint8Array.of(head, ...rest));
    /** A point as some write it uncompressed: 4, or 6 and 7 with the sign of y. */
    const point = fc.tuple(fc.nat(8), secret).map(([head, each]) => secp256k1.getPublicKey(each, false).with(0, head));
    const long = fc.tuple(fc.nat(8), bytes(64)).map(([head, rest]) => Uint8Array.of(head, ...rest));
    fc.assert(
      fc.property(fc.oneof(compressed, point, long, fc.uint8Array({ maxLength: 70 })), (publicKey) => {
        expect(agree(NODE, publicKey)).toEqual(agree(PORTABLE, publicKey));
      }),
      { numRuns: 200 },
    );
  });
});
