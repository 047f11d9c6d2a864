import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import { request } from '../../../test/rig/envelopes/envelopes.ts';
import { openSqlite } from '../../../test/rig/relay/sqlite.ts';
import { MIGRATIONS, migrate } from '../storage/schema.ts';
import { Mailbox } from './mailbox.ts';

const NOW = 1_800_000_000;
const LATER = NOW + 3600;
const MIB = 2 ** 20;

function openMailbox(limits = { maxMessages: 10_000, maxBytes: 64 * MIB }) {
  const sql = openSqlite();
  migrate(sql);
  return { sql, mailbox: new Mailbox(sql, limits), reopen: () => new Mailbox(sql, limits) };
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Returns an envelope of a source twin. It has the same length for all ids of one digit. */
const from = (twin: number, payload = 0) => {
  const fields = { uid: 'u', payload: { kind: 'plain', bytes: new Uint8Array(payload) } } as const;
  return encodeEnvelope(request({ twin }, { twin: 2 }, fields));
};

/** Stores and writes one envelope. */
function put(mailbox: Mailbox, sid: string | undefined, text: string | Uint8Array, expiresAt = LATER): string {
  const verdict = mailbox.store(sid, typeof text === 'string' ? bytesOf(text) : text, expiresAt);
  mailbox.write();
  return verdict;
}

/** Hands out all waiting envelopes of a session. */
function handAll(mailbox: Mailbox, sid: string | undefined, now = NOW): Uint8Array[] {
  const envelopes: Uint8Array[] = [];
  for (let page = mailbox.page(sid, now); page !== undefined; page = mailbox.page(sid, now)) {
    envelopes.push(...page.envelopes);
    mailbox.hand(sid, page);
  }
  return envelopes;
}

function read(mailbox: Mailbox, sid: string | undefined, now = NOW): string[] {
  const envelopes = handAll(mailbox, sid, now);
  mailbox.settle(sid);
  return envelopes.map(textOf);
}

describe('Mailbox', () => {
  it('hands out stored envelopes in order, once', () => {
    const { mailbox } = openMailbox();
    for (const text of ['a', 'b', 'c']) put(mailbox, undefined, text);
    expect(read(mailbox, undefined)).toEqual(['a', 'b', 'c']);
    expect(mailbox.isEmpty(undefined)).toBe(true);
    expect(read(mailbox, undefined)).toEqual([]);
  });

  it('keeps sessions without a sid, with an empty sid and with another sid apart', () => {
    const { mailbox } = openMailbox();
    put(mailbox, '', 'empty');
    put(mailbox, undefined, 'none');
    put(mailbox, 'n', 'n');
    expect(read(mailbox, undefined)).toEqual(['none']);
    expect(read(mailbox, '')).toEqual(['empty']);
    expect(read(mailbox, 'n')).toEqual(['n']);
  });

  it('lists the sessions for which envelopes wait, and when a page expires', () => {
    const { mailbox } = openMailbox();
    put(mailbox, undefined, 'a', NOW + 1);
    put(mailbox, undefined, 'b', NOW + 2);
    put(mailbox, '', 'c');
    put(mailbox, 'n', 'd');
    handAll(mailbox, 'n');
    expect(mailbox.sessions()).toEqual([
      { sid: undefined, messages: 2 },
      { sid: '', messages: 1 },
    ]);
    expect(mailbox.page(undefined, NOW)?.expiries).toEqual([NOW + 1, NOW + 2]);
  });

  it('keeps order across a sleep', () => {
    const { mailbox, reopen } = openMailbox();
    put(mailbox, 'x', '1');
    put(mailbox, 'x', '2');
    const woken = reopen();
    put(woken, 'x', '3');
    expect(read(woken, 'x')).toEqual(['1', '2', '3']);
  });

  it('appends envelopes while others are handed out', () => {
    const { mailbox } = openMailbox();
    put(mailbox, 'x', '1');
    const [one] = handAll(mailbox, 'x');
    put(mailbox, 'x', '2');
    expect(one).toEqual(bytesOf('1'));
    mailbox.settle('x');
    expect(read(mailbox, 'x')).toEqual(['2']);
  });

  it('is empty once all is handed out, and hands out recalled envelopes again', () => {
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

  it('hands out unsettled envelopes again after its object died', () => {
    const { mailbox, reopen } = openMailbox();
    put(mailbox, 'x', '1');
    handAll(mailbox, 'x');
    expect(read(reopen(), 'x')).toEqual(['1']);
    expect(read(reopen(), 'x')).toEqual([]);
  });

  it('stores small envelopes in shared rows, whether they come together or one by one', () => {
    const { sql, mailbox } = openMailbox();
    const rows = () => [...sql.exec('SELECT count(*) AS n FROM mailbox')][0]?.n;
    for (let n = 0; n < 1000; n += 1) mailbox.store('x', bytesOf(`${n}`.padEnd(200, '.')), LATER);
    mailbox.write();
    expect(rows()).toBe(1);
    for (let n = 0; n < 1000; n += 1) put(mailbox, 'y', `${n}`.padEnd(200, '.'));
    expect(rows()).toBe(1 + Math.ceil(1000 / Math.floor((32 * 1024) / 208)));
    expect(read(mailbox, 'x')).toHaveLength(1000);
    expect(read(mailbox, 'y')).toEqual(Array.from({ length: 1000 }, (_, n) => `${n}`.padEnd(200, '.')));
    expect(rows()).toBe(0);
  });

  it('stores an envelope that is larger than a row', () => {
    const { mailbox, reopen } = openMailbox();
    const large = new Uint8Array(15 * MIB + 7).map((_, index) => (index * 31) & 255);
    mailbox.store('x', bytesOf('before'), LATER);
    mailbox.store('x', large, LATER);
    mailbox.store('x', bytesOf('after'), LATER);
    mailbox.write();
    const found = handAll(reopen(), 'x');
    expect(found.map(({ length }) => length)).toEqual([6, large.length, 5]);
    expect(Buffer.compare(found[1] ?? new Uint8Array(), large)).toBe(0);
  });

  it('reads rows of older code, which had one envelope each', () => {
    const sql = openSqlite();
    migrate(sql, MIGRATIONS.slice(0, 2));
    sql.exec("INSERT INTO mailbox_slot (slot, session) VALUES (1, 'sx')");
    const old = (key: number, last: number, text: string) =>
      sql.exec(
        'INSERT INTO mailbox (key, expires, last, piece) VALUES (?, ?, ?, ?)',
        2 ** 40 + key,
        LATER,
        last,
        bytesOf(text).buffer,
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

  it('refuses envelopes beyond the count or bytes of a twin, until some are read', () => {
    const { mailbox } = openMailbox({ maxMessages: 2, maxBytes: 1000 });
    expect(put(mailbox, 'x', 'a'.repeat(1001))).toBe('full');
    expect(put(mailbox, 'x', 'a')).toBe('stored');
    expect(put(mailbox, 'y', from(7))).toBe('stored');
    expect(put(mailbox, 'x', from(8))).toBe('full');
    expect(put(mailbox, 'z', 'd')).toBe('full');
    expect(read(mailbox, 'x')).toHaveLength(1);
    expect(put(mailbox, 'z', 'e')).toBe('stored');
  });

  it('refuses envelopes for new sids once 1024 sids have some, and reuses an empty slot', () => {
    const { mailbox } = openMailbox();
    for (let sid = 0; sid < 1024; sid += 1) expect(put(mailbox, `${sid}`, 'x')).toBe('stored');
    expect(put(mailbox, 'one more', 'x')).toBe('full');
    expect(put(mailbox, '5', 'y')).toBe('stored');
    expect(read(mailbox, '7')).toEqual(['x']);
    expect(put(mailbox, 'one more', 'z')).toBe('stored');
    expect(read(mailbox, 'one more')).toEqual(['z']);
  });

  it('always has room for the session without a sid', () => {
    const { mailbox } = openMailbox();
    for (let sid = 0; sid < 1024; sid += 1) put(mailbox, `${sid}`, 'x');
    expect(put(mailbox, undefined, 'for the peer')).toBe('stored');
    expect(read(mailbox, undefined)).toEqual(['for the peer']);
  });

  it('stores at most the bytes of its twin for all sessions together', () => {
    const bytes = from(1).length;
    const { mailbox } = openMailbox({ maxMessages: 100, maxBytes: 8 * bytes });
    const stored = Array.from({ length: 12 }, (_, n) => put(mailbox, `${n}`, from(n + 1)));
    expect(stored).toEqual([...Array(8).fill('stored'), ...Array(4).fill('full')]);
  });

  it('settles earlier pages with a page', () => {
    const { mailbox } = openMailbox();
    const pages = ['1', '2'].map((text) => {
      put(mailbox, 'x', text);
      const page = mailbox.page('x', NOW);
      if (page === undefined) throw new Error('no page');
      mailbox.hand('x', page);
      return page.end;
    });
    put(mailbox, 'x', '3');
    mailbox.settle('x', pages.slice(1));
    mailbox.recall('x');
    expect(read(mailbox, 'x')).toEqual(['3']);
  });

  it('ends a page before a large envelope', () => {
    const { mailbox } = openMailbox();
    mailbox.store('x', bytesOf('small'), LATER);
    mailbox.store('x', new Uint8Array(2 * MIB), LATER);
    mailbox.write();
    expect(handAll(mailbox, 'x')).toHaveLength(2);
    mailbox.recall('x');
    expect(mailbox.page('x', NOW)?.envelopes).toEqual([bytesOf('small')]);
  });

  it('settles only the given pages, and none that was recalled', () => {
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

  it('counts the rows in the database after a failed write', () => {
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
    mailbox.store('y', bytesOf('lost'), LATER);
    expect(() => mailbox.write()).toThrow('disk full');
    broken.isBroken = false;
    expect(mailbox.isEmpty('y')).toBe(true);
    expect(read(mailbox, 'x')[0]).toBe('kept');
  });

  it('does not hand out expired envelopes, counts them, and removes them in order', () => {
    const { mailbox } = openMailbox();
    put(mailbox, 'x', 'old', NOW);
    put(mailbox, 'x', 'new');
    expect(mailbox.page('x', NOW)).toMatchObject({ envelopes: [bytesOf('new')], expired: 1 });
    expect(read(mailbox, 'x', NOW)).toEqual(['new']);
    expect(mailbox.isEmpty('x')).toBe(true);
  });

  it('purges expired envelopes, counts them, and returns the next expiry', () => {
    const { mailbox } = openMailbox();
    put(mailbox, 'x', 'old', NOW);
    put(mailbox, 'y', 'new');
    expect(mailbox.purge(NOW)).toEqual({ expired: 1, next: LATER });
    expect(mailbox.isEmpty('x')).toBe(true);
    expect(mailbox.isEmpty('y')).toBe(false);
    expect(mailbox.purge(LATER)).toEqual({ expired: 1, next: undefined });
    expect(mailbox.isEmpty('y')).toBe(true);
  });

  it('does not hand out a page again after a purge', () => {
    const { mailbox } = openMailbox();
    put(mailbox, 'x', 'handed');
    handAll(mailbox, 'x');
    put(mailbox, 'x', 'waiting');
    mailbox.purge(NOW);
    expect(read(mailbox, 'x')).toEqual(['waiting']);
  });

  it('is a queue for each session, through any order of its operations and sleeps', () => {
    const sids = [undefined, '', 'a', 'b'];
    const sid = fc.constantFrom(...sids);
    // Around the sizes at which a record is full, or an envelope has its own.
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
            for (const text of texts) expect(box.store(each.sid, bytesOf(text), LATER)).toBe('stored');
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
