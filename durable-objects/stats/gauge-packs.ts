import { z } from 'zod';
import type { TwinGauges } from '../contract.ts';
import { gaugesAt, isEmpty, isForgotten, mustWrite, type ReportedGauges } from './reported-gauges.ts';

/** The part of an object's storage that the packs need. */
export interface PackStorage {
  get(key: string): unknown;
  put(key: string, value: unknown): void;
}

/** Rows of a shard, whatever the number of its twins: a relay of 100,000 twins has about 200 of them in a row. */
const PACKS = 32;
/** The format of a row. A row of another format counts as absent: each twin reports again within hours. */
const KEY = 'gauges-1:';

const pack = z.array(z.tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.number()]));

/** The gauges of a shard's twins. Many twins share a row, so that reading all of them takes few rows. */
export class GaugePacks {
  readonly #storage: PackStorage;
  readonly #shards: number;
  readonly #packs = new Map<number, Map<number, ReportedGauges>>();

  /** @param shards number of shards: a twin's id modulo this number is the same for all twins here */
  constructor(storage: PackStorage, shards: number) {
    this.#storage = storage;
    this.#shards = shards;
  }

  /** Replaces the gauges of a twin, unless the row says about the same. Reads one row and writes one. @param now Unix ms */
  report(twin: number, gauges: TwinGauges, now: number): void {
    const number = this.#packOf(twin);
    const known = this.#load(number);
    const before = known.get(twin);
    const next = { ...gauges, at: now };
    if (before === undefined ? isEmpty(gauges) : !mustWrite(before, next)) return;
    const after = new Map([...known].filter(([, reported]) => !isForgotten(reported, now))).set(twin, next);
    // Written first: a row that cannot be written must not count here.
    this.#storage.put(`${KEY}${number}`, [...after].map(rowOf));
    this.#packs.set(number, after);
  }

  /** Returns the gauges of all twins together at `now` (Unix ms). */
  sum(now: number): TwinGauges {
    const sum = { sessions: 0, mailboxMessages: 0, mailboxBytes: 0, outboxMessages: 0 };
    for (let number = 0; number < PACKS; number += 1) {
      for (const reported of this.#load(number).values()) {
        const gauges = gaugesAt(reported, now);
        sum.sessions += gauges.sessions;
        sum.mailboxMessages += gauges.mailboxMessages;
        sum.mailboxBytes += gauges.mailboxBytes;
        sum.outboxMessages += gauges.outboxMessages;
      }
    }
    return sum;
  }

  /** Returns when a twin was last reported (Unix ms): about when its last session ended, if it has none. */
  seen(twin: number): number | undefined {
    return this.#load(this.#packOf(twin)).get(twin)?.at;
  }

  #packOf(twin: number): number {
    return Math.floor(twin / this.#shards) % PACKS;
  }

  #load(number: number): Map<number, ReportedGauges> {
    let known = this.#packs.get(number);
    if (known === undefined) {
      const rows = pack.safeParse(this.#storage.get(`${KEY}${number}`)).data ?? [];
      known = new Map(
        rows.map(([twin, at, sessions, mailboxMessages, mailboxBytes, outboxMessages]) => [
          twin,
          { at, sessions, mailboxMessages, mailboxBytes, outboxMessages },
        ]),
      );
      this.#packs.set(number, known);
    }
    return known;
  }
}

function rowOf([twin, reported]: [number, ReportedGauges]): z.infer<typeof pack>[number] {
  const { at, sessions, mailboxMessages, mailboxBytes, outboxMessages } = reported;
  return [twin, at, sessions, mailboxMessages, mailboxBytes, outboxMessages];
}
