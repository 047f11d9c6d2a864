import { decodeHead } from '../../../proto/envelope/envelope-head.ts';

/** One source alone may fill this part of a mailbox. Of the rest no source gets more than a tenth. */
const LONE_PART = 2;
const TENTH = 20;

/** Limits for all sessions of a twin together. */
export interface MailboxLimits {
  readonly maxMessages: number;
  /** Bytes of envelopes. */
  readonly maxBytes: number;
}

interface Share {
  messages: number;
  bytes: number;
}

/** Returns whether every source has room in a mailbox that holds so much: in its first half it has. */
export function isOpenToAll(messages: number, bytes: number, { maxMessages, maxBytes }: MailboxLimits): boolean {
  return messages <= Math.ceil(maxMessages / LONE_PART) && bytes <= Math.ceil(maxBytes / LONE_PART);
}

/**
 * The share of each source twin in one mailbox. It is counted from the stored envelopes once the mailbox is more than half
 * full, and forgotten when envelopes leave: below that it is not needed, and nothing is stored for it.
 */
export class Shares {
  #bySource: Map<number, Share> | undefined;

  /**
   * Returns whether the source of an envelope has room left in the second half. Its first envelope always has.
   * @param stored returns all envelopes in the mailbox
   */
  admits(envelope: Uint8Array, { maxMessages, maxBytes }: MailboxLimits, stored: () => Iterable<Uint8Array>): boolean {
    this.#bySource ??= countedBySource(stored());
    const share = this.#bySource.get(sourceOf(envelope));
    if (share === undefined) return true;
    return share.messages < maxMessages / TENTH && share.bytes + envelope.length <= maxBytes / TENTH;
  }

  /** Adds a stored envelope. */
  add(envelope: Uint8Array): void {
    if (this.#bySource !== undefined) addTo(this.#bySource, envelope);
  }

  /** Forgets all shares, because envelopes have left the mailbox. */
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

/** Returns the source twin, which its session or its signature proved; 0 is an error of this relay. */
function sourceOf(envelope: Uint8Array): number {
  const head = decodeHead(envelope);
  return head.ok ? (head.value.source?.twin ?? 0) : 0;
}
