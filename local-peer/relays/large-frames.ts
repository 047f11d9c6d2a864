import { decodeEnvelope } from '../../proto/envelope.ts';
import type { SentEnvelope } from '../ports.ts';

/** No relay takes less, bytes: what is smaller is not remembered. */
const LARGE = 1_024;
/** What is in flight to one relay when it closes the connection is among so many. */
const MOST = 256;

/** The largest envelope that a relay takes. */
export interface SizeLimit {
  readonly bytes: number;
  /** Whether the relay named it; else the relay has only refused an envelope one byte larger. */
  readonly isNamed: boolean;
}

/** Returns what a relay takes after it refused these envelopes. @param named what the relay says, bytes */
export function limitAfter(refused: readonly SentEnvelope[], named: number | undefined): SizeLimit | undefined {
  // A relay that names less must not silence the peer: no relay takes less than LARGE.
  if (named !== undefined) return { bytes: Math.max(named, LARGE), isNamed: true };
  const [blamed] = refused;
  return blamed === undefined ? undefined : { bytes: blamed.size - 1, isNamed: false };
}

/** The large envelopes that one socket was given: a relay that refuses one for its size does not say which. */
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
   * The socket was closed for the size of an envelope. Returns those over the limit; without a known limit the
   * largest, as the relay took all that were smaller and came before. Forgets all.
   */
  refused(limit: number | undefined): readonly SentEnvelope[] {
    const sent = this.#sent;
    this.#sent = [];
    if (limit !== undefined) return sent.filter(({ size }) => size > limit);
    const most = Math.max(...sent.map(({ size }) => size));
    return sent.filter(({ size }) => size === most).slice(-1);
  }

  /** A new socket has been given nothing. */
  clear(): void {
    this.#sent = [];
  }
}
