import type { Primitives } from '../../proto/crypto/primitives.ts';
import type { StreamPart } from '../../proto/stream/tags.ts';

/** About 6 MB. */
const MOST = 65_536;
/** When there are too many keys, this share stays. Otherwise every new key would pay for a sweep. */
const KEPT = 0.75;
/** Own uids have 36 characters. A longer uid than this is kept as its hash. */
const MAX_UID = 128;

/** Requests, of two names each, that the memory holds without forgetting one that is alive. */
export const MOST_REQUESTS = (MOST * KEPT) / 2;

/**
 * Returns the names of a twin's request: a repeat has one of them. A request without a uid has one name. The hash of
 * the signed string detects a repeat whose fields were split differently, so that its uid differs.
 * @param signed the signed string, in parts
 */
export function requestNames(twin: number, uid: string, signed: readonly Uint8Array[], primitives: Hashing): string[] {
  const digest = `signed.${signedDigest(signed, primitives)}`;
  if (uid === '') return [digest];
  const name = uid.length <= MAX_UID ? uid : primitives.sha256Text([new TextEncoder().encode(uid)]);
  return [`${twin}.${name}`, digest];
}

/** Returns the SHA-256 of a signed string, as base64url. */
export function signedDigest(signed: readonly Uint8Array[], { sha256Text }: Hashing): string {
  return sha256Text(signed);
}

/** Returns the name of a reply in a stream: a service may seal it again with the same number, and other bytes. */
export function partName(twin: number, uid: string, { seq }: StreamPart, { sha256Text }: Hashing): string {
  return `part.${sha256Text([new TextEncoder().encode(`${twin}.${seq}.${uid}`)])}`;
}

type Hashing = Pick<Primitives, 'sha256Text'>;

/**
 * Remembers requests, or replies, that passed. Redis has a mark of each; this memory detects a repeat even if the mark
 * was deleted or evicted.
 */
export class Repeats {
  readonly #now: () => number;
  readonly #most: number;
  /** Key → its expiry, in whole seconds: V8 keeps those without an object. */
  readonly #until = new Map<string, number>();

  /** @param now seconds, by a monotonic clock */
  constructor(now = () => performance.now() / 1000, most = MOST) {
    this.#now = now;
    this.#most = most;
  }

  /** Returns whether `key` has passed and has not expired. */
  has(key: string): boolean {
    const until = this.#until.get(key);
    return until !== undefined && until > this.#now();
  }

  /** Counts one `key`, for `seconds`. Returns false, and counts nothing, if `times` of it have passed already. */
  pass(key: string, seconds: number, times = 1): boolean {
    for (let n = 0; n < times; n += 1) {
      const passed = nth(key, n);
      if (this.has(passed)) continue;
      this.#add(passed, seconds);
      return true;
    }
    return false;
  }

  /** Takes back a `pass` whose request or reply was not delivered. */
  undo(key: string): void {
    let n = 0;
    while (this.#until.has(nth(key, n + 1))) n += 1;
    this.#until.delete(nth(key, n));
  }

  #add(key: string, seconds: number): void {
    const now = this.#now();
    // As the latest: an expired key is among the oldest.
    this.#until.delete(key);
    this.#until.set(key, Math.ceil(now + seconds));
    if (this.#until.size > this.#most) this.#makeRoom(now);
  }

  /** Drops expired keys, then the oldest. */
  #makeRoom(now: number): void {
    for (const [key, until] of this.#until) if (until <= now) this.#until.delete(key);
    const kept = Math.floor(this.#most * KEPT);
    for (const key of this.#until.keys()) {
      if (this.#until.size <= kept) return;
      this.#until.delete(key);
    }
  }
}

/** The key under which the n-th pass is kept, from 0: nearly all keys may pass once. */
function nth(key: string, n: number): string {
  return n === 0 ? key : `${key}#${n}`;
}
