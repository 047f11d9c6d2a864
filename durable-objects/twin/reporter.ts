import type { TwinGauges } from '../contract.ts';
import { DELIVERY_BUCKETS, FEDERATION_BUCKETS, type MetricName } from '../stats/catalogue.ts';
import type { Counts } from '../stats/counts.ts';
import { Histogram, Meter } from '../stats/meters.ts';
import { RENEW_MS } from '../stats/standing.ts';
import { Tally } from '../stats/tally.ts';
import { WritePace } from './write-pace.ts';

/** Where counts go, and where they wait. */
export interface ReporterPort {
  /** Unix ms. */
  now(): number;
  /** What stood there when the object fell asleep. */
  restore(): Counts;
  /** Writes what is not handed over yet where a sleep does not forget it; undefined: nothing is left. */
  keep(counts: Counts | undefined): void;
  handOver(counts: Counts, gauges: TwinGauges): Promise<void>;
  /** When the twin last said how it stands (Unix ms), as far as a sleep has not forgotten it; `now` if nobody asks. */
  toldAt(): number;
  /** Keeps that through a sleep. */
  noteTold(at: number): void;
  gauges(): TwinGauges;
  /** Runs work when what has arrived is through, and so many ms have passed. */
  soon(work: () => Promise<void>, ms: number): void;
}

/**
 * Counts for one twin's object. What was counted is written down once for all that arrives together, and handed over
 * when much has gathered: the path of a message writes nothing.
 */
export class Reporter {
  readonly #port: ReporterPort;
  readonly #tally: Tally;
  readonly #rx = new Meter('relay_message_rx');
  readonly #rxBytes = new Meter('relay_message_rx_bytes');
  readonly #tx = new Meter('relay_message_tx');
  readonly #txBytes = new Meter('relay_message_tx_bytes');
  readonly #delivery = new Histogram('relay_delivery_seconds', DELIVERY_BUCKETS);
  readonly #tries = new Histogram('relay_federation_try_seconds', FEDERATION_BUCKETS);
  readonly #pace = new WritePace();
  #toldAt: number;

  constructor(port: ReporterPort) {
    this.#port = port;
    const sources = [this.#rx, this.#rxBytes, this.#tx, this.#txBytes, this.#delivery, this.#tries];
    this.#tally = new Tally(port.now(), undefined, sources);
    this.#tally.restore(port.restore());
    this.#toldAt = port.toldAt();
  }

  count(name: MetricName, by = 1, label?: string): void {
    this.#tally.count(name, by, label);
    this.#settleSoon();
  }

  /** The object was made, or woke: worth no row of its own, so it is written down with what happens next. */
  woke(): void {
    this.#tally.count('relay_twin_wakes_total');
  }

  /**
   * So many letters came to lie in the mailbox. Their senders have counted them: an object without a session would pay
   * a row for it. Here they only bring the next hand-over nearer, and with it the gauges.
   */
  stored(letters: number): void {
    this.#tally.happened(letters);
    if (this.#tally.isDue(this.#port.now())) this.#settleSoon();
  }

  /** A session has sent a message of so many bytes. */
  received(bytes: number): void {
    this.#rx.add(1);
    this.#rxBytes.add(bytes);
    this.#tally.happened();
    this.#settleSoon();
  }

  /** A session was handed a message of so many bytes. */
  transmitted(bytes: number): void {
    this.#tx.add(1);
    this.#txBytes.add(bytes);
    this.#tally.happened();
    this.#settleSoon();
  }

  /** Messages whose frames came at `arrivedAt` (Unix ms) are in their receivers' hands. */
  delivered(messages: readonly { readonly arrivedAt: number }[]): void {
    const now = this.#port.now();
    for (const { arrivedAt } of messages) this.#delivery.observe((now - arrivedAt) / 1000);
    this.#settleSoon();
  }

  /** Another relay took so many seconds to answer, or did not. */
  tried(seconds: number): void {
    this.#tries.observe(seconds);
    this.#settleSoon();
  }

  /**
   * Tells how the twin stands, and nothing else: what was counted would cost a row more, and can wait. Never rejects.
   */
  async announce(): Promise<void> {
    try {
      await this.#handOver({});
    } catch {
      // The stats object is away for a moment: it learns that with the next hand-over.
    }
  }

  /**
   * Hands over all there is, and how the twin stands: because that changed, or the object may sleep for long now.
   * Never rejects: counts are no reason for an alarm or a connection to fail.
   */
  async flush(): Promise<void> {
    const counts = this.#tally.take(this.#port.now());
    try {
      await this.#handOver(counts);
    } catch {
      // The stats object is away for a moment: what it did not take is counted still, and handed over later.
      this.#tally.restore(counts);
    }
    try {
      this.#keep();
    } catch {
      // The storage failed: what it holds is the count of before.
    }
  }

  #settleSoon(): void {
    if (!this.#pace.note()) return;
    const keep = async () => {
      this.#pace.written(this.#port.now());
      if (this.#tally.isDue(this.#port.now())) await this.flush();
      else {
        this.#keep();
        // A twin that wakes now and then is never due: without this its sessions would fade from the gauges.
        if (this.#port.now() - this.#toldAt >= RENEW_MS) await this.announce();
      }
    };
    this.#port.soon(keep, this.#pace.wait(this.#port.now()));
  }

  async #handOver(counts: Counts): Promise<void> {
    await this.#port.handOver(counts, this.#port.gauges());
    this.#toldAt = this.#port.now();
    this.#port.noteTold(this.#toldAt);
  }

  #keep(): void {
    const counts = this.#tally.peek();
    this.#port.keep(Object.keys(counts).length === 0 ? undefined : counts);
  }
}
