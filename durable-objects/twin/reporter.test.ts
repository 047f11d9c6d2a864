import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Counts, merge } from '../stats/counts.ts';
import { Reporter } from './reporter.ts';
import { Unreported } from './unreported.ts';

const NOW = 1_800_000_000_000;

/** The platform's side of a twin: sockets and storage outlive the object; so do the stats. */
function rig() {
  const sockets = new Map<string, Counts | undefined>();
  const state = {
    now: NOW,
    row: undefined as Counts | undefined,
    isStatsAway: false,
    isDiskFull: false,
    rows: 0,
    told: 0,
    toldAt: NOW,
  };
  const handed: Counts = {};
  const soon: (() => Promise<void>)[] = [];
  const wake = () => {
    const unreported = new Unreported<string>({
      sockets: () => [...sockets.keys()],
      isOpen: (socket) => sockets.has(socket),
      read: (socket) => sockets.get(socket),
      write: (socket, counts) => void sockets.set(socket, structuredClone(counts)),
      readRow: () => state.row,
      writeRow: (counts) => {
        if (state.isDiskFull) throw new Error('disk full');
        state.rows += 1;
        state.row = structuredClone(counts);
      },
    });
    return new Reporter({
      now: () => state.now,
      restore: () => unreported.restore(),
      keep: (counts) => unreported.keep(counts),
      handOver: async (counts) => {
        if (state.isStatsAway) throw new Error('away');
        merge(handed, counts);
        state.told += 1;
      },
      toldAt: () => state.toldAt,
      noteTold: (at) => {
        state.toldAt = at;
      },
      gauges: () => ({ sessions: sockets.size, mailboxMessages: 0, mailboxBytes: 0, outboxMessages: 0 }),
      soon: (work) => void soon.push(work),
    });
  };
  const settle = async () => {
    for (const work of soon.splice(0)) await work();
  };
  return { sockets, state, handed, wake, settle };
}

describe('Reporter', () => {
  it('hands over what has gathered once that is much, or old, and at a flush', async () => {
    const { sockets, state, handed, wake, settle } = rig();
    sockets.set('a', undefined);
    const reporter = wake();
    for (let n = 0; n < 1000; n += 1) reporter.count('relay_message_rx');
    await settle();
    expect(handed).toEqual({ relay_message_rx: 1000 });
    reporter.count('relay_message_rx');
    await settle();
    expect(handed).toEqual({ relay_message_rx: 1000 });
    state.now += 300_000;
    reporter.count('relay_message_rx');
    await settle();
    expect(handed).toEqual({ relay_message_rx: 1002 });
    reporter.count('relay_message_tx');
    await reporter.flush();
    expect(handed).toEqual({ relay_message_rx: 1002, relay_message_tx: 1 });
  });

  it('writes nothing in storage while a socket can carry what waits', async () => {
    const { sockets, state, wake, settle } = rig();
    sockets.set('a', undefined);
    const reporter = wake();
    for (let n = 0; n < 20; n += 1) {
      reporter.count('relay_message_rx');
      await settle();
    }
    expect(state.rows).toBe(0);
    expect(sockets.get('a')).toEqual({ relay_message_rx: 20 });
  });

  it('writes nothing for letters that wait, which their senders count; a thousand have the gauges told', async () => {
    const { state, handed, wake, settle } = rig();
    const reporter = wake();
    reporter.woke();
    for (let n = 0; n < 990; n += 1) {
      reporter.stored(1);
      await settle();
    }
    expect([state.rows, state.told]).toEqual([0, 0]);
    reporter.stored(10);
    await settle();
    expect([state.rows, state.told, handed]).toEqual([0, 1, { relay_twin_wakes_total: 1 }]);
  });

  it('announces how the twin stands, and keeps what it has counted; a failure is nobody’s', async () => {
    const { sockets, state, handed, wake, settle } = rig();
    sockets.set('a', undefined);
    const reporter = wake();
    reporter.count('relay_message_rx');
    await reporter.announce();
    expect([state.told, handed]).toEqual([1, {}]);
    state.isStatsAway = true;
    await reporter.announce();
    state.isStatsAway = false;
    await settle();
    await reporter.flush();
    expect([state.told, handed]).toEqual([2, { relay_message_rx: 1 }]);
  });

  it('says again how the twin stands after three hours, however short it wakes, and hands over no counts', async () => {
    const { sockets, state, handed, wake, settle } = rig();
    sockets.set('a', undefined);
    for (let minute = 0; minute < 600; minute += 1) {
      state.now = NOW + minute * 60_000;
      wake().received(100);
      await settle();
    }
    expect([state.told, handed]).toEqual([3, {}]);
  });

  it('does not fail its caller when storage does', async () => {
    const { state, wake } = rig();
    const reporter = wake();
    state.isStatsAway = true;
    state.isDiskFull = true;
    reporter.count('relay_message_rx');
    await reporter.flush();
  });

  it('loses nothing and counts nothing twice, whatever sleeps, closes, opens and is away', async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('count' as const), by: fc.integer({ min: 1, max: 800 }) }) },
      fc.record({ do: fc.constantFrom('open' as const, 'close' as const), socket: fc.nat({ max: 2 }) }),
      fc.record({ do: fc.constantFrom('sleep' as const, 'flush' as const, 'away' as const, 'back' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { sockets, state, handed, wake, settle } = rig();
        let reporter = wake();
        let counted = 0;
        for (const each of steps) {
          if (each.do === 'count') {
            for (let n = 0; n < each.by; n += 1) reporter.count('relay_message_rx');
            counted += each.by;
          } else if (each.do === 'open') sockets.set(`${each.socket}`, sockets.get(`${each.socket}`));
          else if (each.do === 'close') {
            // As the object does it: the end of a session is counted, so what waits is written somewhere else.
            if (sockets.delete(`${each.socket}`)) reporter.count('relay_session_evictions_total', 1, 'closed');
          } else if (each.do === 'flush') await reporter.flush();
          else if (each.do === 'sleep') reporter = wake();
          else state.isStatsAway = each.do === 'away';
          // An event has ended: what it set off for soon is done before anything else can happen.
          await settle();
        }
        state.isStatsAway = false;
        reporter = wake();
        await reporter.flush();
        expect(handed.relay_message_rx ?? 0).toBe(counted);
        expect([state.row, ...sockets.values()].filter((each) => each !== undefined)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
