import { createHash, hash } from 'node:crypto';
import type { Envelope } from '../proto/envelope.ts';
import { signedString } from '../proto/signed-string.ts';

/** About 8 MB. */
const MOST = 65_536;
/** When there are too many, this part stays: making room costs little for each key then. */
const KEPT = 0.75;
/** A uid of ours has 36 characters; a longer one than this is kept as its hash. */
const MAX_UID = 128;

/** Requests, of two names each, that a memory holds without forgetting one that is alive. */
export const MOST_REQUESTS = (MOST * KEPT) / 2;

/**
 * Returns the names of a twin's request: its repeats have one of them. A request without a uid has one name. The hash
 * of the signed string knows a repeat whose fields were split anew, so that its uid is another one.
 */
export function requestNames(twin: number, envelope: Envelope): string[] {
  const { uid } = envelope;
  const digest = `signed.${signedDigest(envelope)}`;
  if (uid === '') return [digest];
  return [`${twin}.${uid.length <= MAX_UID ? uid : hash('sha256', uid, 'base64url')}`, digest];
}

/** Returns the SHA-256 of an envelope's signed string, as base64url. */
export function signedDigest(envelope: Envelope): string {
  const [head, ...rest] = signedString(envelope);
  if (head !== undefined && rest.length === 0) return hash('sha256', head, 'base64url');
  const digest = createHash('sha256');
  for (const part of head === undefined ? rest : [head, ...rest]) digest.update(part);
  return digest.digest('base64url');
}

/**
 * Requests, or answers, that passed. Redis has a mark of each; this memory knows a repeat though the mark was deleted
 * or evicted.
 */
export class Repeats {
  readonly #now: () => number;
  readonly #most: number;
  readonly #passed = new Map<string, { times: number; readonly until: number }>();

  /** @param now seconds, by a clock that nobody sets */
  constructor(now = () => performance.now() / 1000, most = MOST) {
    this.#now = now;
    this.#most = most;
  }

  /** Returns whether `key` has passed, and its time is not over. */
  has(key: string): boolean {
    const known = this.#passed.get(key);
    return known !== undefined && known.until > this.#now();
  }

  /** Returns whether fewer than `times` of `key` have passed; this one has then, for `seconds`. */
  pass(key: string, seconds: number, times = 1): boolean {
    const now = this.#now();
    const known = this.#passed.get(key);
    if (known !== undefined && known.until > now) {
      if (known.times >= times) return false;
      known.times += 1;
      return true;
    }
    this.#passed.delete(key);
    this.#passed.set(key, { times: 1, until: now + seconds });
    if (this.#passed.size > this.#most) this.#makeRoom(now);
    return true;
  }

  /** Takes back a `pass`: nobody was given it. */
  undo(key: string): void {
    const known = this.#passed.get(key);
    if (known === undefined) return;
    known.times -= 1;
    if (known.times === 0) this.#passed.delete(key);
  }

  /** Drops keys whose time is over, then the oldest. */
  #makeRoom(now: number): void {
    for (const [key, { until }] of this.#passed) if (until <= now) this.#passed.delete(key);
    const kept = Math.floor(this.#most * KEPT);
    for (const key of this.#passed.keys()) {
      if (this.#passed.size <= kept) return;
      this.#passed.delete(key);
    }
  }
}
