import { decodeHead } from '../../proto/envelope-head.ts';
import type { MailboxLimits } from './mailbox.ts';

/** One source alone may fill this part of a box; of the rest none more than a tenth. */
const LONE_PART = 2;
const TENTH = 20;

interface Share {
  messages: number;
  bytes: number;
}

/** Returns whether a box that holds so much belongs to whoever comes first: half of it does. */
export function isOpenToAll(messages: number, bytes: number, { maxMessages, maxBytes }: MailboxLimits): boolean {
  return messages <= Math.ceil(maxMessages / LONE_PART) && bytes <= Math.ceil(maxBytes / LONE_PART);
}

/**
 * What each source twin has in one box. Counted from the stored envelopes when the box is more than half full, and
 * forgotten when envelopes leave it: below that nobody needs it, and nothing more is stored for it.
 */
export class Shares {
  #bySource: Map<number, Share> | undefined;

  /**
   * Whether the source of an envelope has room left in the second half. Its first envelope always has.
   * @param stored all envelopes in the box
   */
  admits(envelope: Uint8Array, { maxMessages, maxBytes }: MailboxLimits, stored: () => Iterable<Uint8Array>): boolean {
    this.#bySource ??= countedBySource(stored());
    const share = this.#bySource.get(sourceOf(envelope));
    if (share === undefined) return true;
    return share.messages < maxMessages / TENTH && share.bytes + envelope.length <= maxBytes / TENTH;
  }

  /** An envelope joins the box. */
  add(envelope: Uint8Array): void {
    if (this.#bySource !== undefined) addTo(this.#bySource, envelope);
  }

  /** Envelopes have left the box. */
  forget(): void {
    this.#bySource = undefined;
  }
}

function countedBySource(envelopes: Iterable<Uint8Array>): Map<number, Share> {
  const shares = new Map<number, Share>();
  for (const envelope of envelopes) addTo(shares, envelope);
  return shares;
}

function addTo(shares: Map<number, Share>, envelope: Uint8Array): void {
  const source = sourceOf(envelope);
  const share = shares.get(source) ?? { messages: 0, bytes: 0 };
  shares.set(source, share);
  share.messages += 1;
  share.bytes += envelope.length;
}

/** Its session or its signature has proved the source; 0 is this relay's own error. */
function sourceOf(envelope: Uint8Array): number {
  const head = decodeHead(envelope);
  return head.ok ? (head.value.source?.twin ?? 0) : 0;
}
