import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../proto/envelope.ts';
import { request } from '../../test/rig/envelopes.ts';
import { openSqlite } from '../../test/rig/sqlite.ts';
import { Mailbox } from './mailbox.ts';
import { MIGRATIONS, migrate } from './schema.ts';

const NOW = 1_800_000_000;
const LATER = NOW + 3600;
const MIB = 2 ** 20;

function openMailbox(limits = { maxMessages: 10_000, maxBytes: 64 * MIB }) {
  const sql = openSqlite();
  migrate(sql);
  return { sql, mailbox: new Mailbox(sql, limits), reopen: () => new Mailbox(sql, limits) };
}

const letter = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** An envelope of a source twin, of one length for ids of one digit. */
const from = (twin: number, payload = 0) => {
  const fields = { uid: 'u', payload: { kind: 'plain', bytes: new Uint8Array(payload) } } as const;
  return encodeEnvelope(request({ twin }, { twin: 2 }, fields));
};

/** Stores and writes, as a delivery of one letter does. */
function put(mailbox: Mailbox, sid: string | undefined, text: string | Uint8Array, expiresAt = LATER): string {
  const verdict = mailbox.store(sid, typeof text === 'string' ? letter(text) : text, expiresAt);
  mailbox.write();
  return verdict;
}

/** Hands all that waits to a socket that takes it. */
function handAll(mailbox: Mailbox, sid: string | undefined, now = NOW): Uint8Array[] {
  const letters: Uint8Array[] = [];
  for (let page = mailbox.page(sid, now); page !== undefined; page = mailbox.page(sid, now)) {
    letters.push(...page.letters);
    mailbox.hand(sid, page);
  }
  return letters;
}

function read(mailbox: Mailbox, sid: string | undefined, now = NOW): string[] {
  const letters = handAll(mailbox, sid, now);
  mailbox.settle(sid);
  return letters.map(textOf);
}

describe('Mailbox', () => {
  it('gives back what was stored, in order, once', () => {
    const { mailbox } = openMailbox();
    for (const text of ['a', 'b', 'c']) put(mailbox, undefined, text);
    expect(read(mailbox, undefined)).toEqual(['a', 'b', 'c']);
    expect(mailbox.isEmpty(undefined)).toBe(true);
    expect(read(mailbox, undefined)).toEqual([]);
  });

  it('keeps the session without a sid, the one with an empty sid and others apart', () => {
    const { mailbox } = openMailbox();
    put(mailbox, '', 'empty');
    put(mailbox, undefined, 'none');
    put(mailbox, 'n', 'n');
    expect(read(mailbox, undefined)).toEqual(['none']);
    expect(read(mailbox, '')).toEqual(['empty']);
    expect(read(mailbox, 'n')).toEqual(['n']);
  });

  it('keeps order across a sleep of its object', () => {
    const { mailbox, reopen } = openMailbox();
    put(mailbox, 'x', '1');
    put(mailbox, 'x', '2');
    const woken = reopen();
    put(woken, 'x', '3');
    expect(read(woken, 'x')).toEqual(['1', '2', '3']);
  });

  it('lets mail join its end while it is being read', () => {
    const { mailbox } = openMailbox();
    put(mailbox, 'x', '1');
    const [one] = handAll(mailbox, 'x');
    put(mailbox, 'x', '2');
    expect(one).toEqual(letter('1'));
    mailbox.settle('x');
    expect(read(mailbox, 'x')).toEqual(['2']);
  });

  it('is empty for what comes next once all was handed out, and hands out again what was recalled', () => {
    const { mailbox } = openMailbox();
    put(mailbox, 'x', '1');
    expect([mailbox.isEmpty('x'), mailbox.waiting()]).toEqual([false, { messages: 1, bytes: 1 }]);
    handAll(mailbox, 'x');
    expect([mailbox.isEmpty('x'), mailbox.waiting()]).toEqual([true, { messages: 0, bytes: 0 }]);
    put(mailbox, 'x', '2');
    mailbox.recall('x');
    expect(read(mailbox, 'x')).toEqual(['1', '2']);
    expect(mailbox.isEmpty('x')).toBe(true);
  });

  it('hands out again what was not settled when its object died', () => {
    const { mailbox, reopen } = openMailbox();
    put(mailbox, 'x', '1');
    handAll(mailbox, 'x');
    expect(read(reopen(), 'x')).toEqual(['1']);
    expect(read(reopen(), 'x')).toEqual([]);
  });

  it('lets small letters share rows: those that come together, and those that come one by one', () => {
    const { sql, mailbox } = openMailbox();
    const rows = () => [...sql.exec('SELECT count(*) AS n FROM mailbox')][0]?.n;
    for (let n = 0; n < 1000; n += 1) mailbox.store('x', letter(`${n}`.padEnd(200, '.')), LATER);
    mailbox.write();
    expect(rows()).toBe(1);
    for (let n = 0; n < 1000; n += 1) put(mailbox, 'y', `${n}`.padEnd(200, '.'));
    expect(rows()).toBe(1 + Math.ceil(1000 / Math.floor((32 * 1024) / 208)));
    expect(read(mailbox, 'x')).toHaveLength(1000);
    expect(read(mailbox, 'y')).toEqual(Array.from({ length: 1000 }, (_, n) => `${n}`.padEnd(200, '.')));
    expect(rows()).toBe(0);
  });

  it('stores an envelope larger than a row and gives it back whole', () => {
    const { mailbox, reopen } = openMailbox();
    const large = new Uint8Array(15 * MIB + 7).map((_, index) => (index * 31) & 255);
    mailbox.store('x', letter('before'), LATER);
    mailbox.store('x', large, LATER);
    mailbox.store('x', letter('after'), LATER);
    mailbox.write();
    const found = handAll(reopen(), 'x');
    expect(found.map(({ length }) => length)).toEqual([6, large.length, 5]);
    expect(Buffer.compare(found[1] ?? new Uint8Array(), large)).toBe(0);
  });

  it('reads what was stored before letters shared rows', () => {
    const sql = openSqlite();
    migrate(sql, MIGRATIONS.slice(0, 2));
    sql.exec("INSERT INTO mailbox_slot (slot, session) VALUES (1, 'sx')");
    const old = (key: number, last: number, text: string) =>
      sql.exec(
        'INSERT INTO mailbox (key, expires, last, piece) VALUES (?, ?, ?, ?)',
        2 ** 40 + key,
        LATER,
        last,
        letter(text).buffer,
      );
    old(0, 1, 'one');
    old(1, 0, 'two, ');
    old(2, 1, 'in pieces');
    migrate(sql);
    const mailbox = new Mailbox(sql, { maxMessages: 5, maxBytes: 64 * MIB });
    expect(put(mailbox, 'x', 'three')).toBe('stored');
    expect(put(mailbox, 'x', 'four')).toBe('share');
    expect(read(mailbox, 'x')).toEqual(['one', 'two, in pieces', 'three']);
  });

  it('refuses what exceeds the count or the bytes of a session, and takes mail again once it is read', () => {
    const { mailbox } = openMailbox({ maxMessages: 2, maxBytes: 1000 });
    expect(put(mailbox, 'x', 'a'.repeat(1001))).toBe('full');
    expect(put(mailbox, 'x', 'a')).toBe('stored');
    expect(put(mailbox, 'x', from(7))).toBe('stored');
    expect(put(mailbox, 'x', from(8))).toBe('full');
    expect(put(mailbox, 'y', 'd')).toBe('stored');
    expect(read(mailbox, 'x')).toHaveLength(2);
    expect(put(mailbox, 'x', 'e')).toBe('stored');
  });

  it('refuses mail for ever new sids once 1024 of them hold some, and gives an empty one’s place away', () => {
    const { mailbox } = openMailbox();
    for (let sid = 0; sid < 1024; sid += 1) expect(put(mailbox, `${sid}`, 'x')).toBe('stored');
    expect(put(mailbox, 'one more', 'x')).toBe('full');
    expect(put(mailbox, '5', 'y')).toBe('stored');
    expect(read(mailbox, '7')).toEqual(['x']);
    expect(put(mailbox, 'one more', 'z')).toBe('stored');
    expect(read(mailbox, 'one more')).toEqual(['z']);
  });

  it('always has room for the session without a sid, whoever fills it with names', () => {
    const { mailbox } = openMailbox();
    for (let sid = 0; sid < 1024; sid += 1) put(mailbox, `${sid}`, 'x');
    expect(put(mailbox, undefined, 'for the peer')).toBe('stored');
    expect(read(mailbox, undefined)).toEqual(['for the peer']);
  });

  it('keeps no more for all sessions together than eight of them may have', () => {
    const bytes = from(1).length;
    const { mailbox } = openMailbox({ maxMessages: 100, maxBytes: bytes });
    const stored = Array.from({ length: 12 }, (_, n) => put(mailbox, `${n}`, from(n + 1)));
    expect(stored).toEqual([...Array(8).fill('stored'), ...Array(4).fill('full')]);
  });

  it('removes only the pages that are named, and none that was recalled since', () => {
    const { mailbox } = openMailbox();
    put(mailbox, 'x', '1');
    const first = mailbox.page('x', NOW);
    if (first === undefined) throw new Error('no page');
    mailbox.hand('x', first);
    mailbox.recall('x');
    expect(handAll(mailbox, 'x').map(textOf)).toEqual(['1']);
    mailbox.settle('x', [first.end]);
    mailbox.recall('x');
    expect(read(mailbox, 'x')).toEqual(['1']);
  });

  it('counts what stands in the database when it cannot be written', () => {
    const { sql } = openMailbox();
    const broken = { isBroken: false };
    const mailbox = new Mailbox(
      {
        exec: (query, ...values) => {
          if (broken.isBroken && query.startsWith('INSERT INTO mailbox (')) throw new Error('disk full');
          return sql.exec(query, ...values);
        },
      },
      { maxMessages: 10, maxBytes: 1000 },
    );
    put(mailbox, 'x', 'kept');
    broken.isBroken = true;
    mailbox.store('x', new Uint8Array(40_000).slice(0, 900), LATER);
    mailbox.store('y', letter('lost'), LATER);
    expect(() => mailbox.write()).toThrow('disk full');
    broken.isBroken = false;
    expect(mailbox.isEmpty('y')).toBe(true);
    expect(read(mailbox, 'x')[0]).toBe('kept');
  });

  it('does not hand out what expired, counts it, and removes it in its turn', () => {
    const { mailbox } = openMailbox();
    put(mailbox, 'x', 'old', NOW);
    put(mailbox, 'x', 'new');
    expect(mailbox.page('x', NOW)).toMatchObject({ letters: [letter('new')], expired: 1 });
    expect(read(mailbox, 'x', NOW)).toEqual(['new']);
    expect(mailbox.isEmpty('x')).toBe(true);
  });

  it('purges what expired, counts it, and names the next expiry', () => {
    const { mailbox } = openMailbox();
    put(mailbox, 'x', 'old', NOW);
    put(mailbox, 'y', 'new');
    expect(mailbox.purge(NOW)).toEqual({ expired: 1, next: LATER });
    expect(mailbox.isEmpty('x')).toBe(true);
    expect(mailbox.isEmpty('y')).toBe(false);
    expect(mailbox.purge(LATER)).toEqual({ expired: 1, next: undefined });
    expect(mailbox.isEmpty('y')).toBe(true);
  });

  it('does not hand out again at a purge what was handed out', () => {
    const { mailbox } = openMailbox();
    put(mailbox, 'x', 'handed');
    handAll(mailbox, 'x');
    put(mailbox, 'x', 'waiting');
    mailbox.purge(NOW);
    expect(read(mailbox, 'x')).toEqual(['waiting']);
  });

  it('holds each session as a queue, whatever is stored, handed out, settled, recalled and slept through', () => {
    const sids = [undefined, '', 'a', 'b'];
    const sid = fc.constantFrom(...sids);
    // Around the sizes at which a row is full, or a letter has rows of its own.
    const size = fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 30_000, max: 34_000 }));
    const step = fc.oneof(
      fc.record({ do: fc.constant('store' as const), sid, sizes: fc.array(size, { minLength: 1, maxLength: 5 }) }),
      fc.record({ do: fc.constantFrom('hand' as const, 'settle' as const, 'recall' as const), sid }),
      fc.record({ do: fc.constant('sleep' as const) }),
      fc.record({ do: fc.constant('purge' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { mailbox, reopen } = openMailbox();
        let box = mailbox;
        const model = new Map(sids.map((each) => [each, { handed: [] as string[], waiting: [] as string[] }]));
        const recall = (queue: { handed: string[]; waiting: string[] }) => {
          queue.waiting.unshift(...queue.handed.splice(0));
        };
        steps.forEach((each, index) => {
          if (each.do === 'sleep') {
            box = reopen();
            model.forEach(recall);
            return;
          }
          if (each.do === 'purge') {
            expect(box.purge(NOW).expired).toBe(0);
            return;
          }
          const queue = model.get(each.sid) ?? { handed: [], waiting: [] };
          if (each.do === 'store') {
            const texts = each.sizes.map((length, n) => `${index}:${n}`.padEnd(length, '.'));
            for (const text of texts) expect(box.store(each.sid, letter(text), LATER)).toBe('stored');
            box.write();
            queue.waiting.push(...texts);
          } else if (each.do === 'hand') {
            expect(handAll(box, each.sid).map(textOf)).toEqual(queue.waiting);
            queue.handed.push(...queue.waiting.splice(0));
          } else if (each.do === 'settle') {
            box.settle(each.sid);
            queue.handed = [];
          } else {
            box.recall(each.sid);
            recall(queue);
          }
          expect(box.isEmpty(each.sid)).toBe(queue.waiting.length === 0);
        });
        for (const [each, { waiting }] of model) expect(read(box, each)).toEqual(waiting);
      }),
      { numRuns: 100 },
    );
  });
});
