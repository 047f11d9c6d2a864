import { faultError, type PeerFault } from '../../client/errors.ts';
import type { CustodyEnd, Log } from '../../client/ports.ts';
import type { Reply, Replying, SentReply } from '../../client/serving/replying.ts';
import type { Clock } from '../../client/session/clock.ts';
import { isAccepted } from '../../proto/custody/outcome.ts';
import { reasonText } from '../../proto/reasons.ts';
import { partTags } from '../../proto/stream/tags.ts';
import { type KeptReply, readKeptReply } from './custody/kept-reply.ts';
import type { Receipts } from './custody/receipts.ts';
import type { CountEvent } from './events.ts';
import type { LocalResponse } from './messages.ts';
import type { HeldResponse } from './ports.ts';
import { MAX_TTL, stampEntry } from './stamp.ts';

/** A response whose receiver cannot be looked up is tried again after this time, ms. */
const LOOK_UP_MS = 1_000;
const EXPIRED: PeerFault = { reason: 'expired', what: 'response has expired before sending!' };

/** Parts of the peer that responses need. */
export interface ResponsesParts {
  readonly replying: Replying;
  readonly receipts: Receipts;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: CountEvent;
  /** Waits for `ms`. Returns false, at once, when the peer stops. */
  readonly pause: (ms: number) => Promise<boolean>;
}

/** Sends responses of local services. Redis keeps the bytes of each until its receipt: a crash sends the same again. */
export class Responses {
  readonly #twin: number;
  readonly #parts: ResponsesParts;

  /** @param twin own id */
  constructor(twin: number, parts: ResponsesParts) {
    this.#twin = twin;
    this.#parts = parts;
  }

  /**
   * Sends a service's response. Its entry stays claimed when the peer stops before the receipt: the next start sends it.
   * Resolves when it left, or was given up.
   */
  async response(response: LocalResponse, held: HeldResponse): Promise<void> {
    const { destination, ref } = response;
    const name = { uid: ref, to: destination.twin };
    const kept = held.sealed === undefined ? undefined : readKeptReply(held.sealed, this.#parts.clock.seconds());
    const sent = kept === undefined ? await this.#seal(response, held) : await this.#again(kept);
    if (sent.fault === 'closed') return;
    if (sent.fault !== undefined) {
      this.#failed(name, sent.fault);
      return held.end();
    }
    this.#parts.count('response-sent');
    await this.#parts.receipts.follow(sent.size, sent.custody, (end) => this.#ended(name, held, end));
  }

  /** Seals a response and sends it. A caller that cannot get it gets an error where that helps. */
  async #seal(response: LocalResponse, held: HeldResponse): Promise<SentReply> {
    const { replying, clock } = this.#parts;
    const { destination, ref, error, part } = response;
    const stamped = stampEntry(this.#twin, clock, response, held, {
      uid: ref ?? '',
      expiration: BigInt(MAX_TTL),
      destination,
      content: error === null ? { kind: 'response' } : { kind: 'error', ...error },
      ...(part === undefined ? {} : { tags: partTags(part) }),
    });
    if (!stamped.ok) return { fault: EXPIRED };
    const sent = await this.#sendInTime(stamped.value, held);
    if (sent.fault !== undefined && sent.fault !== 'closed') await replying.sendInstead(stamped.value, sent.fault);
    return sent;
  }

  /** Sends the bytes that a crash has left. The caller drops them as a repeat if it has them. */
  async #again({ bytes, to, uid, seconds }: KeptReply): Promise<SentReply> {
    return seconds > 0 ? this.#parts.replying.resend(bytes, to, uid, seconds) : { fault: EXPIRED };
  }

  /** Tries again while the receiver cannot be looked up: the service is not told, and does not send again. */
  async #sendInTime(reply: Reply, held: HeldResponse): Promise<SentReply> {
    const began = performance.now();
    const seconds = Math.min(Number(reply.expiration), MAX_TTL);
    for (let left = seconds; ; left = seconds - (performance.now() - began) / 1000) {
      const sent = await this.#parts.replying.sendKept(reply, left, (_, bytes) => held.keep(bytes));
      const isPassing = typeof sent.fault === 'object' && sent.fault.reason === 'other';
      if (!isPassing || left * 1000 <= LOOK_UP_MS) return sent;
      if (!(await this.#parts.pause(LOOK_UP_MS))) return { fault: 'closed' };
    }
  }

  async #ended(name: ResponseName, held: HeldResponse, { outcome }: CustodyEnd): Promise<void> {
    if (outcome === 'closed') return;
    if (outcome === 'late') this.#failed(name, { reason: 'expired', what: 'response has expired without a receipt' });
    else if (!isAccepted(outcome)) this.#failed(name, { reason: 'other', detail: `its relay: ${reasonText(outcome)}` });
    await held.end();
  }

  #failed(name: ResponseName, fault: PeerFault): void {
    const { code, message } = faultError(fault);
    this.#parts.count('response-failed');
    this.#parts.log.warn({ ...name, code }, `failed to send response: ${message}`);
  }
}

/** A response, for logs. */
interface ResponseName {
  readonly uid: string | null;
  readonly to: number;
}
