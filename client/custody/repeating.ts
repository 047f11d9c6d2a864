import type { Address } from '../../proto/envelope/address.ts';
import { ownEnvelope } from './kind.ts';
import { OurPeers } from './our-peers.ts';

/** Answered requests that are remembered: more were not written to a socket within seconds. */
const MOST = 4_096;

/**
 * Says what is sent again after a plain relay’s socket was torn: only what goes to one of our peers, which drop repeats,
 * and of that replies, and requests that still wait for their reply.
 */
export class Repeating {
  readonly #isAwaited: (uid: string) => Promise<boolean>;
  readonly #now: () => number;
  readonly #ours = new OurPeers();
  /** Requests that were answered lately, with the twin that did. */
  readonly #answered = new Set<string>();

  /** @param isAwaited whether somebody waits for replies to a request @param now ms */
  constructor(isAwaited: (uid: string) => Promise<boolean>, now = () => performance.now()) {
    this.#isAwaited = isAwaited;
    this.#now = now;
  }

  /** An envelope of this session had a valid seal. */
  sealed(source: Address): void {
    this.#ours.sealed(source, this.#now());
  }

  /** Returns whether a session has sealed an envelope within a day. */
  isOurs(session: Address): boolean {
    return this.#ours.has(session, this.#now());
  }

  /** A twin’s reply to a request was given to its asker. */
  answered(uid: string, twin: number): void {
    this.#answered.add(`${twin}.${uid}`);
    const [oldest] = this.#answered;
    if (this.#answered.size > MOST && oldest !== undefined) this.#answered.delete(oldest);
  }

  /** Returns whether an envelope is sent again. Never rejects. */
  async isWorthRepeating(bytes: Uint8Array): Promise<boolean> {
    const { uid, content, destination } = ownEnvelope(bytes) ?? {};
    if (uid === undefined || destination === undefined || !this.isOurs(destination)) return false;
    if (content?.kind !== 'request') return content?.kind === 'response' || content?.kind === 'error';
    if (this.#answered.has(`${destination.twin}.${uid}`)) return false;
    return this.#isAwaited(uid).catch(() => false);
  }
}
