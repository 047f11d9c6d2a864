import { decodeEnvelope, type Envelope } from '../proto/envelope.ts';
import { Lanes, type Turn } from './lanes.ts';
import type { Log } from './ports.ts';
import type { Replies } from './replies.ts';
import type { Serving } from './serving.ts';
import type { CountEvent } from './state.ts';

/** From relays to programs: decides what a frame is for, and keeps the order of each sender's. */
export class Downstream {
  readonly #parts: { serving: Serving; replies: Replies; log: Log; count: CountEvent };
  /** By sending twin: what one sends stays in order, and holds up nobody else. */
  readonly #lanes = new Lanes<number>();

  constructor(parts: { serving: Serving; replies: Replies; log: Log; count: CountEvent }) {
    this.#parts = parts;
  }

  /** Takes one frame of a relay. */
  async receive(frame: Uint8Array): Promise<void> {
    const decoded = decodeEnvelope(frame);
    if (!decoded.ok) {
      this.#parts.count('envelope-dropped', 'malformed');
      return this.#parts.log.warn({ detail: decoded.error.detail }, 'dropped a frame: not an envelope');
    }
    const envelope = decoded.value;
    const source = envelope.source?.twin ?? 0;
    return this.#lanes.run(source, (turn) => this.#process(envelope, source, frame, turn));
  }

  async #process(envelope: Envelope, source: number, frame: Uint8Array, turn: Turn): Promise<void> {
    switch (envelope.content?.kind) {
      case 'request':
        return this.#parts.serving.request(envelope, source, turn);
      case 'response':
      case 'error':
        return this.#parts.replies.reply(envelope, source, frame, turn).catch((error: unknown) => {
          this.#parts.count('entry-lost', 'answer');
          const why = error instanceof Error ? error.message : String(error);
          this.#parts.log.error({ uid: envelope.uid, from: source }, `failed to leave an answer: ${why}`);
        });
      default:
        return;
    }
  }
}
