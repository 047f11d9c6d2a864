import type { TwinGauges } from '../../contract.ts';
import type { Host } from '../../host.ts';
import { type Count, DELIVERY_BUCKETS, FEDERATION_BUCKETS } from '../../stats/catalogue.ts';
import type { Counts } from '../../stats/counts.ts';
import { Histogram, Meter } from '../../stats/meters.ts';
import { RENEW_MS } from '../../stats/reported-gauges.ts';
import { Tally } from '../../stats/tally.ts';
import type { SocketNotes } from '../sessions/socket-notes.ts';
import type { StoredValue } from '../storage/stored-value.ts';
import { Unreported } from './unreported.ts';
import { WritePace } from './write-pace.ts';

/** The port of a reporter to its object. */
export interface ReporterPort<S> {
  readonly host: Host;
  readonly sockets: SocketNotes<S>;
  /** Keeps counts for an object without a socket. */
  readonly row: StoredValue<Counts>;
  /** Adds to what the stats object has, and replaces the twin's gauges there. */
  report(counts: Counts, gauges: TwinGauges): Promise<void>;
  gauges(): TwinGauges;
  /** Notes unproven bytes on the sockets, when the counts are kept as well. */
  readonly ledger: { keep(): void };
}

/**
 * Counts for one twin's object. Counts are kept once for all events that arrive together, and reported when many have
 * gathered: a message writes nothing itself.
 */
export class Reporter<S> {
  readonly #port: ReporterPort<S>;
  readonly #tally: Tally;
  readonly #unreported: Unreported<S>;
  readonly #rx = new Meter('relay_message_rx');
  readonly #rxBytes = new Meter('relay_message_rx_bytes');
  readonly #tx = new Meter('relay_message_tx');
  readonly #txBytes = new Meter('relay_message_tx_bytes');
  readonly #frames = new Meter('relay_custody_frames_total');
  readonly #acknowledged = new Meter('relay_custody_acknowledged_total');
  readonly #delivery = new Histogram('relay_delivery_seconds', DELIVERY_BUCKETS);
  readonly #tries = new Histogram('relay_federation_try_seconds', FEDERATION_BUCKETS);
  readonly #pace = new WritePace();
  /** When the gauges were last reported, Unix ms. */
  #reportedAt: number;

  constructor(port: ReporterPort<S>) {
    this.#port = port;
    const custody = [this.#frames, this.#acknowledged];
    const sources = [this.#rx, this.#rxBytes, this.#tx, this.#txBytes, ...custody, this.#delivery, this.#tries];
    this.#tally = new Tally(port.host.now(), undefined, sources);
    this.#unreported = new Unreported(port.sockets, port.row);
    this.#tally.restore(this.#unreported.restore());
    this.#reportedAt = this.#notedReport();
    // Not worth a row of its own: it is kept with the next event.
    this.#tally.count('relay_twin_wakes_total');
  }

  /** Counts events that do not come with every message. */
  readonly count: Count = (name, by = 1, label) => {
    if (name === 'relay_federation_try_seconds') this.#tries.observe(by);
    else this.#tally.count(name, by, label);
    this.#keepSoon();
  };

  /**
   * Notes envelopes that the mailbox stored. Their senders count them: an object without a session would pay a row for
   * that. Here they only bring the next report nearer, and with it the gauges.
   */
  stored(envelopes: number): void {
    this.#tally.happened(envelopes);
    if (this.#tally.isDue(this.#port.host.now())) this.#keepSoon();
  }

  /** Counts a message of so many bytes from a session. */
  received(bytes: number): void {
    this.#rx.add(1);
    this.#rxBytes.add(bytes);
    this.#tally.happened();
    this.#keepSoon();
  }

  /** Counts a message of so many bytes to a session. */
  transmitted(bytes: number): void {
    this.#tx.add(1);
    this.#txBytes.add(bytes);
    this.#tally.happened();
    this.#keepSoon();
  }

  /** Counts a frame to a custody session. Its envelopes are counted one by one. */
  framed(): void {
    this.#frames.add(1);
    this.#keepSoon();
  }

  /** Counts envelopes for which a custody session gave its receipts. */
  acknowledged(envelopes: number): void {
    if (envelopes === 0) return;
    this.#acknowledged.add(envelopes);
    this.#keepSoon();
  }

  /** Observes how long envelopes took from the arrival of their frames (Unix ms) to the sessions of their receivers. */
  delivered(envelopes: readonly { readonly arrivedAt?: number }[]): void {
    const now = this.#port.host.now();
    for (const { arrivedAt } of envelopes) {
      if (arrivedAt !== undefined) this.#delivery.observe((now - arrivedAt) / 1000);
    }
    this.#keepSoon();
  }

  /** Reports the gauges only: the counts would cost one row more, and can wait. Never rejects. */
  async announce(): Promise<void> {
    try {
      await this.#report({});
    } catch {
      // The stats object is away for a moment. The next report has the gauges.
    }
  }

  /**
   * Reports all counts and the gauges: the object may sleep for long now. Never rejects: a failed report must not fail an
   * alarm or a connection.
   */
  async flush(): Promise<void> {
    const counts = this.#tally.take(this.#port.host.now());
    try {
      await this.#report(counts);
    } catch {
      // The stats object is away for a moment. These counts go with the next report.
      this.#tally.restore(counts);
    }
    try {
      this.#keep();
    } catch {
      // The storage failed: it holds the counts of before.
    }
  }

  #keepSoon(): void {
    if (!this.#pace.note()) return;
    const { host } = this.#port;
    host.background(host.wait(this.#pace.wait(host.now())).then(() => this.#keepOrReport()));
  }

  async #keepOrReport(): Promise<void> {
    const { host } = this.#port;
    this.#pace.written(host.now());
    if (this.#tally.isDue(host.now())) {
      await this.flush();
      return;
    }
    this.#keep();
    // A twin that wakes now and then never has enough counts. Without this its sessions would expire from the gauges.
    if (host.now() - this.#reportedAt >= RENEW_MS) await this.announce();
  }

  async #report(counts: Counts): Promise<void> {
    await this.#port.report(counts, this.#port.gauges());
    this.#reportedAt = this.#port.host.now();
    const [socket] = this.#port.sockets.all();
    if (socket !== undefined) this.#port.sockets.note(socket, { toldAt: this.#reportedAt });
  }

  /** Returns when the gauges were last reported, by the notes on the sockets. Without a socket nothing must be renewed. */
  #notedReport(): number {
    const { host, sockets } = this.#port;
    const noted = sockets.all().map((socket) => sockets.notesOn(socket).toldAt ?? 0);
    return noted.length === 0 ? host.now() : Math.max(...noted);
  }

  #keep(): void {
    const counts = this.#tally.peek();
    this.#unreported.keep(Object.keys(counts).length === 0 ? undefined : counts);
    this.#port.ledger.keep();
  }
}
