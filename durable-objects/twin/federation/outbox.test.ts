import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSqlite } from '../../../test/rig/sqlite.ts';
import { migrate } from '../schema.ts';
import { first, numberOf } from '../sql.ts';
import type { FederatedMessage } from './bundle.ts';
import { FederationOutbox } from './outbox.ts';

const MIB = 2 ** 20;

function openOutbox(limits = { maxMessages: 10_000, maxBytes: 64 * MIB }) {
  const sql = openSqlite();
  migrate(sql);
  const rows = (table: string) => numberOf(first(sql.exec(`SELECT count(*) AS n FROM ${table}`)), 'n');
  const written = () => numberOf(first(sql.exec('SELECT total_changes() AS n')), 'n');
  const open = () => new FederationOutbox(sql, limits);
  return { outbox: open(), reopen: open, rows, written };
}

const message = (uid: string, fields: Partial<FederatedMessage> = {}): FederatedMessage => ({
  from: { twin: 1 },
  host: 'relay.example',
  to: { twin: 2 },
  uid,
  isRequest: true,
  failFast: false,
  expiresAt: 100,
  bytes: new Uint8Array(10),
  ...fields,
});
const uids = (outbox: FederationOutbox) =>
  outbox.list().flatMap(({ id }) => outbox.read(id).map((open) => open.message.uid));

describe('FederationOutbox', () => {
  it('holds a batch in one row until its last message is settled', () => {
    const { outbox, rows } = openOutbox();
    const { bundles } = outbox.add(
      2,
      ['a', 'b', 'c'].map((uid) => message(uid)),
    );
    expect([bundles.length, rows('federation')]).toEqual([1, 1]);
    const [id = 0] = bundles;
    outbox.settle(id, 1);
    outbox.settle(id, 1);
    expect(uids(outbox)).toEqual(['a', 'c']);
    outbox.settle(id, 0);
    outbox.settle(id, 2);
    expect([outbox.has(id), rows('federation'), rows('federation_done')]).toEqual([false, 0, 0]);
  });

  it('notes sixteen settled messages in one row: a crash repeats fewer than that, and loses none', () => {
    const { outbox, reopen, written } = openOutbox();
    const names = Array.from({ length: 40 }, (_, n) => `m${n}`);
    const [id = 0] = outbox.add(
      2,
      names.map((uid) => message(uid)),
    ).bundles;
    const before = written();
    for (let n = 0; n < 31; n += 1) outbox.settle(id, n);
    expect([written() - before, uids(reopen())]).toEqual([1, names.slice(16)]);
    outbox.note(id);
    outbox.note(id);
    expect([written() - before, uids(reopen())]).toEqual([2, names.slice(31)]);
  });

  it('knows after a crash what is open of what was noted, and of which twin, in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ twin: fc.integer({ min: 1, max: 3 }), count: fc.integer({ min: 1, max: 20 }) }), {
          maxLength: 8,
        }),
        fc.array(fc.nat(), { maxLength: 60 }),
        (batches, picks) => {
          const { outbox, reopen } = openOutbox();
          const open: { id: number; index: number; uid: string }[] = [];
          batches.forEach(({ twin, count }, batch) => {
            const messages = Array.from({ length: count }, (_, n) =>
              message(`${twin}-${batch}-${n}`, { to: { twin } }),
            );
            const [id = 0] = outbox.add(twin, messages).bundles;
            messages.forEach(({ uid }, index) => void open.push({ id, index, uid }));
          });
          for (const pick of picks) {
            const [settled] = open.length === 0 ? [] : open.splice(pick % open.length, 1);
            if (settled !== undefined) outbox.settle(settled.id, settled.index);
          }
          for (const { id } of outbox.list()) outbox.note(id);
          const woken = reopen();
          expect(uids(woken)).toEqual(open.map(({ uid }) => uid));
          expect(woken.list()).toEqual(outbox.list());
          for (const { id, index } of open) woken.settle(id, index);
          expect(reopen().list()).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('never gives a bundle the number of another that is stored', () => {
    const { outbox, reopen } = openOutbox();
    const [first = 0] = outbox.add(2, [message('a')]).bundles;
    outbox.add(2, [message('b')]);
    outbox.settle(first, 0);
    const woken = reopen();
    woken.add(2, [message('c')]);
    expect(uids(woken)).toEqual(['b', 'c']);
  });

  it('splits one large envelope into rows that the platform takes', () => {
    const { outbox, reopen, rows } = openOutbox();
    const bytes = new Uint8Array(15 * MIB).map((_, index) => index % 251);
    const [id = 0] = outbox.add(2, [message('large', { bytes })]).bundles;
    expect(rows('federation')).toBe(16);
    expect(Buffer.compare(reopen().read(id)[0]?.message.bytes ?? new Uint8Array(0), bytes)).toBe(0);
    outbox.settle(id, 0);
    expect(rows('federation')).toBe(0);
  });

  it('is bounded in messages and bytes, and has room again for what is settled', () => {
    const { outbox } = openOutbox({ maxMessages: 3, maxBytes: 1000 });
    const { full } = outbox.add(
      2,
      ['a', 'b', 'c', 'd'].map((uid) => message(uid)),
    );
    expect(full.map(({ uid }) => uid)).toEqual(['d']);
    outbox.settle(1, 0);
    expect(outbox.add(2, [message('e', { bytes: new Uint8Array(900) })]).full).toHaveLength(1);
    expect(outbox.add(2, [message('f')]).full).toHaveLength(0);
    expect(uids(outbox)).toEqual(['b', 'c', 'f']);
  });

  it('knows when the first message of a bundle expires', () => {
    const { outbox, reopen } = openOutbox();
    outbox.add(2, [message('a', { expiresAt: 70 }), message('b', { expiresAt: 50 })]);
    expect(reopen().list()).toEqual([{ id: 1, twin: 2, expires: 50 }]);
    outbox.expect(1, 70);
    expect(outbox.list()).toEqual([{ id: 1, twin: 2, expires: 70 }]);
  });
});
