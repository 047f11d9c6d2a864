import { createHash, createPublicKey, verify } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NODE } from '../../test/rig/envelopes/implementations.ts';
import { isStrictEd25519 } from './ed25519.ts';
import { PORTABLE } from './portable.ts';

const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;
const P = Point.Fp.ORDER;
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

/** OpenSSL alone. Its versions differ only in points of small order. */
function openssl(account: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    const key = createPublicKey({ key: Buffer.concat([SPKI_HEAD, account]), format: 'der', type: 'spki' });
    return verify(null, message, key, signature);
  } catch {
    return false;
  }
}

const written = (value: bigint) => Uint8Array.from({ length: 32 }, (_, n) => Number((value >> BigInt(8 * n)) & 0xffn));
const read = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);

/** RFC 8032, section 5.1.7, without the cofactor. Non-canonical points and points of small order are invalid. */
function rfc8032(account: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const [commitment, answer] = [signature.subarray(0, 32), read(signature.subarray(32))];
  if (answer >= ORDER) return false;
  try {
    const [key, sent] = [Point.fromBytes(account), Point.fromBytes(commitment)];
    if (key.isSmallOrder() || sent.isSmallOrder()) return false;
    if (Buffer.compare(key.toBytes(), account) !== 0) return false;
    const challenge = read(createHash('sha512').update(commitment).update(account).update(message).digest()) % ORDER;
    const sum = Point.BASE.multiplyUnsafe(answer).subtract(key.multiplyUnsafe(challenge));
    return Buffer.compare(sum.toBytes(), commitment) === 0;
  } catch {
    return false;
  }
}

/** All points of small order: the multiples of a point of order 8. */
const EIGHTH = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a');
const SMALL = Array.from({ length: 8 }, (_, n) => EIGHTH.multiplyUnsafe(BigInt(n)));

/** Returns all encodings of a point: y may be beyond the field, and x = 0 may be marked as odd. */
function waysToWrite(point: InstanceType<typeof Point>): Uint8Array[] {
  const { x, y } = point.toAffine();
  const signs = x === 0n ? [0n, 1n] : [x & 1n];
  const ys = y + P < 2n ** 255n ? [y, y + P] : [y];
  return ys.flatMap((each) => signs.map((sign) => written(each | (sign << 255n))));
}

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const message = fc.uint8Array({ maxLength: 300 });
const scalar = fc.bigInt({ min: 1n, max: ORDER - 1n });
const part = fc.constantFrom(...SMALL);

/** Signatures with a hostile key: key and commitment with a part of small order, an answer that is too large. */
const bent = fc
  .record({ secret: scalar, nonce: scalar, keyPart: part, part, text: message, over: fc.nat(9) })
  .map(({ secret, nonce, keyPart, part, text, over }) => {
    const account = Point.BASE.multiplyUnsafe(secret).add(keyPart).toBytes();
    const commitment = Point.BASE.multiplyUnsafe(nonce).add(part).toBytes();
    const hash = createHash('sha512').update(commitment).update(account).update(text).digest();
    const answer = Point.Fn.create(nonce + read(hash) * secret);
    const excess = over < 8 ? 0n : over === 8 ? ORDER : 7n * ORDER;
    return { account, text, signature: Uint8Array.of(...commitment, ...written(answer + excess)) };
  });

// The Worker uses the portable one, over which the vectors run in workerd.
describe.each([
  ['Node', NODE],
  ['portable', PORTABLE],
] as const)('%s', (_, by) => {
  const verifies = (account: Uint8Array, text: Uint8Array, signature: Uint8Array) =>
    by.verify('ed25519', account, text, signature);

  test('accepts the hostile signatures that RFC 8032 and OpenSSL accept', async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(bent, async ({ account, text, signature }) => {
        const expected = rfc8032(account, text, signature);
        expect(openssl(account, text, signature)).toBe(expected);
        expect(await verifies(account, text, signature)).toBe(expected);
        if (expected) taken += 1;
      }),
      { numRuns: 1000 },
    );
    expect(taken).toBeGreaterThan(20);
  });

  test('refuses every encoding of a key or commitment of small order', async () => {
    const { account } = await by.signer(new Uint8Array(32).fill(7), 'ed25519');
    const small = SMALL.flatMap(waysToWrite);
    expect(small.length).toBe(14);
    for (const key of [...small, account]) {
      for (const commitment of small) {
        const signature = Uint8Array.of(...commitment, ...new Uint8Array(32));
        for (let n = 0; n < 8; n += 1) expect(await verifies(key, Uint8Array.of(n), signature)).toBe(false);
      }
    }
  });

  test('refuses a signature by a key of small order, with a commitment of any order', async () => {
    const commitment = Point.BASE.multiply(3n).toBytes();
    const signature = Uint8Array.of(...commitment, ...written(3n));
    for (const key of SMALL.flatMap(waysToWrite)) {
      // New versions of OpenSSL refuse it. On old ones the guard must.
      expect(isStrictEd25519(key, signature)).toBe(false);
      // For one text in eight, or for all, the sum is that commitment.
      for (let n = 0; n < 32; n += 1) expect(await verifies(key, Uint8Array.of(n), signature)).toBe(false);
    }
  });

  test('refuses a commitment of small order, although the key is valid', async () => {
    for (const [n, part] of SMALL.entries()) {
      const account = Point.BASE.multiply(5n).add(part).toBytes();
      for (const commitment of SMALL.flatMap(waysToWrite)) {
        const hash = createHash('sha512').update(commitment).update(account).update(Uint8Array.of(n)).digest();
        const signature = Uint8Array.of(...commitment, ...written(Point.Fn.create(read(hash) * 5n)));
        expect(isStrictEd25519(account, signature)).toBe(false);
        expect(await verifies(account, Uint8Array.of(n), signature)).toBe(false);
      }
    }
  });

  test('refuses a key or commitment with a y beyond the field', async () => {
    const text = Uint8Array.of(1);
    const { account } = await by.signer(new Uint8Array(32).fill(7), 'ed25519');
    for (let y = 0n; y < 19n; y += 1n) {
      for (const odd of [written(y + P), written((y + P) | (1n << 255n))]) {
        for (const [key, commitment] of [
          [odd, Point.BASE.toBytes()],
          [account, odd],
        ] as const) {
          const signature = Uint8Array.of(...commitment, ...written(1n));
          expect(isStrictEd25519(key, signature)).toBe(false);
          expect(await verifies(key, text, signature)).toBe(false);
        }
      }
    }
  });

  test('agrees with OpenSSL on any bytes and on changed signatures', async () => {
    await fc.assert(
      fc.asyncProperty(bytes(32), message, bytes(64), fc.nat(63), fc.nat(255), async (seed, text, noise, at, value) => {
        const { account } = await by.signer(seed, 'ed25519');
        expect(await verifies(seed, text, noise)).toBe(openssl(seed, text, noise));
        const good = ed25519.sign(text, seed);
        expect(await verifies(account, text, good)).toBe(true);
        for (const signature of [good.with(at, value), good.subarray(0, at), Uint8Array.of(...good, value)]) {
          expect(await verifies(account, text, signature)).toBe(openssl(account, text, signature));
        }
        const other = account.with(at % 32, value);
        expect(await verifies(other, text, good)).toBe(openssl(other, text, good));
        expect(await verifies(account, Uint8Array.of(...text, value), good)).toBe(false);
        expect(await verifies(account.subarray(0, at % 32), text, good)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  test('accepts only the canonical encoding of an answer', async () => {
    const [secret, text] = [5n, Uint8Array.of(1)];
    const account = Point.BASE.multiplyUnsafe(secret).toBytes();
    const commitment = Point.BASE.multiplyUnsafe(3n).toBytes();
    const hash = createHash('sha512').update(commitment).update(account).update(text).digest();
    const answer = Point.Fn.create(3n + read(hash) * secret);
    const judged = [0n, 1n, 2n, 15n].map((times) =>
      verifies(account, text, Uint8Array.of(...commitment, ...written(answer + times * ORDER))),
    );
    expect(await Promise.all(judged)).toEqual([true, false, false, false]);
  });
});
