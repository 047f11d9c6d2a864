import * as scure from '@scure/sr25519';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openSr25519 } from './sr25519.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const message = fc.uint8Array({ maxLength: 600 });

test('signatures with the same random bytes are those of @scure/sr25519, byte for byte', async () => {
  const sr25519 = await openSr25519();
  fc.assert(
    fc.property(bytes(32), message, bytes(32), (seed, text, random) => {
      const expected = scure.sign(scure.secretFromSeed(seed), text, random);
      expect(sr25519.signer(seed).signWith(text, random)).toEqual(expected);
    }),
    { numRuns: 50 },
  );
});

test('signatures are the same over texts of all lengths: what a transcript does next begins anywhere in a block', async () => {
  const seed = new Uint8Array(32).fill(5);
  const [signer, secret, random] = [(await openSr25519()).signer(seed), scure.secretFromSeed(seed), new Uint8Array(32)];
  for (let length = 0; length < 166; length += 1) {
    const text = new Uint8Array(length).fill(length);
    expect(signer.signWith(text, random)).toEqual(scure.sign(secret, text, random));
  }
});

test('signatures never have the same commitment, and would not for two messages if random bytes repeated', async () => {
  const signer = (await openSr25519()).signer(new Uint8Array(32).fill(3));
  const commitment = (signature: Uint8Array) => Buffer.from(signature.subarray(0, 32)).toString('hex');
  const text = new Uint8Array(8);
  const same = new Uint8Array(32);
  const all = [
    ...(await Promise.all(Array.from({ length: 50 }, () => signer.sign(text)))),
    signer.signWith(text, same),
    signer.signWith(text.with(0, 1), same),
  ];
  expect(new Set(all.map(commitment)).size).toBe(52);
});
