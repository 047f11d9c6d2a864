import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSqlite } from '../../test/rig/sqlite.ts';
import { Mailbox } from './mailbox.ts';
import { migrate } from './schema.ts';

const NOW = 1_800_000_000;
const LATER = NOW + 3600;
const MIB = 2 ** 20;

function openMailbox(limits = { maxMessages: 10_000, maxBytes: 64 * MIB }) {
  const sql = openSqlite();
  migrate(sql);
  return { sql, mailbox: new Mailbox(sql, limits), reopen: () => new Mailbox(sql, limits) };
}

const letter = (text: string) => new TextEncoder().encode(text);

function read(mailbox: Mailbox, sid: string | undefined, now = NOW): string[] {
  const texts: string[] = [];
  for (;;) {
    const page = mailbox.page(sid, now);
    const last = page.at(-1);
    if (last === undefined) return texts;
    texts.push(...page.filter(({ bytes }) => bytes.length > 0).map(({ bytes }) => new TextDecoder().decode(bytes)));
    mailbox.drop(sid, last.key);
  }
}

describe('Mailbox', () => {
  it('gives back what was stored, in order, once', () => {
    const { mailbox } = openMailbox();
    for (const text of ['a', 'b', 'c']) mailbox.store(undefined, letter(text), LATER);
    expect(read(mailbox, undefined)).toEqual(['a', 'b', 'c']);
    expect(mailbox.isEmpty(undefined)).toBe(true);
    expect(read(mailbox, undefined)).toEqual([]);
  });

  it('keeps the session without a sid, the one with an empty sid and others apart', () => {
    const { mailbox } = openMailbox();
    mailbox.store('', letter('empty'), LATER);
    mailbox.store(undefined, letter('none'), LATER);
    mailbox.store('n', letter('n'), LATER);
    expect(read(mailbox, undefined)).toEqual(['none']);
    expect(read(mailbox, '')).toEqual(['empty']);
    expect(read(mailbox, 'n')).toEqual(['n']);
  });

  it('keeps order across a sleep of its object', () => {
    const { mailbox, reopen } = openMailbox();
    mailbox.store('x', letter('1'), LATER);
    mailbox.store('x', letter('2'), LATER);
    const woken = reopen();
    woken.store('x', letter('3'), LATER);
    expect(read(woken, 'x')).toEqual(['1', '2', '3']);
  });

  it('lets mail join its end while it is being read', () => {
    const { mailbox } = openMailbox();
    mailbox.store('x', letter('1'), LATER);
    const [one] = mailbox.page('x', NOW);
    mailbox.store('x', letter('2'), LATER);
    mailbox.drop('x', one?.key ?? 0);
    expect(read(mailbox, 'x')).toEqual(['2']);
  });

  it('stores an envelope larger than a row and gives it back whole', () => {
    const { mailbox, reopen } = openMailbox();
    const large = new Uint8Array(15 * MIB + 7).map((_, index) => (index * 31) & 255);
    mailbox.store('x', letter('before'), LATER);
    mailbox.store('x', large, LATER);
    mailbox.store('x', letter('after'), LATER);
    const woken = reopen();
    const found: Uint8Array[] = [];
    for (let page = woken.page('x', NOW); page.length > 0; page = woken.page('x', NOW)) {
      found.push(...page.map(({ bytes }) => bytes));
      woken.drop('x', page.at(-1)?.key ?? 0);
    }
    expect(found.map(({ length }) => length)).toEqual([6, large.length, 5]);
    expect(Buffer.compare(found[1] ?? new Uint8Array(), large)).toBe(0);
  });

  it('refuses what exceeds the count or the bytes of a session, and takes mail again once it is read', () => {
    const { mailbox } = openMailbox({ maxMessages: 2, maxBytes: 10 });
    expect(mailbox.store('x', letter('12345678901'), LATER)).toBe('full');
    expect(mailbox.store('x', letter('a'), LATER)).toBe('stored');
    expect(mailbox.store('x', letter('b'), LATER)).toBe('stored');
    expect(mailbox.store('x', letter('c'), LATER)).toBe('full');
    expect(mailbox.store('y', letter('d'), LATER)).toBe('stored');
    expect(read(mailbox, 'x')).toEqual(['a', 'b']);
    expect(mailbox.store('x', letter('e'), LATER)).toBe('stored');
  });

  it('refuses mail for ever new sids once 1024 of them hold some', () => {
    const { mailbox } = openMailbox();
    for (let sid = 0; sid < 1024; sid += 1) expect(mailbox.store(`${sid}`, letter('x'), LATER)).toBe('stored');
    expect(mailbox.store('one more', letter('x'), LATER)).toBe('full');
    expect(mailbox.store('5', letter('y'), LATER)).toBe('stored');
  });

  it('does not hand out what expired, and removes it in its turn', () => {
    const { mailbox } = openMailbox();
    mailbox.store('x', letter('old'), NOW);
    mailbox.store('x', letter('new'), LATER);
    expect(read(mailbox, 'x', NOW)).toEqual(['new']);
    expect(mailbox.isEmpty('x')).toBe(true);
  });

  it('purges what expired and names the next expiry', () => {
    const { mailbox } = openMailbox();
    mailbox.store('x', letter('old'), NOW);
    mailbox.store('y', letter('new'), LATER);
    expect(mailbox.purge(NOW)).toBe(LATER);
    expect(mailbox.isEmpty('x')).toBe(true);
    expect(mailbox.isEmpty('y')).toBe(false);
    expect(mailbox.purge(LATER)).toBeUndefined();
    expect(mailbox.isEmpty('y')).toBe(true);
  });

  it('holds each session as a queue, whatever is stored, read and slept through', () => {
    const sids = fc.constantFrom(undefined, '', 'a', 'b');
    const step = fc.oneof(
      fc.record({ do: fc.constant('store' as const), sid: sids, size: fc.integer({ min: 1, max: 3000 }) }),
      fc.record({ do: fc.constant('read' as const), sid: sids }),
      fc.record({ do: fc.constant('sleep' as const) }),
      fc.record({ do: fc.constant('purge' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { mailbox, reopen } = openMailbox();
        let box = mailbox;
        const model = new Map<string | undefined, string[]>();
        steps.forEach((each, index) => {
          if (each.do === 'sleep') box = reopen();
          else if (each.do === 'purge') box.purge(NOW);
          else if (each.do === 'store') {
            const text = `${index}`.padEnd(each.size, '.');
            expect(box.store(each.sid, letter(text), LATER)).toBe('stored');
            model.set(each.sid, [...(model.get(each.sid) ?? []), text]);
          } else {
            expect(read(box, each.sid)).toEqual(model.get(each.sid) ?? []);
            model.delete(each.sid);
          }
        });
        for (const [sid, texts] of model) expect(read(box, sid)).toEqual(texts);
      }),
      { numRuns: 50 },
    );
  });
});
