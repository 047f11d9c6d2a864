import { describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import { request } from '../../../test/rig/envelopes/envelopes.ts';
import { openSqlite } from '../../../test/rig/relay/sqlite.ts';
import { migrate } from '../storage/schema.ts';
import { Mailbox } from './mailbox.ts';

const NOW = 1_800_000_000;
const MIB = 2 ** 20;

function open(limits: { maxMessages: number; maxBytes: number }) {
  const sql = openSqlite();
  migrate(sql);
  return { mailbox: new Mailbox(sql, limits), reopen: () => new Mailbox(sql, limits) };
}

function envelope(twin: number, payload = 10): Uint8Array {
  const fields = { payload: { kind: 'plain', bytes: new Uint8Array(payload) } } as const;
  return encodeEnvelope(request({ twin }, { twin: 2 }, fields));
}

/** Stores `times` envelopes of a source. Returns how many had room. */
function fill(mailbox: Mailbox, twin: number, times: number, { payload = 10, sid = 'x' } = {}): number {
  let stored = 0;
  for (let n = 0; n < times; n += 1) {
    if (mailbox.store(sid, envelope(twin, payload), NOW + 60) === 'stored') stored += 1;
  }
  mailbox.write();
  return stored;
}

describe('the room of a mailbox', () => {
  it('is half for a lone source, and a twentieth for each further one', () => {
    const { mailbox } = open({ maxMessages: 1000, maxBytes: 64 * MIB });
    expect(fill(mailbox, 1, 600)).toBe(500);
    expect([3, 4, 5].map((twin) => fill(mailbox, twin, 100))).toEqual([50, 50, 50]);
    expect(mailbox.store('x', envelope(1), NOW + 60)).toBe('share');
  });

  it('is shared by bytes as well, and always has room for a first envelope', () => {
    const { mailbox } = open({ maxMessages: 100_000, maxBytes: 2 * MIB });
    expect(fill(mailbox, 1, 20, { payload: 100_000 })).toBe(10);
    expect(fill(mailbox, 3, 20, { payload: 50_000 })).toBe(2);
    expect(fill(mailbox, 4, 2, { payload: 300_000 })).toBe(1);
  });

  it('is shared in the same way after a sleep', () => {
    const { mailbox, reopen } = open({ maxMessages: 1000, maxBytes: 64 * MIB });
    expect([fill(mailbox, 1, 600), fill(mailbox, 3, 30)]).toEqual([500, 30]);
    const woken = reopen();
    expect([fill(woken, 1, 10), fill(woken, 3, 30), fill(woken, 4, 100)]).toEqual([0, 20, 50]);
  });

  it('is free again for a source whose envelopes were read', () => {
    const { mailbox } = open({ maxMessages: 10, maxBytes: MIB });
    expect(fill(mailbox, 1, 10)).toBe(5);
    const page = mailbox.page('x', NOW);
    if (page === undefined) throw new Error('no page');
    mailbox.hand('x', page);
    mailbox.settle('x');
    expect(fill(mailbox, 1, 10)).toBe(5);
  });

  it('is common to all sessions of a twin: a lone source has half of it, whatever sids it names', () => {
    const { mailbox } = open({ maxMessages: 1000, maxBytes: 100_000 });
    const bySession = Array.from({ length: 16 }, (_, sid) => fill(mailbox, 1, 10, { payload: 9_000, sid: `${sid}` }));
    expect(bySession.reduce((sum, stored) => sum + stored)).toBe(5);
    expect(fill(mailbox, 3, 1, { payload: 9_000, sid: 'honest' })).toBe(1);
  });
});
