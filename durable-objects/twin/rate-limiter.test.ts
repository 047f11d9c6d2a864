import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSqlite } from '../../test/rig/sqlite.ts';
import { EndedShares } from './ended-shares.ts';
import { RateLimiter } from './rate-limiter.ts';
import type { RateLimit, RateWindow } from './rate-window.ts';
import { migrate } from './schema.ts';

const MINUTE = 60_000;
const NOW = 30_000_000 * MINUTE;

/** The platform's side of a twin: sockets and database outlive the limiter. */
function rig(limit: RateLimit) {
  const sql = openSqlite();
  migrate(sql);
  const ended = new EndedShares(sql);
  const sockets = new Map<string, RateWindow | undefined>();
  const soon: (() => void)[] = [];
  const writes = { count: 0 };
  const wake = () =>
    new RateLimiter<string>(limit, {
      sockets: () => [...sockets.keys()],
      now: () => NOW,
      read: (socket) => sockets.get(socket),
      write: (socket, share) => {
        writes.count += 1;
        sockets.set(socket, share);
      },
      readEnded: (minute) => ended.read(minute),
      addEnded: (share) => ended.add(share),
      soon: (work) => void soon.push(work),
    });
  const settle = () => {
    for (const work of soon.splice(0)) work();
  };
  return { sockets, writes, wake, settle };
}

describe('RateLimiter', () => {
  it('lets pass as many messages in a minute as its limit says, of all sockets together, and as many in the next', () => {
    const { sockets, wake } = rig({ messages: 5, bytes: 0 });
    sockets.set('a', undefined).set('b', undefined);
    const limiter = wake();
    const passed = Array.from({ length: 8 }, (_, n) => limiter.admit(n % 2 ? 'a' : 'b', 10, NOW + n * 1000));
    expect(passed).toEqual([true, true, true, true, true, false, false, false]);
    expect(limiter.admit('a', 10, NOW + MINUTE)).toBe(true);
  });

  it('lets pass as many bytes as its limit says', () => {
    const limiter = rig({ messages: 0, bytes: 2000 }).wake();
    expect([1500, 500, 1].map((bytes) => limiter.admit('a', bytes, NOW))).toEqual([true, true, false]);
  });

  it('is off when no limit is set, and costs nothing then', () => {
    const { writes, wake, settle } = rig({ messages: 0, bytes: 0 });
    const limiter = wake();
    for (let n = 0; n < 1000; n += 1) expect(limiter.admit('a', 1e6, NOW)).toBe(true);
    limiter.ended('a', NOW);
    settle();
    expect(writes.count).toBe(0);
  });

  it('writes a socket’s share once for all frames that arrive together', () => {
    const { sockets, writes, wake, settle } = rig({ messages: 1000, bytes: 0 });
    sockets.set('a', undefined);
    const limiter = wake();
    for (let n = 0; n < 100; n += 1) limiter.admit('a', 10, NOW);
    settle();
    expect(writes.count).toBe(1);
    expect(sockets.get('a')).toEqual({ minute: NOW / MINUTE, messages: 100, bytes: 1000 });
  });

  it('counts exactly, whichever socket sends, sleeps come between, sockets end and new ones open', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant('send' as const), socket: fc.nat({ max: 3 }) }) },
      fc.record({ do: fc.constant('end' as const), socket: fc.nat({ max: 3 }) }),
      fc.record({ do: fc.constant('sleep' as const) }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 30_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const { sockets, wake, settle } = rig({ messages: 10, bytes: 0 });
        let limiter = wake();
        let now = NOW;
        let sent = { minute: 0, count: 0 };
        for (const each of steps) {
          if (each.do === 'wait') now += each.ms;
          else if (each.do === 'sleep') {
            settle();
            limiter = wake();
          } else if (each.do === 'end') {
            if (!sockets.has(`${each.socket}`)) continue;
            limiter.ended(`${each.socket}`, now);
            sockets.delete(`${each.socket}`);
          } else {
            const socket = `${each.socket}`;
            if (!sockets.has(socket)) sockets.set(socket, undefined);
            const minute = Math.floor(now / MINUTE);
            sent = { minute, count: sent.minute === minute ? sent.count + 1 : 1 };
            expect(limiter.admit(socket, 1, now)).toBe(sent.count <= 10);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
