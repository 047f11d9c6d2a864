import { describe, expect, it } from 'vitest';
import { encodeEnvelope, errorReply } from '../../../proto/envelope/envelope.ts';
import { request } from '../../../test/rig/envelopes/envelopes.ts';
import { openSqlite } from '../../../test/rig/relay/sqlite.ts';
import type { TwinLookup } from '../../contract.ts';
import { Mailbox } from '../receive/mailbox.ts';
import { type RoutedEnvelope, uidOf } from '../send/routed-envelope.ts';
import { migrate } from '../storage/schema.ts';
import { MailFollow } from './mail-follow.ts';

const NOW = 1_800_000_000;
const SECOND = 1_000;
const mailOf = (uid: string, from = 1) =>
  encodeEnvelope(request({ twin: from, connection: 'x' }, { twin: 2 }, { uid }));

/** The mailbox of twin 2 with mail, on a real SQLite, at `relay.example`. */
function rig({ relay = 'other.example', names = ['relay.example'] }: { relay?: string; names?: string[] } = {}) {
  const sql = openSqlite();
  migrate(sql);
  const mailbox = new Mailbox(sql, { maxMessages: 100, maxBytes: 2 ** 26 });
  const seen = {
    now: NOW * SECOND,
    lookup: { found: { id: 2, account: new Uint8Array(32), relay, pk: null } } as TwinLookup | 'dies',
    lookups: [] as (string | undefined)[],
    connected: new Set<string | undefined>(),
    adopted: [] as RoutedEnvelope[],
    room: Number.POSITIVE_INFINITY,
    offered: [] as string[],
    takes: async () => false,
    counted: [] as string[],
    wakes: [] as number[],
  };
  const follow = new MailFollow({
    host: { now: () => seen.now },
    count: (metric, by = 1, label) =>
      void seen.counted.push(`${metric} ${by}${label === undefined ? '' : ` ${label}`}`),
    mailbox,
    isConnected: (sid) => seen.connected.has(sid),
    allowsPrivate: false,
    ownDomains: (host) => (names.length > 0 ? names : [host]),
    lookup: async (_, block) => {
      seen.lookups.push(block);
      if (seen.lookup === 'dies') throw new Error('resolver reset');
      return seen.lookup;
    },
    federation: {
      adopt: (_, mail) => {
        if (seen.adopted.length + mail.length > seen.room) return undefined;
        seen.adopted.push(...mail);
        return Promise.resolve();
      },
      offer: async ({ bytes }, domains) => {
        seen.offered.push(`${uidOf(bytes)} ${domains.join()}`);
        return await seen.takes();
      },
    },
    wakeAt: async (at) => void seen.wakes.push((at - seen.now) / SECOND),
  });
  const put = (sid: string | undefined, bytes: Uint8Array, expiresAt = NOW + 60) => {
    mailbox.store(sid, bytes, expiresAt);
    mailbox.write();
  };
  /** The uids that the mailbox holds for a session, in order. */
  const left = (sid?: string) => (mailbox.page(sid, NOW)?.envelopes ?? []).map(uidOf);
  const moved = () => seen.adopted.map(({ bytes }) => uidOf(bytes));
  return Object.assign(seen, { follow, mailbox, put, left, moved });
}

describe('the mail of a twin that left this relay', () => {
  it('moves to the federation queue, in order, with the time that it has left', async () => {
    const twin = rig();
    twin.put(undefined, mailOf('a'), NOW + 5);
    twin.put(undefined, mailOf('b'));
    twin.put('y', mailOf('c'));
    await twin.follow.follow({});
    expect([twin.moved(), twin.left(), twin.left('y'), twin.wakes]).toEqual([['a', 'b', 'c'], [], [], []]);
    expect(twin.adopted[0]).toMatchObject({
      from: { twin: 1, sid: 'x', host: 'relay.example' },
      to: { twin: 2 },
      isRequest: true,
      failFast: false,
      expiresAt: NOW + 5,
      isMail: true,
    });
    expect(twin.counted).toEqual(['relay_mail_moved_total 2', 'relay_mail_moved_total 1']);
  });

  it('stays for a session that is connected here, and for a queue without room, to be looked at again', async () => {
    const twin = rig();
    twin.put(undefined, mailOf('a'));
    twin.put('y', mailOf('b'));
    twin.connected.add('y');
    twin.room = 0;
    await twin.follow.follow({});
    expect([twin.moved(), twin.left(), twin.left('y'), twin.wakes]).toEqual([[], ['a'], ['b'], [10]]);
    twin.room = 1;
    twin.now += 10 * SECOND;
    await twin.follow.follow({});
    expect([twin.moved(), twin.left(), twin.left('y'), twin.wakes]).toEqual([['a'], [], ['b'], [10]]);
  });

  it('leaves this relay’s own errors here: no other relay takes them', async () => {
    const twin = rig();
    const asked = { uid: 'own', timestamp: 0n, expiration: 0n, relays: [] };
    twin.put(undefined, encodeEnvelope(errorReply(asked, { twin: 2 }, 'late', NOW)));
    await twin.follow.follow({});
    expect([twin.lookups, twin.left()]).toEqual([[], ['own']]);
    twin.put(undefined, mailOf('a'));
    await twin.follow.follow({});
    expect([twin.moved(), twin.left()]).toEqual([['a'], ['own']]);
  });

  it('is counted as expired if it is', async () => {
    const twin = rig();
    twin.put(undefined, mailOf('late'), NOW - 1);
    twin.put(undefined, mailOf('a'));
    await twin.follow.follow({});
    expect([twin.moved(), twin.left()]).toEqual([['a'], []]);
    expect(twin.counted).toContain('relay_messages_dropped_total 1 expired');
  });

  it('is looked up at most once in five seconds, unless the chain has news', async () => {
    const twin = rig({ relay: 'relay.example' });
    twin.put(undefined, mailOf('a'));
    await twin.follow.follow({});
    await twin.follow.follow({});
    await twin.follow.follow({ block: '0x1' });
    twin.now += 5 * SECOND;
    await twin.follow.follow({});
    expect([twin.lookups, twin.left(), twin.wakes]).toEqual([[undefined, '0x1', undefined], ['a'], []]);
  });

  it('stays while the twin cannot be looked up', async () => {
    const twin = rig();
    twin.put(undefined, mailOf('a'));
    twin.lookup = { unavailable: 'down' };
    await twin.follow.follow({});
    expect([twin.left(), twin.wakes]).toEqual([['a'], [10]]);
    twin.lookup = 'dies';
    await twin.follow.follow({ block: '0x1' });
    expect(twin.left()).toEqual(['a']);
    twin.lookup = { unknown: true };
    await twin.follow.follow({ block: '0x2' });
    expect([twin.left(), twin.wakes]).toEqual([['a'], [10]]);
  });

  it('stays at a relay that does not know its own name', async () => {
    const twin = rig({ names: [] });
    twin.put(undefined, mailOf('a'));
    await twin.follow.follow({});
    expect([twin.lookups, twin.left()]).toEqual([[], ['a']]);
    await twin.follow.follow({ host: 'relay.example' });
    expect(twin.moved()).toEqual(['a']);
  });
});

describe('the mail of a twin of this relay and of others', () => {
  const relay = 'relay.example_other.example';

  it('follows when another relay takes its oldest envelope, which goes only once', async () => {
    const twin = rig({ relay });
    for (const uid of ['a', 'b', 'c']) twin.put(undefined, mailOf(uid));
    twin.takes = async () => true;
    await twin.follow.follow({});
    expect([twin.offered, twin.moved(), twin.left()]).toEqual([['a other.example'], ['b', 'c'], []]);
    expect(twin.counted).toEqual(['relay_mail_moved_total 3']);
  });

  it('stays while no other relay has the session, and is offered again, more and more seldom', async () => {
    const twin = rig({ relay });
    twin.put(undefined, mailOf('a'), NOW + 3600);
    for (let n = 0; n < 7; n += 1) {
      await twin.follow.follow({});
      twin.now += (twin.wakes.at(-1) ?? 0) * SECOND;
    }
    expect([twin.offered.length, twin.wakes]).toEqual([7, [10, 20, 40, 80, 160, 300, 300]]);
  });

  it('is offered again soon after the others were asked for a new envelope', async () => {
    const twin = rig({ relay });
    twin.put(undefined, mailOf('a'), NOW + 3600);
    await twin.follow.follow({});
    await twin.follow.follow({ isAsked: true, host: 'relay.example' });
    expect([twin.offered.length, twin.wakes]).toEqual([1, [10, 10]]);
  });

  it('is looked at once more for a hint that came meanwhile', async () => {
    const twin = rig({ relay });
    twin.put(undefined, mailOf('a'));
    let take: (taken: boolean) => void = () => undefined;
    twin.takes = () => new Promise((resolve) => (take = resolve));
    const following = twin.follow.follow({});
    await twin.follow.follow({ block: '0x1' });
    twin.takes = async () => false;
    await new Promise((resolve) => setImmediate(resolve));
    take(false);
    await following;
    expect(twin.lookups).toEqual([undefined, '0x1']);
  });

  it('keeps what its session gets here meanwhile', async () => {
    const twin = rig({ relay });
    for (const uid of ['a', 'b']) twin.put(undefined, mailOf(uid));
    twin.takes = async () => {
      twin.connected.add(undefined);
      return true;
    };
    await twin.follow.follow({});
    expect([twin.moved(), twin.left()]).toEqual([[], ['a', 'b']]);
  });
});
