import { DurableObject } from 'cloudflare:workers';
import type { StatsRpc, StatsSnapshot, TwinGauges } from '../contract.ts';
import { type Counts, mergeBounded } from './counts.ts';
import { fade, isNothing, mustWrite, readStanding, type Standing } from './standing.ts';

const TOTALS = 'totals';
const GAUGES = 'twin:';
const MOST_LABELS = 200;

/**
 * One of the shards that gather what the twins' objects have counted. Written through: it may be evicted at any
 * time, and never arms an alarm.
 */
export class StatsObject extends DurableObject implements StatsRpc {
  #totals: Counts | undefined;
  #standings: Map<number, Standing> | undefined;

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
    const standings = this.#loadStandings();
    const next = { ...gauges, at: Date.now() };
    if (isNothing(gauges)) this.#forget(twin);
    else if (mustWrite(standings.get(twin), next)) {
      this.ctx.storage.kv.put(`${GAUGES}${twin}`, next);
      standings.set(twin, next);
    }
  }

  async snapshot(): Promise<StatsSnapshot> {
    const now = Date.now();
    const sum = { sessions: 0, mailboxMessages: 0, mailboxBytes: 0, outboxMessages: 0 };
    for (const [twin, standing] of this.#loadStandings()) {
      const gauges = fade(standing, now);
      if (isNothing(gauges)) this.#forget(twin);
      sum.sessions += gauges.sessions;
      sum.mailboxMessages += gauges.mailboxMessages;
      sum.mailboxBytes += gauges.mailboxBytes;
      sum.outboxMessages += gauges.outboxMessages;
    }
    return { totals: this.#loadTotals(), gauges: sum };
  }

  #forget(twin: number): void {
    if (this.#loadStandings().delete(twin)) this.ctx.storage.kv.delete(`${GAUGES}${twin}`);
  }

  #loadTotals(): Counts {
    this.#totals ??= this.ctx.storage.kv.get<Counts>(TOTALS) ?? {};
    return this.#totals;
  }

  #loadStandings(): Map<number, Standing> {
    if (this.#standings !== undefined) return this.#standings;
    this.#standings = new Map();
    for (const [key, row] of this.ctx.storage.kv.list({ prefix: GAUGES })) {
      const standing = readStanding(row);
      if (standing !== undefined) this.#standings.set(Number(key.slice(GAUGES.length)), standing);
    }
    return this.#standings;
  }
}
