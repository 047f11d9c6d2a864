import { decodeEnvelope, type Envelope } from '../../proto/envelope/envelope.ts';
import type { Asked, Asking } from '../ask.ts';
import type { Count, FrameEnd, Log } from '../ports.ts';
import { Lanes, type Turn } from '../sending/lanes.ts';
import type { Serving } from '../serve.ts';

/** Parts of the client that receiving needs. */
export interface ReceivingParts<Request extends Asked> {
  readonly serving: Pick<Serving, 'request'>;
  readonly asking: Pick<Asking<Request>, 'reply'>;
  readonly log: Log;
  readonly count: Count;
}

/** Takes frames of relays: requests go to `Serving`, replies to `Asking`, in the order of each sender. */
export class Receiving<Request extends Asked> {
  readonly #parts: ReceivingParts<Request>;
  /** By sending twin: envelopes of one twin stay in order, and hold up no other twin's. */
  readonly #lanes = new Lanes<number>();

  constructor(parts: ReceivingParts<Request>) {
    this.#parts = parts;
  }

  /** Takes one frame. Resolves when it has been processed; never rejects. */
  async frame(frame: Uint8Array): Promise<FrameEnd> {
    const { count, log } = this.#parts;
    const decoded = decodeEnvelope(frame);
    if (!decoded.ok) {
      count('envelope-dropped', 'malformed');
      log.warn({ detail: decoded.error.detail }, 'dropped a frame: not an envelope');
      return TAKEN;
    }
    const envelope = decoded.value;
    const source = envelope.source?.twin ?? 0;
    try {
      return await this.#lanes.run(source, (turn) => this.#process(envelope, source, frame, turn));
    } catch (error) {
      // A fault in one envelope must not end the session for all others.
      const why = error instanceof Error ? error.message : String(error);
      log.error({ uid: envelope.uid, from: source }, `failed to process an envelope: ${why}`);
      return FAILED;
    }
  }

  async #process(envelope: Envelope, source: number, frame: Uint8Array, turn: Turn): Promise<FrameEnd> {
    switch (envelope.content?.kind) {
      case 'request':
        return { isTaken: true, ...(await this.#parts.serving.request(envelope, source, turn)) };
      case 'response':
      case 'error':
        return (await this.#parts.asking.reply(envelope, source, frame, turn)) ? TAKEN : FAILED;
      default:
        return TAKEN;
    }
  }
}

const TAKEN: FrameEnd = { isTaken: true };
const FAILED: FrameEnd = { isTaken: false };
