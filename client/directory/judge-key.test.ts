import { secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { agreementOf } from '../crypto/agreement.ts';
import { judgeKey } from './judge-key.ts';

const point = secp256k1.Point.BASE;
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
/** 5 is the x of no point. */
const NO_POINT = `${'00'.repeat(31)}05`;

it.each<[string, Uint8Array | null, string]>([
  ['a compressed point', point.toBytes(true), 'valid'],
  ['an uncompressed point', point.toBytes(false), 'valid'],
  ['no key', null, 'absent'],
  ['zero bytes', new Uint8Array(0), 'absent'],
  ['an x that is on no curve point', bytes(`02${NO_POINT}`), 'broken'],
  ['an x beyond the field', bytes(`02${'ff'.repeat(32)}`), 'broken'],
  ['another prefix', bytes(`05${Buffer.from(point.toBytes(true).subarray(1)).toString('hex')}`), 'broken'],
  ['a hybrid point', Uint8Array.of(6 + Number(point.y & 1n), ...point.toBytes(false).subarray(1)), 'broken'],
  ['32 bytes', point.toBytes(true).subarray(1), 'broken'],
  ['34 bytes', Uint8Array.of(...point.toBytes(true), 0), 'broken'],
  ['one byte, the point at infinity', Uint8Array.of(0), 'broken'],
])('judges %s', (_, pk, kind) => {
  expect(judgeKey(pk)).toEqual(kind === 'absent' ? { kind } : { kind, bytes: pk });
});

it('calls a key valid exactly when a shared key can be made with it', () => {
  const agreement = agreementOf(new Uint8Array(32).fill(1));
  const key = fc.oneof(
    fc.uint8Array({ maxLength: 70 }),
    fc
      .tuple(fc.constantFrom(2, 3), fc.uint8Array({ minLength: 32, maxLength: 32 }))
      .map(([head, x]) => Uint8Array.of(head, ...x)),
  );
  fc.assert(
    fc.property(key, (pk) => {
      if (judgeKey(pk).kind === 'valid') agreement.sharedKey(pk);
      else expect(() => agreement.sharedKey(pk)).toThrow();
    }),
  );
});
