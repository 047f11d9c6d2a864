import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../../../proto/envelope/envelope.ts';
import { openSqlite } from '../../../../test/rig/relay/sqlite.ts';
import { type RoutedEnvelope, uidOf } from '../../send/routed-envelope.ts';
import { migrate } from '../../storage/schema.ts';
import { first, numberOf } from '../../storage/sql.ts';
import { FederationQueue } from './federation-queue.ts';

const MIB = 2 ** 20;
/** The envelopes `a`, of session `s`, and `b`, as the release before batches stored them. */
const OLD_RECORD =
  '01050000000100000002405900000000000000000001610000000d72656c61792e6578616d706c650000000173000000030a0161' +
  '010000000100000002405900000000000000000001620000000d72656c61792e6578616d706c65000000030a0162';

function openQueue(limits = { maxMessages: 10_000, maxBytes: 64 * MIB }) {
  const sql = openSqlite();
  migrate(sql);
  const rows = (table: string) => numberOf(first(sql.exec(`SELECT count(*) AS n FROM ${table}`)), 'n');
  const written = () => numberOf(first(sql.exec('SELECT total_changes() AS n')), 'n');
  const open = () => new FederationQueue(sql, limits);
  return { sql, queue: open(), reopen: open, rows, written };
}

const envelope = (uid: string, fields: Partial<RoutedEnvelope> = {}): RoutedEnvelope => ({
  from: { twin: 1, host: 'relay.example' },
  to: { twin: 2 },
  isRequest: true,
  failFast: false,
  expiresAt: 100,
  bytes: encodeEnvelope({ uid, timestamp: 0n, expiration: 0n, relays: [] }),
  ...fields,
});
const uids = (queue: FederationQueue) =>
  queue.list().flatMap(({ id }) => queue.read(id).map((open) => uidOf(open.envelope.bytes)));

describe('FederationQueue', () => {
  it('keeps a batch in one row until its last envelope is settled', () => {
    const { queue, rows } = openQueue();
    const { records } = queue.add(
      2,
      ['a', 'b', 'c'].map((uid) => envelope(uid)),
    );
    expect([records.length, rows('federation')]).toEqual([1, 1]);
    const [id = 0] = records;
    queue.settle(id, 1);
    queue.settle(id, 1);
    expect(uids(queue)).toEqual(['a', 'c']);
    queue.settle(id, 0);
    queue.settle(id, 2);
    expect([queue.has(id), rows('federation'), rows('federation_done')]).toEqual([false, 0, 0]);
  });

  it('saves the progress of sixteen envelopes in one row, so that a crash repeats fewer and loses none', () => {
    const { queue, reopen, written } = openQueue();
    const names = Array.from({ length: 40 }, (_, n) => `m${n}`);
    const [id = 0] = queue.add(
      2,
      names.map((uid) => envelope(uid)),
    ).records;
    const before = written();
    for (let n = 0; n < 31; n += 1) queue.settle(id, n);
    expect([written() - before, uids(reopen())]).toEqual([1, names.slice(16)]);
    queue.saveProgress(id);
    queue.saveProgress(id);
    expect([written() - before, uids(reopen())]).toEqual([2, names.slice(31)]);
  });

  it('restores the open envelopes of each twin in order after a crash', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ twin: fc.integer({ min: 1, max: 3 }), count: fc.integer({ min: 1, max: 20 }) }), {
          maxLength: 8,
        }),
        fc.array(fc.nat(), { maxLength: 60 }),
        (batches, picks) => {
          const { queue, reopen } = openQueue();
          const open: { id: number; index: number; uid: string }[] = [];
          batches.forEach(({ twin, count }, batch) => {
            const envelopes = Array.from({ length: count }, (_, n) =>
              envelope(`${twin}-${batch}-${n}`, { to: { twin } }),
            );
            const [id = 0] = queue.add(twin, envelopes).records;
            envelopes.forEach(({ bytes }, index) => void open.push({ id, index, uid: uidOf(bytes) }));
          });
          for (const pick of picks) {
            const [settled] = open.length === 0 ? [] : open.splice(pick % open.length, 1);
            if (settled !== undefined) queue.settle(settled.id, settled.index);
          }
          for (const { id } of queue.list()) queue.saveProgress(id);
          const woken = reopen();
          expect(uids(woken)).toEqual(open.map(({ uid }) => uid));
          expect(woken.list()).toEqual(queue.list());
          for (const { id, index } of open) woken.settle(id, index);
          expect(reopen().list()).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('appends envelopes to a record, whatever their bytes are, and keeps what was settled of it', () => {
    const bytes = fc.uint8Array({ maxLength: 60 });
    fc.assert(
      fc.property(
        fc.array(fc.array(bytes, { minLength: 1, maxLength: 12 }), { minLength: 1 }),
        fc.nat(),
        (parts, pick) => {
          const { queue, reopen, rows } = openQueue();
          const made = parts.map((part) => part.map((each) => envelope('', { bytes: each })));
          const [first = [], ...others] = made;
          const [id = 0] = queue.add(2, first).records;
          // Code of before wrote as many bits as the record had envelopes then.
          if (first.length > 1) queue.settle(id, pick % first.length);
          queue.saveProgress(id);
          let count = first.length;
          for (const more of others) {
            expect(queue.add(2, more, id)).toEqual({ records: [], appendedAt: count, full: [] });
            count += more.length;
          }
          const open = made.flat().map((each, index) => ({ index, bytes: [...each.bytes] }));
          if (first.length > 1) open.splice(pick % first.length, 1);
          for (const each of [queue, reopen()]) {
            expect(each.read(id).map(({ index, envelope: read }) => ({ index, bytes: [...read.bytes] }))).toEqual(open);
            expect([each.waiting, rows('federation')]).toEqual([open.length, 1]);
          }
          const woken = reopen();
          for (const { index } of open) woken.settle(id, index);
          expect([woken.has(id), rows('federation'), rows('federation_done')]).toEqual([false, 0, 0]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('appends to a small record that is stored, and within the limits of all', () => {
    const { queue } = openQueue({ maxMessages: 400, maxBytes: 64 * MIB });
    const [id = 0] = queue.add(2, [envelope('a', { expiresAt: 50 })]).records;
    expect(queue.add(2, [envelope('b', { expiresAt: 40 })], id).appendedAt).toBe(1);
    expect(queue.list()).toEqual([{ id, twin: 2, expires: 40 }]);
    expect(queue.add(2, [envelope('large', { bytes: new Uint8Array(40_000) })], id)).toMatchObject({ records: [2] });
    expect(
      queue.add(
        2,
        Array.from({ length: 255 }, () => envelope('c')),
        id,
      ),
    ).toMatchObject({ records: [3] });
    for (const index of [0, 1]) queue.settle(id, index);
    expect(queue.add(2, [envelope('d')], id)).toMatchObject({ records: [4] });
    const [last = 0] = queue.add(2, [envelope('e')]).records;
    const more = Array.from({ length: 200 }, (_, n) => envelope(`f${n}`, { bytes: new Uint8Array(1) }));
    expect(queue.add(2, more, last).full).toHaveLength(200 - (400 - 258));
  });

  it('writes one row for envelopes that are appended, and one for all that a caller settles together', () => {
    const { queue, written: changes } = openQueue();
    const before = changes();
    const written = () => changes() - before;
    const [id = 0] = queue.add(2, [envelope('a')]).records;
    queue.add(
      2,
      Array.from({ length: 39 }, () => envelope('b')),
      id,
    );
    expect(written()).toBe(2);
    for (let index = 0; index < 30; index += 1) queue.settle(id, index, true);
    expect([written(), queue.unsaved(id)]).toEqual([2, 30]);
    for (let index = 30; index < 40; index += 1) queue.settle(id, index, true);
    expect([written(), queue.has(id), queue.unsaved(id)]).toEqual([3, false, 0]);
  });

  it('reads and settles a record of code without batches', () => {
    const { sql, reopen, rows } = openQueue();
    sql.exec(`INSERT INTO federation (key, twin, expires, messages, piece) VALUES (64, 2, 100, 2, X'${OLD_RECORD}')`);
    sql.exec("INSERT INTO federation_done (bundle, done) VALUES (1, X'01')");
    const queue = reopen();
    expect([queue.waiting, uids(queue), queue.list()]).toEqual([1, ['b'], [{ id: 1, twin: 2, expires: 100 }]]);
    queue.settle(1, 1);
    expect([rows('federation'), rows('federation_done')]).toEqual([0, 0]);
  });

  it('never reuses the number of a stored record', () => {
    const { queue, reopen } = openQueue();
    const [first = 0] = queue.add(2, [envelope('a')]).records;
    queue.add(2, [envelope('b')]);
    queue.settle(first, 0);
    const woken = reopen();
    woken.add(2, [envelope('c')]);
    expect(uids(woken)).toEqual(['b', 'c']);
  });

  it('splits one large envelope into rows below the platform’s limit', () => {
    const { queue, reopen, rows } = openQueue();
    const bytes = new Uint8Array(15 * MIB).map((_, index) => index % 251);
    const [id = 0] = queue.add(2, [envelope('large', { bytes })]).records;
    expect(rows('federation')).toBe(16);
    expect(Buffer.compare(reopen().read(id)[0]?.envelope.bytes ?? new Uint8Array(0), bytes)).toBe(0);
    queue.settle(id, 0);
    expect(rows('federation')).toBe(0);
  });

  it('bounds messages and bytes, and has room again after a settlement', () => {
    const { queue } = openQueue({ maxMessages: 3, maxBytes: 1000 });
    const { full } = queue.add(
      2,
      ['a', 'b', 'c', 'd'].map((uid) => envelope(uid)),
    );
    expect(full.map(({ bytes }) => uidOf(bytes))).toEqual(['d']);
    queue.settle(1, 0);
    expect(queue.add(2, [envelope('e', { bytes: new Uint8Array(900) })]).full).toHaveLength(1);
    expect(queue.add(2, [envelope('f')]).full).toHaveLength(0);
    expect(uids(queue)).toEqual(['b', 'c', 'f']);
  });

  it('knows when the first envelope of a record expires', () => {
    const { queue, reopen } = openQueue();
    queue.add(2, [envelope('a', { expiresAt: 70 }), envelope('b', { expiresAt: 50 })]);
    expect(reopen().list()).toEqual([{ id: 1, twin: 2, expires: 50 }]);
    queue.setExpiry(1, 70);
    expect(queue.list()).toEqual([{ id: 1, twin: 2, expires: 70 }]);
  });
});
