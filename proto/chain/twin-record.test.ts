import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chainVectors } from '../../test/rig/chain/chain-vectors.ts';
import { decodeTwin } from './twin-record.ts';

const { twins } = chainVectors;
const records = twins.map(({ scale }) => hexToBytes(scale.slice(2)));

describe('decodeTwin', () => {
  test.each(twins)('decodes twin $twin.id of the chain', ({ twin, scale }) => {
    const decoded = decodeTwin(hexToBytes(scale.slice(2)));
    if (!decoded.ok) throw new Error(decoded.error);
    const { account, pk, ...rest } = decoded.value;
    expect(twin).toMatchObject({ ...rest, account: bytesToHex(account), pk: pk === null ? null : bytesToHex(pk) });
  });

  test('decodes a twin with a relay that is invalid UTF-8', () => {
    const record = records[1]?.slice() ?? new Uint8Array();
    record[38] = 0xff;
    const decoded = decodeTwin(record);
    expect(decoded.ok && decoded.value.relay).toBe('\ufffdelay.grid.tf');
  });

  test.each([
    ['fc', 63],
    ['0101', 64],
    ['fdff', 16_383],
    ['02000100', 16_384],
  ])('skips an entity signature with length prefix %s', (prefix, length) => {
    const signature = `07000000${prefix}${'ab'.repeat(length)}`;
    const decoded = decodeTwin(hexToBytes(`09000000${'00'.repeat(32)}0004${signature}0108beef`));
    expect(decoded.ok && decoded.value.pk).toEqual(new Uint8Array([0xbe, 0xef]));
  });

  test('refuses a cut record, and one with a byte too many', () => {
    for (const record of records) {
      for (let length = 0; length < record.length; length += 1)
        expect(decodeTwin(record.slice(0, length)).ok).toBe(false);
      expect(decodeTwin(new Uint8Array([...record, 0]))).toEqual({ ok: false, error: '1 bytes too many' });
    }
  });

  test.each([
    ['an option tag of 2', `07000000${'00'.repeat(32)}02`],
    ['a length of 2^30 or more', `07000000${'00'.repeat(32)}0103ffffffff`],
    ['1073741823 bytes expected at 41, 0 left', `07000000${'00'.repeat(32)}01feffffff`],
    ['relay of 5000 bytes', `07000000${'00'.repeat(32)}01214e${'61'.repeat(5000)}`],
  ])('refuses %s', (error, scale) => {
    expect(decodeTwin(hexToBytes(scale))).toEqual({ ok: false, error });
  });

  test('never throws for hostile bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => typeof decodeTwin(bytes).ok === 'boolean'));
  });

  test('never throws for changed records', () => {
    const change = fc.record({ at: fc.nat(300), to: fc.nat(255) });
    fc.assert(
      fc.property(fc.constantFrom(...records), fc.array(change, { minLength: 1, maxLength: 4 }), (record, changes) => {
        const bytes = record.slice();
        for (const { at, to } of changes) bytes[at % bytes.length] = to;
        return typeof decodeTwin(bytes).ok === 'boolean';
      }),
      { numRuns: 2000 },
    );
  });
});
