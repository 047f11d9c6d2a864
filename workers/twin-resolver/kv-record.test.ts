import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeRecord, encodeRecord, twinKey } from './kv-record.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const records = fc.record({
  twin: fc.record({
    id: fc.nat(0xffffffff),
    account: bytes(32),
    relay: fc.option(fc.string({ unit: 'binary' })),
    pk: fc.option(fc.oneof(bytes(33), bytes(0))),
  }),
  readAt: fc.nat(),
  generation: fc.string(),
});

describe('KV record', () => {
  test('decodes a record only for its own twin', () => {
    fc.assert(
      fc.property(records, (record) => {
        const text = encodeRecord(record);
        expect(decodeRecord(record.twin.id, text)).toEqual(record);
        expect(decodeRecord(record.twin.id + 1, text)).toBeUndefined();
      }),
    );
  });

  test('has a key for each twin', () => {
    expect(twinKey(7)).toBe('twin:7');
  });

  const good = { id: 7, account: 'ab'.repeat(32), relay: null, pk: null, readAt: 1, generation: '' };
  test.each([
    ['nothing', ''],
    ['no object', 'null'],
    ['a short account', JSON.stringify({ ...good, account: 'ab' })],
    ['an account that is no hex', JSON.stringify({ ...good, account: 'xy'.repeat(32) })],
    ['a relay that is no text', JSON.stringify({ ...good, relay: 1 })],
    ['a pk that is no hex', JSON.stringify({ ...good, pk: 'abc' })],
    ['no time', JSON.stringify({ ...good, readAt: null })],
    ['no generation', JSON.stringify({ ...good, generation: undefined })],
  ])('misses with %s', (_what, text) => {
    expect(decodeRecord(7, JSON.stringify(good))).toBeDefined();
    expect(decodeRecord(7, text)).toBeUndefined();
  });

  test('throws for no value', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => decodeRecord(7, text) === undefined));
  });
});
