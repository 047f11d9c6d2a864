import { ristretto255 } from '@noble/curves/ed25519.js';
import { __tests } from '@scure/sr25519';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IMPLEMENTATIONS, NODE } from '../../test/rig/envelopes/implementations.ts';
import { PORTABLE } from './portable.ts';

const { Point } = ristretto255;
const ORDER = Point.Fn.ORDER;
const P = Point.Fp.ORDER;

const written = (value: bigint) => Uint8Array.from({ length: 32 }, (_, n) => Number((value >> BigInt(8 * n)) & 0xffn));
const read = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
/** Returns a signature of a commitment and an answer, with schnorrkel's marker. */
const marked = (commitment: Uint8Array, answer: bigint) =>
  Uint8Array.of(...commitment, ...written(answer | (1n << 255n)));
const answerOf = (signature: Uint8Array) => read(signature.subarray(32)) & (2n ** 255n - 1n);

/** Signs with a chosen scalar and witness. No signer does that, but the owner of a key can. */
function signedWith(secret: bigint, witness: bigint, text: Uint8Array): Uint8Array {
  const commitment = witness === 0n ? Point.ZERO : Point.BASE.multiply(witness);
  const transcript = new __tests.SigningContext('SigningContext');
  transcript.label(new TextEncoder().encode('substrate'));
  transcript.bytes(text);
  transcript.protoName('Schnorr-sig');
  transcript.appendMessage('sign:pk', Point.BASE.multiply(secret).toBytes());
  transcript.appendMessage('sign:R', commitment.toBytes());
  return marked(commitment.toBytes(), Point.Fn.create(witness + transcript.challengeScalar('sign:c') * secret));
}

const TEXT = new Uint8Array(3);
const signer = await PORTABLE.signer(new Uint8Array(32).fill(7), 'sr25519');
const good = await signer.sign(TEXT);
const R = good.subarray(0, 32);
const NEUTRAL = new Uint8Array(32);
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const scalar = fc.bigInt({ min: 1n, max: ORDER - 1n });

describe.each(IMPLEMENTATIONS)('%s', (_, by) => {
  const verifies = (account: Uint8Array, signature: Uint8Array, text = TEXT) =>
    by.verify('sr25519', account, text, signature);

  test('accepts only the canonical encoding of an answer, and never 0', async () => {
    expect(await verifies(signer.account, good)).toBe(true);
    for (const answer of [answerOf(good) + ORDER, 0n, ORDER, ORDER - 1n, 2n ** 255n - 1n]) {
      expect(await verifies(signer.account, marked(R, answer))).toBe(false);
    }
  });

  test('refuses a signature without the marker of schnorrkel', async () => {
    expect(await verifies(signer.account, good.with(63, (good[63] ?? 0) & 0x7f))).toBe(false);
  });

  test('refuses a signature by the neutral key, which anybody can make', async () => {
    const anybody = marked(Point.BASE.multiply(3n).toBytes(), 3n);
    for (const signature of [anybody, good, marked(NEUTRAL, 0n), marked(R, 0n), marked(NEUTRAL, answerOf(good))]) {
      expect(await verifies(NEUTRAL, signature)).toBe(false);
    }
  });

  test('refuses a non-canonical key or commitment, and one that is no point', async () => {
    for (const [key, commitment] of [
      [signer.account, NEUTRAL],
      ...[P, P - 1n, P + 1n, 1n, 2n ** 255n - 1n, 2n ** 255n, 2n ** 256n - 1n].flatMap((odd) => [
        [written(odd), R] as const,
        [signer.account, written(odd)] as const,
      ]),
      ...[read(signer.account), read(R)].flatMap((even) => [
        [written(P - even), R] as const,
        [written(even | (1n << 255n)), R] as const,
        [signer.account, written(P - even)] as const,
        [signer.account, written(even | (1n << 255n))] as const,
      ]),
    ] as const) {
      expect(await verifies(key, Uint8Array.of(...commitment, ...good.subarray(32)))).toBe(false);
    }
  });

  test('accepts a signature of the owner with any witness, and only for the owner’s key', async () => {
    await fc.assert(
      fc.asyncProperty(scalar, fc.oneof(scalar, fc.constant(0n)), bytes(32), async (secret, witness, key) => {
        const text = written(secret);
        const signature = signedWith(secret, witness, text);
        expect(await verifies(Point.BASE.multiply(secret).toBytes(), signature, text)).toBe(true);
        expect(await verifies(key, signature, text)).toBe(false);
        expect(await verifies(key.with(0, (key[0] ?? 0) & 0xfe).with(31, (key[31] ?? 0) & 0x7f), signature, text)).toBe(
          false,
        );
      }),
      { numRuns: 50 },
    );
  });

  test('refuses an account or signature of another length', async () => {
    const cut = (original: Uint8Array, length: number) => Uint8Array.from({ length }, (_, n) => original[n] ?? 0);
    for (const length of [0, 31, 33, 100]) expect(await verifies(cut(signer.account, length), good)).toBe(false);
    for (const length of [0, 63, 65, 96, 97, 200]) {
      expect(await verifies(signer.account, cut(good, length))).toBe(false);
    }
  });

  test('verifies after any number of keys that are no points', async () => {
    // Each panic of Rust leaks memory of its instance. So many would exhaust it.
    for (let n = 0; n < 3_000; n += 1) {
      expect(await verifies(written(2n ** 255n - 1n - BigInt(n) * 2n), good)).toBe(false);
    }
    expect(await verifies(signer.account, good)).toBe(true);
  });
});

test('two signatures never have the same commitment', async () => {
  for (const by of [PORTABLE, NODE]) {
    const one = await by.signer(new Uint8Array(32).fill(3), 'sr25519');
    const all = await Promise.all(Array.from({ length: 50 }, () => one.sign(TEXT)));
    expect(new Set(all.map((each) => Buffer.from(each.subarray(0, 32)).toString('hex'))).size).toBe(50);
  }
});

test('signatures are valid over texts of all lengths, around the blocks of the transcript', async () => {
  for (const [, makes] of IMPLEMENTATIONS.slice(0, 2)) {
    const one = await makes.signer(new Uint8Array(32).fill(5), 'sr25519');
    for (let length = 0; length < 170; length += 13) {
      const text = new Uint8Array(length).fill(length);
      const signature = await one.sign(text);
      for (const [, reads] of IMPLEMENTATIONS) {
        expect(await reads.verify('sr25519', one.account, text, signature)).toBe(true);
      }
    }
  }
});
