import { decodeEnvelope } from '../../proto/envelope/envelope.ts';
import type { SentEnvelope } from '../ports.ts';

/** Every relay takes this much, bytes: smaller envelopes are not remembered. */
const LARGE = 1_024;
/** Envelopes that are remembered: more are not in flight to one relay when it closes the connection. */
const MOST = 256;

/** Largest envelope that a relay takes. */
export interface SizeLimit {
  readonly bytes: number;
  /** Whether the relay named the limit; else it has refused an envelope one byte larger. */
  readonly isNamed: boolean;
}

/** Returns the limit of a relay after it refused these envelopes. @param named the limit that the relay names, bytes */
export function limitAfter(refused: readonly SentEnvelope[], named: number | undefined): SizeLimit | undefined {
  // A relay that names a tiny limit must not silence this twin.
  if (named !== undefined) return { bytes: Math.max(named, LARGE), isNamed: true };
  const [blamed] = refused;
  return blamed === undefined ? undefined : { bytes: blamed.size - 1, isNamed: false };
}

/** Remembers the large envelopes of one socket: a relay that refuses one because of its size does not say which. */
export class LargeFrames {
  #sent: SentEnvelope[] = [];

  /** Remembers an envelope, without its payload. */
  add(frame: Uint8Array): void {
    if (frame.length < LARGE) return;
    const decoded = decodeEnvelope(frame);
    if (!decoded.ok) return;
    const { uid, destination, content } = decoded.value;
    if (destination === undefined) return;
    this.#sent.push({ uid, destination, isRequest: content?.kind === 'request', size: frame.length });
    if (this.#sent.length > MOST) this.#sent.shift();
  }

  /**
   * The relay closed the socket because of an envelope's size. Returns the envelopes over the limit; without a known
   * limit the largest one, because the relay took every smaller one before it. Forgets all.
   */
  refused(limit: number | undefined): readonly SentEnvelope[] {
    const sent = this.#sent;
    this.#sent = [];
    if (limit !== undefined) return sent.filter(({ size }) => size > limit);
    const most = Math.max(...sent.map(({ size }) => size));
    return sent.filter(({ size }) => size === most).slice(-1);
  }

  /** Forgets everything: a new socket has been given nothing. */
  clear(): void {
    this.#sent = [];
  }
}
