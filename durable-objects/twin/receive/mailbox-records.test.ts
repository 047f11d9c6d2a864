import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSqlite } from '../../../test/rig/relay/sqlite.ts';
import { migrate } from '../storage/schema.ts';
import { first, numberOf } from '../storage/sql.ts';
import type { StoredEnvelope } from './mailbox-record.ts';
import { MailboxRecords } from './mailbox-records.ts';

const MIB = 2 ** 20;
const LATER = 2_000_000_000;

function rig() {
  const sql = openSqlite();
  migrate(sql);
  const rows = () => numberOf(first(sql.exec('SELECT count(*) AS n FROM mailbox')), 'n');
  return { records: new MailboxRecords(sql), rows };
}

const envelope = (text: string, expiresAt = LATER): StoredEnvelope => ({
  expiresAt,
  bytes: new TextEncoder().encode(text),
});
const texts = (envelopes: Iterable<StoredEnvelope>) =>
  [...envelopes].map(({ bytes }) => new TextDecoder().decode(bytes));

describe('MailboxRecords', () => {
  it('reads the envelopes of each slot in order, and no others', () => {
    const { records } = rig();
    const [one, two] = [records.openSlot(1, 'sx'), records.openSlot(2, 'n')];
    records.insertSmall(one, [envelope('a'), envelope('b')]);
    records.insertSmall(two, [envelope('other')]);
    records.append(one, [envelope('c')]);
    records.insertSmall(one + 1, [envelope('d')]);
    expect(texts(records.envelopes(1))).toEqual(['a', 'b', 'c', 'd']);
    expect([...records.after(1, one)].map(({ key }) => key)).toEqual([one + 1]);
  });

  it('stores a large envelope in rows of 1 MiB and reads it as one record', () => {
    const { records, rows } = rig();
    const key = records.openSlot(1, 'n');
    const bytes = new Uint8Array(2 * MIB + 5).map((_, index) => index % 251);
    expect(records.insertLarge(key, { expiresAt: LATER, bytes })).toBe(key + 3);
    expect(rows()).toBe(3);
    const [record, ...more] = records.after(1, 0);
    expect([record?.key, more]).toEqual([key + 2, []]);
    expect(Buffer.compare(record?.envelopes[0]?.bytes ?? new Uint8Array(0), bytes)).toBe(0);
  });

  it('counts the envelopes and bytes of each slot, without their headers', () => {
    const sizes = fc.array(fc.oneof(fc.nat(100), fc.integer({ min: MIB, max: MIB + 3 })), { maxLength: 8 });
    fc.assert(
      fc.property(sizes, (lengths) => {
        const { records } = rig();
        let key = records.openSlot(3, 'sx');
        for (const length of lengths) {
          const each = { expiresAt: LATER, bytes: new Uint8Array(length) };
          if (length > 100) key = records.insertLarge(key, each);
          else {
            records.insertSmall(key, [each]);
            key += 1;
          }
        }
        const bytes = lengths.reduce((sum, length) => sum + length, 0);
        expect(records.slots()).toEqual([{ session: 'sx', slot: 3, next: key, messages: lengths.length, bytes }]);
      }),
      { numRuns: 30 },
    );
  });

  it('removes records through a key', () => {
    const { records, rows } = rig();
    const key = records.openSlot(1, 'n');
    for (let n = 0; n < 3; n += 1) records.insertSmall(key + n, [envelope(`${n}`)]);
    records.removeThrough(1, key + 1);
    expect([rows(), texts(records.envelopes(1))]).toEqual([1, ['2']]);
  });

  it('purges records whose envelopes have all expired, and then empty slots', () => {
    const { records } = rig();
    const [one, two] = [records.openSlot(1, 'n'), records.openSlot(2, 'sx')];
    records.insertSmall(one, [envelope('old', 10), envelope('older', 5)]);
    records.insertSmall(two, [envelope('old', 10), envelope('new', 20)]);
    expect(records.purge(9)).toEqual({ expired: 0, next: 10 });
    expect(records.purge(10)).toEqual({ expired: 2, next: 20 });
    expect(records.slots().map(({ session }) => session)).toEqual(['sx']);
    expect(records.purge(20)).toEqual({ expired: 2, next: undefined });
    expect(records.slots()).toEqual([]);
  });
});
