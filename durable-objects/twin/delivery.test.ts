import { describe, expect, it } from 'vitest';
import { openSqlite } from '../../test/rig/sqlite.ts';
import type { IfAway, Parcel } from '../contract.ts';
import { Delivery } from './delivery.ts';
import { Mailbox } from './mailbox.ts';
import { migrate } from './schema.ts';

const NOW = 1_800_000_000;
const encode = (body: string) => new TextEncoder().encode(body);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const parcel = (body: string, ifAway: IfAway = 'store', sid?: string, expiresAt = NOW + 60): Parcel => ({
  sid,
  bytes: encode(body),
  ifAway,
  expiresAt,
});

/** Letters 0, 1, 2… of so many bytes. */
function store(mailbox: Mailbox, letters: number, bytes: number): void {
  for (let n = 0; n < letters; n += 1) mailbox.store(undefined, encode(`${n}`.padEnd(bytes)), NOW + 60);
  mailbox.write();
}

function rig({ maxMessages = 10_000 } = {}) {
  const sql = openSqlite();
  migrate(sql);
  const connected = new Set<string | undefined>();
  const sent: string[] = [];
  const work: Promise<void>[] = [];
  const alarms: number[] = [];
  const state = {
    resume: false,
    stored: 0,
    onSend: (): unknown => undefined,
    expired: 0,
    breakAfter: Number.POSITIVE_INFINITY,
    now: NOW,
    pause: async () => undefined as undefined,
    settling: async () => undefined as undefined,
  };
  const sessions = {
    has: (sid: string | undefined) => connected.has(sid),
    send: (sid: string | undefined, bytes: Uint8Array) => {
      state.onSend();
      if (!connected.has(sid) || sent.length >= state.breakAfter) return false;
      sent.push(text(bytes));
      return true;
    },
    sender: (sid: string | undefined) =>
      connected.has(sid) ? (bytes: Uint8Array) => sessions.send(sid, bytes) : undefined,
  };
  const mailbox = new Mailbox(sql, { maxMessages, maxBytes: 2 ** 26 });
  const delivery = new Delivery(sessions, mailbox, 3600, {
    now: () => state.now * 1000,
    pause: () => state.pause(),
    settling: () => state.settling(),
    background: (promise) => void work.push(promise),
    expireAt: async (at) => void alarms.push(at),
    draining: async (under) => {
      state.resume = under;
    },
    stored: (letters) => {
      state.stored += letters;
    },
    mailed: () => undefined,
    expired: (letters) => {
      state.expired += letters;
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

  it('says when a mailbox is full, and counts what it took', async () => {
    const { delivery, state } = rig({ maxMessages: 1 });
    expect(await delivery.deliver([parcel('a'), parcel('b')])).toEqual(['stored', 'full']);
    expect(state.stored).toBe(1);
  });

  it('delivers what another relay brings again four times, and stores it once', async () => {
    const { delivery, mailbox, connected, sent } = rig();
    const brought = (sid: string) => ({ ...parcel(sid, 'store', sid), digest: sid.repeat(43) });
    connected.add('a');
    const live = Array.from({ length: 5 }, () => brought('a'));
    expect(await delivery.deliver(live)).toEqual(['sent', 'sent', 'sent', 'sent', 'repeat']);
    expect(await delivery.deliver([brought('b'), brought('b'), brought('b')])).toEqual(['stored', 'repeat', 'repeat']);
    connected.add('b');
    await delivery.drain('b');
    expect(mailbox.isEmpty('b')).toBe(true);
    expect(await delivery.deliver([brought('b')])).toEqual(['sent']);
    expect(sent).toEqual(['a', 'a', 'a', 'a', 'b', 'b']);
  });

  it('lets what comes in the middle of a drain join its end', async () => {
    const { delivery, mailbox, connected, sent, work, state } = rig();
    store(mailbox, 600, 4000);
    connected.add(undefined);
    state.pause = async () => {
      state.pause = async () => undefined;
      expect(await delivery.deliver([parcel('late', 'return')])).toEqual(['stored']);
    };
    await delivery.drain(undefined);
    await Promise.all(work);
    expect(sent.map((each) => each.trimEnd())).toEqual([...Array.from({ length: 600 }, (_, n) => `${n}`), 'late']);
    expect(state.resume).toBe(false);
  });

  it('gives the next socket the whole page that broke in the middle, and all that had not settled', async () => {
    const { delivery, mailbox, connected, sent, state } = rig();
    await delivery.deliver(['a', 'b', 'c'].map((body) => parcel(body)));
    connected.add(undefined);
    state.breakAfter = 1;
    await delivery.drain(undefined);
    delivery.ended(undefined, false);
    state.breakAfter = Number.POSITIVE_INFINITY;
    await delivery.drain(undefined);
    expect(sent).toEqual(['a', 'a', 'b', 'c']);
    expect(mailbox.isEmpty(undefined)).toBe(true);
  });

  it('gives again what a socket took that broke before it settled, and not what one took that was closed', async () => {
    const { delivery, connected, sent, state } = rig();
    for (const isClean of [false, true, true]) {
      await delivery.deliver([parcel('a')]);
      connected.add(undefined);
      state.settling = async () => {
        connected.delete(undefined);
        delivery.ended(undefined, isClean);
        return undefined;
      };
      await delivery.drain(undefined);
    }
    // The first is given with the second; the second was read, as its socket was closed, and so was the third.
    expect(sent).toEqual(['a', 'a', 'a', 'a']);
  });

  it('does not take for read what a later connection was given a moment ago', async () => {
    const { delivery, mailbox, connected, sent, state } = rig();
    await delivery.deliver([parcel('a')]);
    connected.add(undefined);
    const end = Promise.withResolvers<undefined>();
    state.settling = () => end.promise;
    const first = delivery.drain(undefined);
    await Promise.resolve();
    await Promise.resolve();
    delivery.ended(undefined, false);
    const second = delivery.drain(undefined);
    state.settling = () => new Promise(() => undefined);
    end.resolve(undefined);
    await first;
    delivery.ended(undefined, false);
    expect(mailbox.isEmpty(undefined)).toBe(false);
    await Promise.race([second, Promise.resolve()]);
    expect(sent).toEqual(['a', 'a']);
  });

  it('hands back what must not be stored when the socket breaks in the attempt', async () => {
    const { delivery, connected, state } = rig();
    connected.add(undefined);
    state.onSend = () => connected.delete(undefined);
    expect(await delivery.deliver([parcel('a', 'return'), parcel('b')])).toEqual(['offline', 'stored']);
  });

  it('sends on at once while what it drained settles', async () => {
    const { delivery, connected, sent, state } = rig();
    await delivery.deliver([parcel('a')]);
    connected.add(undefined);
    state.settling = async () => {
      expect(await delivery.deliver([parcel('live')])).toEqual(['sent']);
      return undefined;
    };
    await delivery.drain(undefined);
    expect(sent).toEqual(['a', 'live']);
  });

  it('does not deliver what waited for too long, and counts it: at a drain and at a purge', async () => {
    const { delivery, connected, sent, state, alarms } = rig();
    await delivery.deliver([parcel('a', 'store', undefined, NOW + 1), parcel('b', 'store', undefined, NOW + 100)]);
    state.now = NOW + 1;
    connected.add(undefined);
    await delivery.drain(undefined);
    expect([sent, state.expired]).toEqual([['b'], 1]);
    connected.delete(undefined);
    await delivery.deliver([parcel('c', 'store', undefined, NOW + 5), parcel('d', 'store', 'x', NOW + 100)]);
    state.now = NOW + 5;
    alarms.length = 0;
    await delivery.purge();
    expect([alarms, state.expired]).toEqual([[(NOW + 100) * 1000], 2]);
  });

  it('asks to be resumed while a drain takes more than a page', async () => {
    const { delivery, mailbox, connected, state } = rig();
    store(mailbox, 600, 4000);
    connected.add(undefined);
    const seen: boolean[] = [];
    state.pause = async () => void seen.push(state.resume);
    await delivery.drain(undefined);
    expect(seen).toEqual([true]);
    expect(state.resume).toBe(false);
  });
});
