import { DurableObject } from 'cloudflare:workers';
import type { StatsRpc, StatsSnapshot, TwinGauges } from '../contract.ts';
import { type Counts, mergeBounded } from './counts.ts';

const TOTALS = 'totals';
const GAUGES = 'twin:';
const MOST_LABELS = 200;

/**
 * One of the shards that gather what the twins' objects have counted. Written through: it may be evicted at any
 * time, and never arms an alarm.
 */
export class StatsObject extends DurableObject implements StatsRpc {
  #totals: Counts | undefined;
  #gauges: Map<number, TwinGauges> | undefined;

  /** Adds counts; `gauges` says how twin `twin` stands now, absolutely. A twin with nothing open is forgotten. */
  async add(counts: Counts, twin?: number, gauges?: TwinGauges): Promise<void> {
    if (Object.keys(counts).length > 0) {
      const totals = { ...this.#loadTotals() };
      mergeBounded(totals, counts, MOST_LABELS);
      // Kept first: what cannot be written must not count here, for its sender will bring it again.
      this.ctx.storage.kv.put(TOTALS, totals);
      this.#totals = totals;
    }
    if (twin === undefined || gauges === undefined) return;
    const known = this.#loadGauges();
    const before = known.get(twin);
    if (isNothing(gauges)) {
      if (before !== undefined) this.ctx.storage.kv.delete(`${GAUGES}${twin}`);
      known.delete(twin);
    } else if (before === undefined || !isSame(before, gauges)) {
      this.ctx.storage.kv.put(`${GAUGES}${twin}`, gauges);
      known.set(twin, gauges);
    }
  }

  async snapshot(): Promise<StatsSnapshot> {
    const sum = { sessions: 0, mailboxMessages: 0, mailboxBytes: 0, outboxMessages: 0 };
    for (const gauges of this.#loadGauges().values()) {
      sum.sessions += gauges.sessions;
      sum.mailboxMessages += gauges.mailboxMessages;
      sum.mailboxBytes += gauges.mailboxBytes;
      sum.outboxMessages += gauges.outboxMessages;
    }
    return { totals: this.#loadTotals(), gauges: sum };
  }

  #loadTotals(): Counts {
    this.#totals ??= this.ctx.storage.kv.get<Counts>(TOTALS) ?? {};
    return this.#totals;
  }

  #loadGauges(): Map<number, TwinGauges> {
    if (this.#gauges !== undefined) return this.#gauges;
    this.#gauges = new Map();
    for (const [key, gauges] of this.ctx.storage.kv.list<TwinGauges>({ prefix: GAUGES })) {
      this.#gauges.set(Number(key.slice(GAUGES.length)), gauges);
    }
    return this.#gauges;
  }
}

function isNothing({ sessions, mailboxMessages, outboxMessages }: TwinGauges): boolean {
  return sessions + mailboxMessages + outboxMessages === 0;
}

function isSame(a: TwinGauges, b: TwinGauges): boolean {
  return (
    a.sessions === b.sessions &&
    a.mailboxMessages === b.mailboxMessages &&
    a.mailboxBytes === b.mailboxBytes &&
    a.outboxMessages === b.outboxMessages
  );
}
