import type { Refusal } from '../../../proto/reasons.ts';
import type { Receiver, TwinLookup } from '../../contract.ts';
import type { Settings } from '../../settings.ts';
import { addressOf, type Departure, uidOf } from '../inbound.ts';
import type { Sql } from '../sql.ts';
import { Absence } from './absence.ts';
import { attempt } from './attempt.ts';
import type { FederatedMessage } from './bundle.ts';
import { ACCEPTED, carry } from './carry.ts';
import { KnownRelays } from './known-relays.ts';
import { type Hold, Lanes } from './lanes.ts';
import { FederationOutbox } from './outbox.ts';
import { postEnvelope } from './post.ts';
import { Ranker } from './ranker.ts';
import { Slots } from './slots.ts';

/** What may wait in one object for other relays; its isolate of 128 MB may serve several objects. */
const LIMITS = { maxMessages: 10_000, maxBytes: 32 * 2 ** 20 };

/** What federation needs of its object. */
export interface FederatorPort {
  readonly sql: Sql;
  lookup(twin: number): Promise<TwinLookup>;
  receiver(twin: number): Receiver;
  ownDomains(host: string): readonly string[];
  /** Brings an error to the session that sent a request, or into its mailbox; begins before it returns. */
  report(message: FederatedMessage, reason: Refusal): void;
  background(work: Promise<void>): void;
  /** A twin's mailbox here keeps a message. */
  stored(): void;
  /** A relay took a message; it failed with one; it was asked with one, for so many seconds. */
  accepted(domain: string): void;
  failed(domain: string): void;
  tried(seconds: number): void;
  /** Has `tick` called at `at` (Unix ms), after a crash too. */
  wakeAt(at: number): Promise<void>;
}

// Of this isolate: what relays failed is worth the same to all its twins, and may vanish at any time.
let ranker: Ranker | undefined;
const known = new KnownRelays();

/** One twin's way out to other relays: what the parts of this folder are wired to. */
export class Federator {
  readonly #port: FederatorPort;
  readonly #settings: Settings;
  readonly #lanes: Lanes;
  readonly #outbox: FederationOutbox;
  readonly #absence = new Absence(() => Date.now());
  readonly #slots = new Slots();

  constructor(settings: Settings, port: FederatorPort) {
    this.#port = port;
    this.#settings = settings;
    this.#outbox = new FederationOutbox(port.sql, LIMITS);
    this.#lanes = new Lanes(this.#outbox, {
      now: () => Date.now(),
      random: () => Math.random(),
      attempt: (message, isRetry, hold) => this.#attempt(message, isRetry, hold),
      report: port.report,
      background: port.background,
      wakeAt: port.wakeAt,
    });
  }

  /** Messages that wait here. */
  get waiting(): number {
    return this.#outbox.waiting;
  }

  /** Sessions that were not connected here a moment ago. */
  get absence(): Absence {
    return this.#absence;
  }

  /**
   * Stores what a session sent to a twin of another relay, and sets out with it.
   * @returns what is refused at once, and why
   */
  async accept(
    twin: number,
    batch: readonly Departure[],
  ): Promise<{ readonly departure: Departure; readonly reason: Refusal }[]> {
    const now = Math.floor(Date.now() / 1000);
    const late = batch.filter(({ expiresAt }) => expiresAt <= now);
    const going = new Map<FederatedMessage, Departure>();
    // As long as a mailbox would keep it, whatever the envelope asks for.
    const last = now + this.#settings.mailbox.ttl;
    for (const departure of batch) if (departure.expiresAt > now) going.set(messageOf(departure, last), departure);
    const full = going.size === 0 ? [] : await this.#lanes.accept(twin, [...going.keys()]);
    return [
      ...late.map((departure) => ({ departure, reason: 'expired' as const })),
      ...full.flatMap((message) => {
        const departure = going.get(message);
        return departure === undefined ? [] : [{ departure, reason: 'outbox-full' as const }];
      }),
    ];
  }

  /** The alarm: ends what has expired and takes up again what is due. */
  tick(): Promise<void> {
    return this.#lanes.tick();
  }

  #attempt(message: FederatedMessage, isRetry: boolean, hold: Hold) {
    const { scheme, rankerPeriod, allowsPrivate } = this.#settings.federation;
    ranker ??= new Ranker(rankerPeriod);
    const ranks = ranker;
    const [via = ''] = this.#port.ownDomains(message.host);
    return attempt(message, isRetry, {
      lookup: this.#port.lookup,
      receiver: this.#port.receiver,
      ownDomains: this.#port.ownDomains,
      stored: this.#port.stored,
      absence: this.#absence,
      allowsPrivate,
      carry: (domains) =>
        carry(ranks.order(domains, Date.now()), isRetry, {
          inSlot: (domain, work) => this.#slots.run(domain, work),
          post: async (domain) => {
            hold.posting = true;
            const began = Date.now();
            const status = await postEnvelope(scheme, domain, via, message.bytes);
            hold.posting = false;
            this.#port.tried((Date.now() - began) / 1000);
            if (status === ACCEPTED) {
              this.#port.accepted(domain);
              known.accepted(domain);
            }
            return status;
          },
          standing: (domain) => known.standing(domain, Date.now()),
          failed: (domain, how) => {
            if (how === 'odd') known.answeredOddly(domain, Date.now());
            else known.failed(domain, Date.now());
            ranks.failed(domain, Date.now());
            this.#port.failed(domain);
          },
          isLate: () => hold.isLate(),
          sleep: (ms) => scheduler.wait(ms),
          random: () => Math.random(),
        }),
    });
  }
}

function messageOf({ from, to, isRequest, failFast, expiresAt, bytes }: Departure, last: number): FederatedMessage {
  const sender = { from: addressOf(from), host: from.host };
  return { ...sender, to, uid: uidOf(bytes), isRequest, failFast, expiresAt: Math.min(expiresAt, last), bytes };
}
