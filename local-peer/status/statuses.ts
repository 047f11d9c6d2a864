import type { FollowedRequest, Following } from '../bridge/ports.ts';
import { asOf, type RequestStatus, type Step } from '../bridge/request-status.ts';
import { statusJson } from './status-json.ts';

/** Requests that are remembered: about 700 bytes each. */
const MOST = 2_000;
/** Uids of further rounds: `<uid>.<round>`. */
const ROUND = /\.\d+$/;

/** Keeps the status of a request for the program that asked for it. @param seconds for which it is kept */
export type Save = (name: string, text: string, seconds: number) => void;

/** A request, and under which name its status is kept for its program. */
interface Followed {
  readonly status: RequestStatus & { readonly steps: Step[] };
  readonly name: string | undefined;
  readonly seconds: number;
}

/** The status of the latest requests, in memory: following one costs Redis nothing, unless its program asks for that. */
export class Statuses implements Following {
  readonly #save: Save;
  readonly #most: number;
  readonly #now: () => number;
  readonly #byUid = new Map<string, Followed>();

  constructor(save: Save, most = MOST, now = Date.now) {
    this.#save = save;
    this.#most = most;
    this.#now = now;
  }

  accepted({ uid, claimedAt, seconds, request }: FollowedRequest): void {
    const { ref, command, destinations, status: asked } = request;
    const now = this.#now();
    // A start resumes an entry that was claimed before.
    const steps: Step[] = [{ name: 'accepted', at: Math.min(now, claimedAt * 1000 + 999) }];
    const name = asked === true ? uid : asked;
    const status = { uid, ref, command, destinations, until: now + seconds * 1000, steps };
    this.#byUid.set(uid, { status, name, seconds: Math.max(1, seconds) });
    this.#write(this.#byUid.get(uid));
    if (this.#byUid.size <= this.#most) return;
    const [oldest] = this.#byUid.keys();
    if (oldest !== undefined) this.#byUid.delete(oldest);
  }

  step(uid: string, step: Omit<Step, 'at'>): void {
    const followed = this.#byUid.get(uid) ?? this.#byUid.get(uid.replace(ROUND, ''));
    if (followed === undefined) return;
    // In place: a peer under load takes thousands of steps a second.
    followed.status.steps.push({ ...step, at: this.#now() });
    this.#write(followed);
  }

  /** Returns what is remembered of a request. @param name its uid or its program's `ref`: the latest with that counts */
  find(name: string): RequestStatus | undefined {
    const byUid = this.#byUid.get(name)?.status;
    const status = byUid ?? [...this.#byUid.values()].findLast(({ status: { ref } }) => ref === name)?.status;
    return status === undefined ? undefined : asOf({ ...status, steps: [...status.steps] }, this.#now());
  }

  #write(followed: Followed | undefined): void {
    if (followed?.name === undefined) return;
    this.#save(followed.name, JSON.stringify(statusJson(followed.status)), followed.seconds);
  }
}
