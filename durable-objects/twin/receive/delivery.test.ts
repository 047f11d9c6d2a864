import { describe, expect, it } from 'vitest';
import { NO_CUSTODY } from '../../../test/rig/relay/no-custody.ts';
import { openSqlite } from '../../../test/rig/relay/sqlite.ts';
import type { BatchEnvelope, IfAway } from '../../contract.ts';
import { ORDINARY, type Pace, WARY } from '../back-pressure/back-pressure.ts';
import type { HandOutCounts } from '../back-pressure/hand-outs.ts';
import type { Judgement } from '../back-pressure/ledger.ts';
import type { Outlet } from '../back-pressure/outlets.ts';
import { migrate } from '../storage/schema.ts';
import { Delivery } from './delivery.ts';
import { Mailbox } from './mailbox.ts';

const NOW = 1_800_000_000;
const SETTLE_MS = 4_000;
const EXPIRY_BUNCH_MS = 60_000;
const encode = (body: string) => new TextEncoder().encode(body);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const envelope = (body: string, ifAway: IfAway = 'store', sid?: string, expiresAt = NOW + 60): BatchEnvelope => ({
  sid,
  bytes: encode(body),
  ifAway,
  expiresAt,
});

/** Stores envelopes 0, 1, 2… of so many bytes. */
function store(mailbox: Mailbox, envelopes: number, bytes: number): void {
  for (let n = 0; n < envelopes; n += 1) mailbox.store(undefined, encode(`${n}`.padEnd(bytes)), NOW + 60);
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
    isFull: false,
    errors: [] as (string | undefined)[],
    onSend: (): unknown => undefined,
    expired: 0,
    breakAfter: Number.POSITIVE_INFINITY,
    now: NOW,
    pause: async () => undefined as undefined,
    settling: async () => undefined as undefined,
    judge: (_bytes: number, _pace: Pace): Judgement => ({ kind: 'deliver' }),
    released: 0,
    wait: (_ms: number): Promise<void> => new Promise(() => undefined),
    handOuts: undefined as HandOutCounts | undefined,
  };
  const outlets = {
    has: (sid: string | undefined) => connected.has(sid),
    of: (sid: string | undefined): Outlet | undefined => {
      if (!connected.has(sid)) return undefined;
      return {
        judge: (bytes, pace) => state.judge(bytes, pace),
        send: (bytes) => {
          state.onSend();
          if (!connected.has(sid) || sent.length >= state.breakAfter) return false;
          sent.push(text(bytes));
          return true;
        },
        release: () => {
          state.released += 1;
        },
        evict: () => {
          connected.delete(sid);
          delivery.ended(sid, false);
        },
      };
    },
  };
  const full: typeof sql = {
    exec: (query, ...bindings) => {
      if (state.isFull && query.startsWith('INSERT')) throw new Error('database or disk is full: SQLITE_FULL');
      return sql.exec(query, ...bindings);
    },
  };
  const mailbox = new Mailbox(full, { maxMessages, maxBytes: 2 ** 26 });
  const delivery: Delivery = new Delivery(mailbox, 3600, {
    host: {
      now: () => state.now * 1000,
      wait: (ms) => (ms === 0 ? state.pause() : ms === SETTLE_MS ? state.settling() : state.wait(ms)),
      background: (promise) => void work.push(promise),
    },
    count: (metric, by = 1, label) => {
      if (metric === 'relay_platform_errors_total') state.errors.push(label);
      if (metric === 'relay_messages_dropped_total') state.expired += by;
    },
    outlets,
    alarms: {
      arm: async (name, at) => {
        if (name === 'mailbox-expiry') alarms.push(at - EXPIRY_BUNCH_MS);
        else state.resume = true;
      },
      cancel: async () => {
        state.resume = false;
      },
    },
    reporter: {
      stored: (envelopes) => {
        state.stored += envelopes;
      },
    },
    handOuts: {
      read: () => state.handOuts,
      write: (counts) => {
        state.handOuts = counts;
      },
    },
    custody: NO_CUSTODY,
  });
  return { delivery, mailbox, connected, sent, work, alarms, state };
}

describe('Delivery', () => {
  it('sends a connected session its envelopes in order', async () => {
    const { delivery, connected, sent } = rig();
    connected.add(undefined);
    expect(await delivery.deliver([envelope('a'), envelope('b')])).toEqual(['sent', 'sent']);
    expect(sent).toEqual(['a', 'b']);
  });

  it('stores or returns each envelope of an absent session, as asked', async () => {
    const { delivery, connected, sent, alarms } = rig();
    expect(await delivery.deliver([envelope('a'), envelope('b', 'return'), envelope('c')])).toEqual([
      'stored',
      'offline',
      'stored',
    ]);
    expect(alarms).toEqual([(NOW + 60) * 1000]);
    connected.add(undefined);
    await delivery.drain(undefined);
    expect(sent).toEqual(['a', 'c']);
  });

  it('does not send to another session of the twin', async () => {
    const { delivery, connected } = rig();
    connected.add('x');
    expect(await delivery.deliver([envelope('a', 'return'), envelope('b', 'return', '')])).toEqual([
      'offline',
      'offline',
    ]);
  });

  it('stores no expired envelope, and none beyond its lifetime or the mailbox’s', async () => {
    const { delivery, alarms } = rig();
    expect(await delivery.deliver([envelope('a', 'store', undefined, NOW)])).toEqual(['expired']);
    expect(await delivery.deliver([envelope('a', 'store', undefined, NOW + 1_000_000)])).toEqual(['stored']);
    expect(alarms).toEqual([(NOW + 3600) * 1000]);
  });

  it('says what sockets have got when the database is full', async () => {
    const { delivery, connected, sent, state } = rig();
    connected.add('x');
    state.isFull = true;
    const batch = [envelope('a', 'store', 'x'), envelope('b', 'store', 'y'), envelope('c', 'store', 'x')];
    expect(await delivery.deliver(batch)).toEqual(['sent', 'full', 'sent']);
    expect([sent, state.errors]).toEqual([['a', 'c'], ['storage-full']]);
    state.isFull = false;
    expect(await delivery.deliver([envelope('d', 'store', 'y')])).toEqual(['stored']);
    state.isFull = true;
    expect(await delivery.deliver([envelope('e', 'store', 'x'), envelope('f'.repeat(40_000), 'store', 'y')])).toEqual([
      'sent',
      'full',
    ]);
  });

  it('returns that the mailbox is full, and counts stored envelopes', async () => {
    const { delivery, state } = rig({ maxMessages: 1 });
    expect(await delivery.deliver([envelope('a'), envelope('b')])).toEqual(['stored', 'full']);
    expect(state.stored).toBe(1);
  });

  it('delivers a repeat of another relay four times, and stores it once', async () => {
    const { delivery, mailbox, connected, sent } = rig();
    const brought = (sid: string) => ({ ...envelope(sid, 'store', sid), digest: sid.repeat(43) });
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

  it('appends an envelope that arrives during a drain', async () => {
    const { delivery, mailbox, connected, sent, work, state } = rig();
    store(mailbox, 600, 4000);
    connected.add(undefined);
    state.pause = async () => {
      state.pause = async () => undefined;
      expect(await delivery.deliver([envelope('late', 'return')])).toEqual(['stored']);
    };
    await delivery.drain(undefined);
    await Promise.all(work);
    expect(sent.map((each) => each.trimEnd())).toEqual([...Array.from({ length: 600 }, (_, n) => `${n}`), 'late']);
    expect(state.resume).toBe(false);
  });

  it('sends the next socket the whole broken page, and everything unsettled', async () => {
    const { delivery, mailbox, connected, sent, state } = rig();
    await delivery.deliver(['a', 'b', 'c'].map((body) => envelope(body)));
    connected.add(undefined);
    state.breakAfter = 1;
    await delivery.drain(undefined);
    delivery.ended(undefined, false);
    state.breakAfter = Number.POSITIVE_INFINITY;
    await delivery.drain(undefined);
    expect(sent).toEqual(['a', 'a', 'b', 'c']);
    expect(mailbox.isEmpty(undefined)).toBe(true);
  });

  it('sends the page of a broken socket again, but not that of a closed one', async () => {
    const { delivery, connected, sent, state } = rig();
    for (const isClean of [false, true, true]) {
      await delivery.deliver([envelope('a')]);
      connected.add(undefined);
      state.settling = async () => {
        connected.delete(undefined);
        delivery.ended(undefined, isClean);
        return undefined;
      };
      await delivery.drain(undefined);
    }
    // The first is sent again with the second. The sockets of the second and third were closed, so they were read.
    expect(sent).toEqual(['a', 'a', 'a', 'a']);
  });

  it('does not settle the page of a later connection', async () => {
    const { delivery, mailbox, connected, sent, state } = rig();
    await delivery.deliver([envelope('a')]);
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

  it('returns an envelope that must not be stored if the socket breaks in the attempt', async () => {
    const { delivery, connected, state } = rig();
    connected.add(undefined);
    state.onSend = () => connected.delete(undefined);
    expect(await delivery.deliver([envelope('a', 'return'), envelope('b')])).toEqual(['offline', 'stored']);
  });

  it('sends at once while a drained page settles', async () => {
    const { delivery, connected, sent, state } = rig();
    await delivery.deliver([envelope('a')]);
    connected.add(undefined);
    state.settling = async () => {
      expect(await delivery.deliver([envelope('live')])).toEqual(['sent']);
      return undefined;
    };
    await delivery.drain(undefined);
    expect(sent).toEqual(['a', 'live']);
  });

  it('counts expired envelopes at a drain and at a purge, and does not send them', async () => {
    const { delivery, connected, sent, state, alarms } = rig();
    await delivery.deliver([envelope('a', 'store', undefined, NOW + 1), envelope('b', 'store', undefined, NOW + 100)]);
    state.now = NOW + 1;
    connected.add(undefined);
    await delivery.drain(undefined);
    expect([sent, state.expired]).toEqual([['b'], 1]);
    connected.delete(undefined);
    await delivery.deliver([envelope('c', 'store', undefined, NOW + 5), envelope('d', 'store', 'x', NOW + 100)]);
    state.now = NOW + 5;
    alarms.length = 0;
    await delivery.purge();
    expect([alarms, state.expired]).toEqual([[(NOW + 100) * 1000], 2]);
  });

  it('arms its alarm while a drain takes more than a page', async () => {
    const { delivery, mailbox, connected, state } = rig();
    store(mailbox, 600, 4000);
    connected.add(undefined);
    const seen: boolean[] = [];
    state.pause = async () => void seen.push(state.resume);
    await delivery.drain(undefined);
    expect(seen).toEqual([true]);
    expect(state.resume).toBe(false);
  });

  describe('a client that does not read', () => {
    /** Holds all envelopes back until `open`. */
    function hold(state: ReturnType<typeof rig>['state'], isInVain = false) {
      const waits: (() => void)[] = [];
      state.judge = () => ({ kind: 'hold', again: state.now * 1000 + 500, isInVain });
      state.wait = () => new Promise((resolve) => waits.push(resolve));
      return {
        open: () => {
          state.judge = () => ({ kind: 'deliver' });
        },
        /** Ends the wait for the last look. */
        look: async () => {
          state.now += 1;
          waits.pop()?.();
          await turn();
        },
      };
    }
    const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

    it('gets held envelopes in order when the pace allows it', async () => {
      const { delivery, connected, sent, state } = rig();
      connected.add(undefined);
      await delivery.deliver([envelope('a')]);
      const held = hold(state);
      expect(await delivery.deliver([envelope('b'), envelope('c', 'return')])).toEqual(['stored', 'stored']);
      await held.look();
      expect(sent).toEqual(['a']);
      held.open();
      expect(await delivery.deliver([envelope('d')])).toEqual(['stored']);
      await held.look();
      expect([sent, state.released]).toEqual([['a', 'b', 'c', 'd'], 1]);
      expect(await delivery.deliver([envelope('e')])).toEqual(['sent']);
    });

    it('gets held envelopes at once when it is heard, and not before', async () => {
      const { delivery, connected, sent, state } = rig();
      connected.add(undefined);
      const held = hold(state);
      await delivery.deliver([envelope('a')]);
      held.open();
      await delivery.drain(undefined);
      delivery.heard('another');
      await turn();
      expect(sent).toEqual([]);
      delivery.heard(undefined);
      await turn();
      expect(sent).toEqual(['a']);
    });

    it('gets its pages again if it did not read them', async () => {
      const { delivery, mailbox, connected, sent, state } = rig();
      store(mailbox, 600, 4000);
      connected.add(undefined);
      state.judge = () => (sent.length === 0 ? { kind: 'deliver' } : { kind: 'hold', again: 0, isInVain: false });
      await delivery.drain(undefined);
      const given = sent.length;
      expect(given).toBeLessThan(600);
      connected.delete(undefined);
      delivery.ended(undefined, false);
      hold(state).open();
      connected.add(undefined);
      await delivery.drain(undefined);
      expect(sent.slice(given).map((each) => each.trimEnd())).toEqual(Array.from({ length: 600 }, (_, n) => `${n}`));
    });

    it('loses its socket when the ledger evicts it, but keeps its mailbox', async () => {
      const { delivery, mailbox, connected, state } = rig();
      connected.add(undefined);
      const held = hold(state);
      await delivery.deliver([envelope('a')]);
      state.judge = () => ({ kind: 'evict' });
      await held.look();
      expect([connected.has(undefined), mailbox.isEmpty(undefined)]).toEqual([false, false]);
      expect(await delivery.deliver([envelope('b', 'return'), envelope('c')])).toEqual(['offline', 'stored']);
    });

    it('gets a mailbox slowly that was handed out three times in vain, and then it counts as read', async () => {
      const { delivery, mailbox, connected, sent, state } = rig();
      store(mailbox, 600, 4000);
      const paces: Pace[] = [];
      for (let connection = 0; connection < 4; connection += 1) {
        connected.add(undefined);
        sent.length = 0;
        paces.length = 0;
        state.judge = (_, pace) => {
          paces.push(pace);
          return paces.length === 1 ? { kind: 'deliver' } : { kind: 'hold', again: 0, isInVain: true };
        };
        await delivery.drain(undefined);
        if (connection < 3) delivery.ended(undefined, false);
      }
      expect(paces).toEqual([ORDINARY, WARY]);
      expect(Object.values(state.handOuts ?? {})).toEqual([3]);
      const given = sent.length;
      delivery.ended(undefined, false);
      sent.length = 0;
      state.judge = () => ({ kind: 'deliver' });
      await delivery.drain(undefined);
      expect(sent[0]?.trimEnd()).toBe(`${given}`);
    });

    it('is no longer suspect when it is heard', async () => {
      const { delivery, mailbox, connected, sent, state } = rig();
      store(mailbox, 600, 4000);
      connected.add(undefined);
      state.judge = () => (sent.length === 0 ? { kind: 'deliver' } : { kind: 'hold', again: 0, isInVain: true });
      await delivery.drain(undefined);
      expect(Object.values(state.handOuts ?? {})).toEqual([1]);
      state.judge = () => ({ kind: 'deliver' });
      delivery.heard(undefined);
      expect(state.handOuts).toBeUndefined();
    });
  });
});
