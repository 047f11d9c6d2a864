import { type Envelope, encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import type { Member } from './fleet.ts';

const BYTES = 256;
/** Life of a request, seconds: its sender has given it up after that. */
const LIFE_S = 20;
/** Requests leave in steps, ms. */
const STEP_MS = 10;

/** What became of the requests. */
export interface Tally {
  asked: number;
  /** Requests with their reply. */
  answered: number;
  /** Requests with an error instead, by text. */
  readonly errors: Map<string, number>;
  /** From a request to its reply, ms. */
  readonly times: number[];
  /** Envelopes that the service was given. */
  served: number;
}

/** Requests of many senders to one service, each with its reply. */
export class Load {
  readonly tally: Tally = { asked: 0, answered: 0, errors: new Map(), times: [], served: 0 };
  readonly #service: number;
  /** uid → when it was sent, ms. */
  readonly #open = new Map<string, number>();
  #isOver = false;

  /** @param service twin */
  constructor(service: number) {
    this.#service = service;
  }

  /** Requests whose fate is open. */
  get open(): number {
    return this.#open.size;
  }

  /** Takes a reply or an error. */
  take({ uid, content }: Envelope): void {
    const at = this.#open.get(uid);
    if (at === undefined || this.#isOver) return;
    this.#open.delete(uid);
    if (content?.kind === 'error') {
      const text = content.message.replaceAll(/\d+/g, 'N');
      this.tally.errors.set(text, (this.tally.errors.get(text) ?? 0) + 1);
    } else {
      this.tally.answered += 1;
      this.tally.times.push(performance.now() - at);
    }
  }

  /** Answers a request. */
  serve({ session }: Member, { uid, source, content }: Envelope): void {
    if (source === undefined || content?.kind !== 'request') return;
    this.tally.served += 1;
    void session.send(this.#envelope(uid, this.#service, source.twin, { kind: 'response' }), deadline());
  }

  /** Lets each sender ask `rate` times a second, for so long, evenly. */
  async run(senders: readonly Member[], rate: number, seconds: number): Promise<void> {
    const began = performance.now();
    const all = senders.length * rate * seconds;
    while (this.tally.asked < all) {
      const due = Math.min(all, Math.floor(((performance.now() - began) / 1000) * senders.length * rate));
      while (this.tally.asked < due) this.#ask(senders[this.tally.asked % senders.length]);
      await delay(STEP_MS);
    }
  }

  /** Resolves when each request has its fate, or nobody waits for one any more. */
  async settle(): Promise<void> {
    const until = performance.now() + LIFE_S * 1000;
    while (this.#open.size > 0 && performance.now() < until) await delay(100);
    this.#isOver = true;
  }

  #ask(sender: Member | undefined): void {
    if (sender === undefined) return;
    this.tally.asked += 1;
    const uid = `${sender.twin}-${this.tally.asked}`;
    this.#open.set(uid, performance.now());
    const bytes = this.#envelope(uid, sender.twin, this.#service, { kind: 'request', command: 'hot' });
    void sender.session.send(bytes, deadline());
  }

  #envelope(uid: string, from: number, to: number, content: NonNullable<Envelope['content']>): Uint8Array {
    return encodeEnvelope({
      uid,
      timestamp: BigInt(Math.floor(Date.now() / 1000)),
      expiration: BigInt(LIFE_S),
      source: { twin: from },
      destination: { twin: to },
      content,
      payload: { kind: 'plain', bytes: new Uint8Array(BYTES) },
      relays: [],
    });
  }
}

function deadline(): number {
  return Date.now() + LIFE_S * 1000;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
