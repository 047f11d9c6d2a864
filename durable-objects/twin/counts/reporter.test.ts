import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TestHost } from '../../../test/rig/relay/host.ts';
import { type Counts, merge } from '../../stats/counts.ts';
import type { Notes } from '../sessions/attachment.ts';
import { Reporter } from './reporter.ts';

const NOW = 1_800_000_000_000;

/** A twin's sockets, storage and stats, which outlive its object. */
function rig() {
  const sockets = new Map<string, Notes>();
  const state = {
    now: NOW,
    row: undefined as Counts | undefined,
    isStatsAway: false,
    isDiskFull: false,
    rows: 0,
    reports: 0,
  };
  const reported: Counts = {};
  const host = new TestHost(() => state.now);
  const wake = () =>
    new Reporter<string>({
      host,
      sockets: {
        all: () => [...sockets.keys()],
        isOpen: (socket) => sockets.has(socket),
        notesOn: (socket) => sockets.get(socket) ?? {},
        note: (socket, notes) => void sockets.set(socket, { ...sockets.get(socket), ...structuredClone(notes) }),
      },
      row: {
        read: () => state.row,
        write: (counts) => {
          if (state.isDiskFull) throw new Error('disk full');
          state.rows += 1;
          state.row = structuredClone(counts);
        },
      },
      report: async (counts) => {
        if (state.isStatsAway) throw new Error('away');
        merge(reported, counts);
        state.reports += 1;
      },
      ledger: { keep: () => undefined },
      gauges: () => ({ sessions: sockets.size, mailboxMessages: 0, mailboxBytes: 0, outboxMessages: 0 }),
    });
  /** Connects a socket whose twin has just reported. */
  const connect = (socket: string) => void sockets.set(socket, sockets.get(socket) ?? { toldAt: state.now });
  return { sockets, state, reported, wake, connect, settle: () => host.settle() };
}
const WOKE = { relay_twin_wakes_total: 1 };

describe('Reporter', () => {
  it('reports counts once they are many or old, and at a flush', async () => {
    const { connect, state, reported, wake, settle } = rig();
    connect('a');
    const reporter = wake();
    for (let n = 0; n < 1000; n += 1) reporter.count('relay_message_rx');
    await settle();
    expect(reported).toEqual({ ...WOKE, relay_message_rx: 1000 });
    reporter.count('relay_message_rx');
    await settle();
    expect(reported).toEqual({ ...WOKE, relay_message_rx: 1000 });
    state.now += 300_000;
    reporter.count('relay_message_rx');
    await settle();
    expect(reported).toEqual({ ...WOKE, relay_message_rx: 1002 });
    reporter.count('relay_message_tx');
    await reporter.flush();
    expect(reported).toEqual({ ...WOKE, relay_message_rx: 1002, relay_message_tx: 1 });
  });

  it('writes no row while a socket can keep the counts', async () => {
    const { sockets, connect, state, wake, settle } = rig();
    connect('a');
    const reporter = wake();
    for (let n = 0; n < 20; n += 1) {
      reporter.count('relay_message_rx');
      await settle();
    }
    expect(state.rows).toBe(0);
    expect(sockets.get('a')?.counts).toEqual({ ...WOKE, relay_message_rx: 20 });
  });

  it('writes no row for stored envelopes, and reports the gauges after a thousand', async () => {
    const { state, reported, wake, settle } = rig();
    const reporter = wake();
    for (let n = 0; n < 990; n += 1) {
      reporter.stored(1);
      await settle();
    }
    expect([state.rows, state.reports]).toEqual([0, 0]);
    reporter.stored(10);
    await settle();
    expect([state.rows, state.reports, reported]).toEqual([0, 1, WOKE]);
  });

  it('announces the gauges without the counts, and does not reject', async () => {
    const { connect, state, reported, wake, settle } = rig();
    connect('a');
    const reporter = wake();
    reporter.count('relay_message_rx');
    await reporter.announce();
    expect([state.reports, reported]).toEqual([1, {}]);
    state.isStatsAway = true;
    await reporter.announce();
    state.isStatsAway = false;
    await settle();
    await reporter.flush();
    expect([state.reports, reported]).toEqual([2, { ...WOKE, relay_message_rx: 1 }]);
  });

  it('announces the gauges again after three hours, however briefly the object wakes', async () => {
    const { connect, state, reported, wake, settle } = rig();
    connect('a');
    for (let minute = 0; minute < 600; minute += 1) {
      state.now = NOW + minute * 60_000;
      wake().received(100);
      await settle();
    }
    expect([state.reports, reported]).toEqual([3, {}]);
  });

  it('does not reject when storage and stats fail', async () => {
    const { state, wake } = rig();
    const reporter = wake();
    state.isStatsAway = true;
    state.isDiskFull = true;
    reporter.count('relay_message_rx');
    await reporter.flush();
  });

  it('loses no count and counts none twice, while sockets open and close, objects sleep and stats fail', async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('count' as const), by: fc.integer({ min: 1, max: 800 }) }) },
      fc.record({ do: fc.constantFrom('open' as const, 'close' as const), socket: fc.nat({ max: 2 }) }),
      fc.record({ do: fc.constantFrom('sleep' as const, 'flush' as const, 'away' as const, 'back' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { sockets, connect, state, reported, wake, settle } = rig();
        let reporter = wake();
        let counted = 0;
        for (const each of steps) {
          if (each.do === 'count') {
            for (let n = 0; n < each.by; n += 1) reporter.count('relay_message_rx');
            counted += each.by;
          } else if (each.do === 'open') connect(`${each.socket}`);
          else if (each.do === 'close') {
            // The object counts the end of a session as well, so the counts are kept in another place.
            if (sockets.delete(`${each.socket}`)) reporter.count('relay_session_evictions_total', 1, 'closed');
          } else if (each.do === 'flush') await reporter.flush();
          else if (each.do === 'sleep') reporter = wake();
          else state.isStatsAway = each.do === 'away';
          // The event ends: its background work is done before the next event.
          await settle();
        }
        state.isStatsAway = false;
        reporter = wake();
        await reporter.flush();
        expect(reported.relay_message_rx ?? 0).toBe(counted);
        const kept = [state.row, ...[...sockets.values()].map(({ counts }) => counts)];
        expect(kept.filter((each) => each !== undefined)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
