import { describe, expect, it } from 'vitest';
import { openSqlite } from '../../test/rig/sqlite.ts';
import type { IfAway, Parcel } from '../contract.ts';
import { Delivery } from './delivery.ts';
import { Mailbox } from './mailbox.ts';
import { migrate } from './schema.ts';

const NOW = 1_800_000_000;
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const parcel = (body: string, ifAway: IfAway = 'store', sid?: string, expiresAt = NOW + 60): Parcel => ({
  sid,
  bytes: new TextEncoder().encode(body),
  ifAway,
  expiresAt,
});

function rig({ maxMessages = 10_000 } = {}) {
  const sql = openSqlite();
  migrate(sql);
  const connected = new Set<string | undefined>();
  const sent: string[] = [];
  const work: Promise<void>[] = [];
  const alarms: number[] = [];
  const state = { resume: false, breakAfter: Number.POSITIVE_INFINITY, pause: async () => undefined as undefined };
  const sessions = {
    has: (sid: string | undefined) => connected.has(sid),
    send: (sid: string | undefined, bytes: Uint8Array) => {
      if (!connected.has(sid) || sent.length >= state.breakAfter) return false;
      sent.push(text(bytes));
      return true;
    },
  };
  const mailbox = new Mailbox(sql, { maxMessages, maxBytes: 2 ** 26 });
  const delivery = new Delivery(sessions, mailbox, 3600, {
    now: () => NOW * 1000,
    pause: () => state.pause(),
    background: (promise) => void work.push(promise),
    expireAt: async (at) => void alarms.push(at),
    draining: async (under) => {
      state.resume = under;
    },
  });
  return { delivery, mailbox, connected, sent, work, alarms, state };
}

describe('Delivery', () => {
  it('hands a connected session its parcels in order', async () => {
    const { delivery, connected, sent } = rig();
    connected.add(undefined);
    expect(await delivery.deliver([parcel('a'), parcel('b')])).toEqual(['sent', 'sent']);
    expect(sent).toEqual(['a', 'b']);
  });

  it('stores or returns for a session that is away, each as asked', async () => {
    const { delivery, connected, sent, alarms } = rig();
    expect(await delivery.deliver([parcel('a'), parcel('b', 'return'), parcel('c')])).toEqual([
      'stored',
      'offline',
      'stored',
    ]);
    expect(alarms).toEqual([(NOW + 60) * 1000]);
    connected.add(undefined);
    await delivery.drain(undefined);
    expect(sent).toEqual(['a', 'c']);
  });

  it('takes another session of the twin for away', async () => {
    const { delivery, connected } = rig();
    connected.add('x');
    expect(await delivery.deliver([parcel('a', 'return'), parcel('b', 'return', '')])).toEqual(['offline', 'offline']);
  });

  it('keeps nothing that has expired, and nothing longer than its own time', async () => {
    const { delivery, alarms } = rig();
    expect(await delivery.deliver([parcel('a', 'store', undefined, NOW)])).toEqual(['expired']);
    expect(await delivery.deliver([parcel('a', 'store', undefined, NOW + 1_000_000)])).toEqual(['stored']);
    expect(alarms).toEqual([(NOW + 3600) * 1000]);
  });

  it('says when a mailbox is full', async () => {
    const { delivery } = rig({ maxMessages: 1 });
    expect(await delivery.deliver([parcel('a'), parcel('b')])).toEqual(['stored', 'full']);
  });

  it('lets what comes in the middle of a drain join its end', async () => {
    const { delivery, mailbox, connected, sent, work, state } = rig();
    for (let n = 0; n < 600; n += 1) mailbox.store(undefined, new TextEncoder().encode(`${n}`), NOW + 60);
    connected.add(undefined);
    state.pause = async () => {
      state.pause = async () => undefined;
      expect(await delivery.deliver([parcel('late', 'return')])).toEqual(['stored']);
    };
    await delivery.drain(undefined);
    await Promise.all(work);
    expect(sent).toEqual([...Array.from({ length: 600 }, (_, n) => `${n}`), 'late']);
    expect(state.resume).toBe(false);
  });

  it('keeps what a socket did not take for the next one', async () => {
    const { delivery, connected, sent, state } = rig();
    await delivery.deliver(['a', 'b', 'c'].map((body) => parcel(body)));
    connected.add(undefined);
    state.breakAfter = 1;
    await delivery.drain(undefined);
    state.breakAfter = Number.POSITIVE_INFINITY;
    await delivery.drain(undefined);
    expect(sent).toEqual(['a', 'b', 'c']);
  });

  it('asks to be resumed while a drain takes more than a page', async () => {
    const { delivery, mailbox, connected, state } = rig();
    for (let n = 0; n < 600; n += 1) mailbox.store(undefined, new TextEncoder().encode('x'), NOW + 60);
    connected.add(undefined);
    const seen: boolean[] = [];
    state.pause = async () => void seen.push(state.resume);
    await delivery.drain(undefined);
    expect(seen).toEqual([true]);
    expect(state.resume).toBe(false);
  });
});
