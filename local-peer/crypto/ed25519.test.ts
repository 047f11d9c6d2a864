import { createHash, createPublicKey, verify } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ed25519Signer, ed25519Verifier } from './ed25519.ts';
import { edwardsSums } from './edwards-points.ts';

const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;
const P = Point.Fp.ORDER;
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');
const ours = ed25519Verifier();

/** OpenSSL, whose versions differ in points of small order only. */
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

/** RFC 8032, §5.1.7, without the cofactor; points that are written in another way, or of small order, are none. */
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

/** All points of small order: multiples of one of order 8. */
const EIGHTH = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a');
const SMALL = Array.from({ length: 8 }, (_, n) => EIGHTH.multiplyUnsafe(BigInt(n)));

/** All ways to write a point: y may be larger than the field, x = 0 may be called odd. */
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

/** Signatures that their maker bent: key and commitment with a part of small order, an answer that is too long. */
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

test('takes of bent signatures those that RFC 8032 and OpenSSL take', () => {
  let taken = 0;
  fc.assert(
    fc.property(bent, ({ account, text, signature }) => {
      const expected = rfc8032(account, text, signature);
      expect(openssl(account, text, signature)).toBe(expected);
      expect(ours(account, text, signature)).toBe(expected);
      if (expected) taken += 1;
    }),
    { numRuns: 1000 },
  );
  expect(taken).toBeGreaterThan(20);
});

test('takes no key and no commitment of small order, in no way to write one', () => {
  const { account } = ed25519Signer(new Uint8Array(32).fill(7));
  const small = SMALL.flatMap(waysToWrite);
  expect(small.length).toBe(14);
  for (const key of [...small, account]) {
    for (const commitment of small) {
      const signature = Uint8Array.of(...commitment, ...new Uint8Array(32));
      for (let n = 0; n < 8; n += 1) expect(ours(key, Uint8Array.of(n), signature)).toBe(false);
    }
  }
});

test('takes no signature by a key of small order with a commitment of any order, which anybody can make', () => {
  const commitment = Point.BASE.multiply(3n).toBytes();
  const signature = Uint8Array.of(...commitment, ...written(3n));
  for (const key of SMALL.flatMap(waysToWrite)) {
    // For one text in eight, or for all, the sum is that commitment.
    for (let n = 0; n < 32; n += 1) expect(ours(key, Uint8Array.of(n), signature)).toBe(false);
  }
});

test('takes no commitment of small order, though the owner of a key can make an answer to one', () => {
  for (const [n, part] of SMALL.entries()) {
    const account = Point.BASE.multiply(5n).add(part).toBytes();
    for (const small of SMALL) {
      const commitment = small.toBytes();
      const hash = createHash('sha512').update(commitment).update(account).update(Uint8Array.of(n)).digest();
      const signature = Uint8Array.of(...commitment, ...written(Point.Fn.create(read(hash) * 5n)));
      expect(ours(account, Uint8Array.of(n), signature)).toBe(false);
    }
  }
});

test('reads no point that is written with a y beyond the field, or has a small order, in no way to write it', () => {
  const [sums, scalar] = [edwardsSums(), new Uint8Array(32)];
  const points = Array.from({ length: 19 }, (_, n) => BigInt(n)).filter((y) => {
    try {
      return !Point.fromBytes(written(y)).isSmallOrder();
    } catch {
      return false;
    }
  });
  expect(points.length).toBeGreaterThan(5);
  for (const y of points) {
    expect(sums.difference(scalar, scalar, written(y))).toEqual(Point.ZERO.toBytes());
    expect(() => sums.difference(scalar, scalar, written(y + P))).toThrow(RangeError);
  }
  for (const small of SMALL.flatMap(waysToWrite)) {
    expect(() => sums.difference(scalar, scalar, small)).toThrow(RangeError);
  }
});

test('any bytes, and signatures with any byte of key, text or signature changed: as OpenSSL', () => {
  fc.assert(
    fc.property(bytes(32), message, bytes(64), fc.nat(63), fc.nat(255), (seed, text, noise, at, value) => {
      const signer = ed25519Signer(seed);
      expect(ours(seed, text, noise)).toBe(openssl(seed, text, noise));
      const good = ed25519.sign(text, seed);
      const { account } = signer;
      expect(ours(account, text, good)).toBe(true);
      for (const signature of [good.with(at, value), good.subarray(0, at), Uint8Array.of(...good, value)]) {
        expect(ours(account, text, signature)).toBe(openssl(account, text, signature));
      }
      const other = account.with(at % 32, value);
      expect(ours(other, text, good)).toBe(openssl(other, text, good));
      expect(ours(account, Uint8Array.of(...text, value), good)).toBe(false);
      expect(ours(account.subarray(0, at % 32), text, good)).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test('takes an answer in the one way there is to write it, though others are the same modulo the order', () => {
  const [secret, text] = [5n, Uint8Array.of(1)];
  const account = Point.BASE.multiplyUnsafe(secret).toBytes();
  const commitment = Point.BASE.multiplyUnsafe(3n).toBytes();
  const hash = createHash('sha512').update(commitment).update(account).update(text).digest();
  const answer = Point.Fn.create(3n + read(hash) * secret);
  const judged = [0n, 1n, 2n, 15n].map((times) =>
    ours(account, text, Uint8Array.of(...commitment, ...written(answer + times * ORDER))),
  );
  expect(judged).toEqual([true, false, false, false]);
});
