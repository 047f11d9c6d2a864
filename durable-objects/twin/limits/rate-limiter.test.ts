import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TestHost } from '../../../test/rig/relay/host.ts';
import { openSqlite } from '../../../test/rig/relay/sqlite.ts';
import { migrate } from '../storage/schema.ts';
import { EndedShares } from './ended-shares.ts';
import { RateLimiter } from './rate-limiter.ts';
import type { RateLimit, RateWindow } from './rate-window.ts';

const MINUTE = 60_000;
const NOW = 30_000_000 * MINUTE;

/** A twin's sockets and database, which outlive the limiter. */
function rig(limit: RateLimit) {
  const sql = openSqlite();
  migrate(sql);
  const sockets = new Map<string, RateWindow | undefined>();
  const host = new TestHost(() => NOW);
  const writes = { count: 0 };
  const wake = () =>
    new RateLimiter<string>(limit, {
      host,
      sockets: {
        all: () => [...sockets.keys()],
        isOpen: (socket) => sockets.has(socket),
        notesOn: (socket) => ({ sent: sockets.get(socket) }),
        note: (socket, { sent }) => {
          writes.count += 1;
          sockets.set(socket, sent);
        },
      },
      ended: new EndedShares(sql, '7'),
    });
  return { sockets, writes, wake, settle: () => host.settle() };
}

describe('RateLimiter', () => {
  it('admits as many messages of all sockets in a minute as its limit, and as many in the next', () => {
    const { sockets, wake } = rig({ messages: 5, bytes: 0 });
    sockets.set('a', undefined).set('b', undefined);
    const limiter = wake();
    const passed = Array.from({ length: 8 }, (_, n) => limiter.admit(n % 2 ? 'a' : 'b', 10, NOW + n * 1000));
    expect(passed).toEqual([true, true, true, true, true, false, false, false]);
    expect(limiter.admit('a', 10, NOW + MINUTE)).toBe(true);
  });

  it('admits as many bytes as its limit', () => {
    const limiter = rig({ messages: 0, bytes: 2000 }).wake();
    expect([1500, 500, 1].map((bytes) => limiter.admit('a', bytes, NOW))).toEqual([true, true, false]);
  });

  it('is off when no limit is set, and writes nothing then', async () => {
    const { writes, wake, settle } = rig({ messages: 0, bytes: 0 });
    const limiter = wake();
    for (let n = 0; n < 1000; n += 1) expect(limiter.admit('a', 1e6, NOW)).toBe(true);
    limiter.ended('a', NOW);
    await settle();
    expect(writes.count).toBe(0);
  });

  it('writes a socket’s share once for all frames that arrive together', async () => {
    const { sockets, writes, wake, settle } = rig({ messages: 1000, bytes: 0 });
    sockets.set('a', undefined);
    const limiter = wake();
    for (let n = 0; n < 100; n += 1) limiter.admit('a', 10, NOW);
    await settle();
    expect(writes.count).toBe(1);
    expect(sockets.get('a')).toEqual({ minute: NOW / MINUTE, messages: 100, bytes: 1000 });
  });

  it('counts exactly while sockets send, end and open, and the object sleeps', async () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant('send' as const), socket: fc.nat({ max: 3 }) }) },
      fc.record({ do: fc.constant('end' as const), socket: fc.nat({ max: 3 }) }),
      fc.record({ do: fc.constant('sleep' as const) }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 30_000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
        const { sockets, wake, settle } = rig({ messages: 10, bytes: 0 });
        let limiter = wake();
        let now = NOW;
        let sent = { minute: 0, count: 0 };
        for (const each of steps) {
          if (each.do === 'wait') now += each.ms;
          else if (each.do === 'sleep') {
            await settle();
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
