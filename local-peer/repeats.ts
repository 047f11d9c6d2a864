import { hash } from 'node:crypto';

/** About 4 MB. */
const MOST = 32_768;
/** A uid of ours has 36 characters; a longer one than this is kept as its hash. */
const MAX_UID = 128;

/** The name of a twin's request: the same for its repeats. undefined without a uid, as no two such are the same. */
export function requestKey(twin: number, uid: string): string | undefined {
  if (uid === '') return undefined;
  return `${twin}.${uid.length <= MAX_UID ? uid : hash('sha256', uid, 'base64url')}`;
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
    const [oldest] = this.#passed.keys();
    if (this.#passed.size > this.#most && oldest !== undefined) this.#passed.delete(oldest);
    return true;
  }

  /** Takes back a `pass`: nobody was given it. */
  undo(key: string): void {
    const known = this.#passed.get(key);
    if (known === undefined) return;
    known.times -= 1;
    if (known.times === 0) this.#passed.delete(key);
  }
}
