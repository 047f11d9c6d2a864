import type { Address } from '../../proto/envelope/address.ts';
import type { Envelope } from '../../proto/envelope/envelope.ts';
import { faultError, isToldInstead, type PeerFault, tooLarge } from '../errors.ts';
import type { CustodyEnd, Handover, Log, SentEnvelope } from '../ports.ts';
import type { OnSealed, Sending } from '../sending/sending.ts';
import type { Clock } from '../session/clock.ts';
import type { Replies } from './durable.ts';
import { requestKey } from './sent-replies.ts';

/** Longest life of a reply, seconds: a peer gives no message more. */
export const MAX_REPLY_SECONDS = 1800;
/** A reply that is asked for again is of use for this long, seconds. */
const AGAIN_SECONDS = 60;

/**
 * Replies to one request that are sent again, the last ones: a caller that lost replies gave no credit for more than these.
 */
const MOST_AGAIN = 256;

const LATE: PeerFault = { reason: 'expired', what: 'request has expired: no relay could be reached in time' };

/** A reply before it is sealed: its source is this session. */
export type Reply = Omit<Envelope, 'source' | 'relays'>;

/** A reply that left. */
export interface ReplyCustody {
  /** Resolves when this client’s custody of it ends; never rejects. */
  readonly custody: Promise<CustodyEnd>;
  /** Whether an error left in its place: the caller waits for nothing more. */
  readonly isReplaced?: boolean;
}
/** A reply that left, and what becomes of it; or why it did not leave. */
export type SentReply =
  | { readonly fault: undefined; readonly size: number; readonly custody: Promise<CustodyEnd> }
  | { readonly fault: PeerFault | 'closed' };

/** Parts of the client that replying needs. */
export interface ReplyingParts {
  /** The twin and sid that replies come from. */
  readonly own: Address;
  readonly sending: Sending;
  readonly replies: Replies;
  readonly clock: Clock;
  readonly log: Log;
}

/** Sends replies to other twins' requests, and sends them again when a request is repeated. */
export class Replying {
  readonly #parts: ReplyingParts;
  /** Twin and uid of requests → how many of their replies have no receipt: those are sent again without being asked for. */
  readonly #inCustody = new Map<string, number>();

  constructor(parts: ReplyingParts) {
    this.#parts = parts;
  }

  /**
   * Sends a reply. Logs a failure, and tells the caller where it can be told. A reply without a life is dropped.
   * @returns how custody of it ends; undefined when nothing left
   */
  async send(reply: Reply): Promise<ReplyCustody | undefined> {
    const { uid, destination, expiration } = reply;
    if (expiration === 0n || destination === undefined) return undefined;
    const left = await this.#leave(reply, secondsOf(reply));
    if (left.fault === undefined) return left;
    const { fault } = left;
    const why = fault === 'closed' ? 'the peer is stopping' : faultError(fault).message;
    this.#parts.log.warn({ uid, to: destination.twin }, `failed to send a reply: ${why}`);
    return fault === 'closed' ? undefined : this.#leaveInstead(reply, fault);
  }

  /**
   * Sends the caller an error in place of a reply that is too large, that cannot be encrypted since the caller's key
   * broke, or that holds the mark of a seal. Otherwise the caller waits in vain. The error is small, needs no key, and
   * has none of the reply's texts.
   */
  async sendInstead(reply: Reply, fault: PeerFault): Promise<void> {
    await this.#leaveInstead(reply, fault);
  }

  /** Sends the replies of a repeated request again, if there were any and others have custody of them. */
  async again(uid: string, twin: number): Promise<void> {
    const { sending, replies } = this.#parts;
    if (this.#inCustody.has(requestKey(twin, uid))) return;
    for (const bytes of replies.find(twin, uid).slice(-MOST_AGAIN)) await sending.resend(bytes, twin, AGAIN_SECONDS);
  }

  /**
   * Sends a reply that its user keeps until custody ends.
   * @param seconds for which the reply is of use, from now
   * @param onSealed receives its bytes before anything leaves
   */
  sendKept(reply: Reply, seconds: number, onSealed: OnSealed): Promise<SentReply> {
    return this.#leave(reply, seconds, onSealed);
  }

  /** Sends the bytes of a reply that its user has kept: they may have left before. */
  async resend(bytes: Uint8Array, to: number, uid: string, seconds: number): Promise<SentReply> {
    const handover = await this.#parts.sending.resend(bytes, to, seconds);
    return 'sent' in handover ? this.#left(handover, to, uid, bytes) : { fault: handover };
  }

  #left({ sent, custody }: Handover, to: number, uid: string, bytes: Uint8Array): SentReply {
    if (sent !== 'sent') return { fault: sent === 'late' ? LATE : 'closed' };
    this.#parts.replies.add(to, uid, bytes);
    const request = requestKey(to, uid);
    this.#inCustody.set(request, (this.#inCustody.get(request) ?? 0) + 1);
    void custody.then(() => {
      const others = (this.#inCustody.get(request) ?? 1) - 1;
      if (others > 0) this.#inCustody.set(request, others);
      else this.#inCustody.delete(request);
    });
    return { fault: undefined, size: bytes.length, custody };
  }

  /**
   * A relay refused a reply because of its size, after it was sent: the caller gets an error instead.
   * @param limit what the relay takes, if it says so (bytes)
   */
  async tooLarge({ uid, destination, size }: SentEnvelope, limit: number | undefined): Promise<void> {
    const { clock, log } = this.#parts;
    const error = faultError(tooLarge(size, limit));
    log.warn({ uid, to: destination.twin, code: error.code }, `failed to send a reply: ${error.message}`);
    const times = { timestamp: BigInt(clock.seconds()), expiration: BigInt(MAX_REPLY_SECONDS) };
    await this.send({ uid, ...times, destination, content: { kind: 'error', ...error } });
  }

  async #leave(reply: Reply, seconds: number, onSealed?: OnSealed): Promise<SentReply> {
    const { own, sending } = this.#parts;
    const to = reply.destination?.twin ?? 0;
    const result = await sending.send({ ...reply, source: own, relays: [] }, to, seconds, onSealed);
    return result.ok ? this.#left(result.value, to, reply.uid, result.value.bytes) : { fault: result.error };
  }

  async #leaveInstead(reply: Reply, fault: PeerFault): Promise<ReplyCustody | undefined> {
    const { uid, timestamp, expiration, destination } = reply;
    if (!isToldInstead(fault) || destination === undefined) return undefined;
    const content = { kind: 'error' as const, ...faultError(fault) };
    const instead = { uid, timestamp, expiration, destination, content };
    const left = await this.#leave(instead, secondsOf(instead));
    return left.fault === undefined ? { custody: left.custody, isReplaced: true } : undefined;
  }
}

/** Seconds for which a reply is of use. */
function secondsOf({ expiration }: Reply): number {
  return Math.min(Number(expiration), MAX_REPLY_SECONDS);
}
