import { type Address, formatAddress } from '../../proto/envelope/address.ts';
import type { Asked, Askers, CheckedReply } from '../ask.ts';
import { type ErrorReply, faultError, type PeerFault, RmbError, type RmbErrorCode, tooLarge } from '../errors.ts';
import type { CustodyEnd, SentEnvelope } from '../ports.ts';
import type { Sending } from '../sending/sending.ts';
import { freshUid } from '../sending/uid.ts';
import type { Clock } from '../session/clock.ts';

/** One request of this program. */
export interface CallRequest {
  readonly to: Address;
  readonly command: string;
  readonly data: Uint8Array;
  /** Media type of the payload; null sends none. */
  readonly schema: string | null;
  /** Limit for the reply, ms. */
  readonly timeout: number;
  /** Whether the relay refuses at once if the twin is offline. */
  readonly failFast: boolean;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
}

/** A verified response. */
export interface CallResponse {
  /** "twin" or "twin:sid" of the session that replied. */
  readonly source: string;
  readonly data: Uint8Array;
  readonly schema: string | undefined;
}

/** A call that waits for its reply. */
interface Waiting extends Asked {
  readonly to: Address;
  readonly uid: string;
  readonly seals: Map<number, string>;
  /** Why replies were refused, for people. */
  readonly refusals: string[];
  /** How far it came: handed to a relay, and how custody of it ended. */
  readonly way: { isSent: boolean; custody: CustodyEnd | undefined };
  end(outcome: CallResponse | RmbError): void;
}

/** Parts of the client that calls need. */
export interface CallsParts {
  /** The twin and sid that requests come from. */
  readonly own: Address;
  readonly sending: Sending;
  readonly clock: Clock;
  /** Where twins are looked up, for people. */
  readonly place: string;
  /** Whether messages wait because too many have no receipt yet. */
  isFull?(): boolean;
  /** Resolves with why replies may go astray, for people; undefined when they do not. */
  misplaced(): Promise<string | undefined>;
}

/** Calls of this program, and their replies. Memory alone holds them. */
export class Calls implements Askers<Waiting> {
  readonly #parts: CallsParts;
  readonly #waiting = new Map<string, Waiting>();

  constructor(parts: CallsParts) {
    this.#parts = parts;
  }

  /** Sends a request. Resolves with the response. Throws an `RmbError` when none comes. */
  async call(request: CallRequest): Promise<CallResponse> {
    const { to, timeout, signal } = request;
    const uid = freshUid();
    if (signal?.aborted) throw aborted(request, uid);
    const { promise, resolve: end } = Promise.withResolvers<CallResponse | RmbError>();
    // An envelope ends with a whole second, and not in its middle: a reply in the last moment still counts.
    const seconds = Math.ceil(timeout / 1000) + 1;
    const way = { isSent: false, custody: undefined };
    const waiting = { to, uid, asked: [to.twin], seals: new Map(), seconds, refusals: [], way, end };
    this.#waiting.set(uid, waiting);
    const timer = setTimeout(() => void this.#late(request, waiting).then(end), timeout);
    const abort = () => end(aborted(request, uid));
    signal?.addEventListener('abort', abort);
    try {
      this.#send(request, waiting).then(
        (fault) => fault === undefined || end(fault),
        (error: unknown) => end(new RmbError('unsendable', String(error), { twin: to.twin, uid, cause: error })),
      );
      const outcome = await promise;
      if (outcome instanceof RmbError) throw outcome;
      return outcome;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      this.#waiting.delete(uid);
    }
  }

  /** Ends every call with `closed`. */
  close(): void {
    for (const { uid, to, end } of this.#waiting.values()) {
      end(new RmbError('closed', `the bus was closed before ${nameOf(to)} replied`, { twin: to.twin, uid }));
    }
  }

  async find(uid: string): Promise<Waiting | undefined> {
    return this.#waiting.get(uid);
  }

  async give({ to, uid, end }: Waiting, { envelope, data }: CheckedReply): Promise<boolean> {
    const { content, source, schema } = envelope;
    if (content?.kind !== 'error') end({ source: formatAddress(source ?? to), data, schema });
    else if (source === undefined || source.twin === 0) end(refusalOf(to, uid, content.message));
    else {
      const { code, message } = content;
      const reply: ErrorReply = { source: formatAddress(source), code, message };
      const text = `${nameOf(to)} answered with error ${code}: ${message}`;
      end(new RmbError('answered-error', text, { twin: to.twin, uid, reply }));
    }
    return true;
  }

  refused({ refusals, to, uid, end }: Waiting, why: string, reason?: PeerFault['reason']): void {
    refusals.push(why);
    if (reason !== 'no-shared-key') return;
    // Its signature was verified, and no other reply will come.
    const text = `the reply of ${nameOf(to)} is encrypted: connect with a signer that has sharedKey`;
    end(new RmbError('no-shared-key', text, { twin: to.twin, uid }));
  }

  async tooLarge({ uid, destination, size }: SentEnvelope, limit: number | undefined): Promise<void> {
    this.#waiting.get(uid)?.end(this.#failure(tooLarge(size, limit), destination.twin, uid));
  }

  /** Returns why no relay has the request; undefined when one has. */
  async #send(request: CallRequest, { uid, seals, seconds, way }: Waiting): Promise<RmbError | undefined> {
    const { own, sending, clock } = this.#parts;
    const { to, command, data, schema, failFast } = request;
    const envelope = {
      uid,
      timestamp: BigInt(clock.seconds()),
      expiration: BigInt(seconds),
      source: own,
      destination: to,
      content: { kind: 'request' as const, command },
      payload: { kind: 'plain' as const, bytes: data },
      relays: [],
      ...(schema === null ? {} : { schema }),
      ...(failFast ? { tags: 'fail-fast' } : {}),
    };
    const result = await sending.send(envelope, to.twin, seconds, (seal) => void seals.set(to.twin, seal));
    if (!result.ok) return this.#failure(result.error, to.twin, uid);
    if (result.value.sent === 'sent') {
      way.isSent = true;
      void result.value.custody.then((end) => {
        way.custody = end;
      });
      return undefined;
    }
    return this.#unsent(seconds, { twin: to.twin, uid });
  }

  #unsent(seconds: number, details: { readonly twin: number; readonly uid: string }): RmbError {
    const full = ': this client has as many messages without a receipt of a relay as it keeps; send fewer at once';
    const why = this.#parts.isFull?.() === true ? full : '';
    return new RmbError('relay', `no relay took the message within ${seconds} s${why}`, details);
  }

  async #late(request: CallRequest, { uid, refusals, way }: Waiting): Promise<RmbError> {
    const { to, command, timeout, failFast } = request;
    const details = { twin: to.twin, uid };
    if (!way.isSent && this.#parts.isFull?.() === true) return this.#unsent(timeout / 1000, details);
    const [refusal] = refusals;
    if (refusal !== undefined) {
      return new RmbError(
        'unverified',
        `a reply in the name of ${nameOf(to)} failed verification: ${refusal}`,
        details,
      );
    }
    const outcome = way.custody?.outcome;
    const isOnline = failFast || outcome === 'delivered';
    const causes = [...(isOnline ? [] : ['be offline']), `not serve '${command}'`, 'be slow'];
    const may = `The twin may ${causes.slice(0, -1).join(', ')}, or ${causes.at(-1)}`;
    const why = outcome === 'stored' ? STORED : `${outcome === 'delivered' ? DELIVERED : ACCEPTED}. ${may}`;
    const misplaced = await this.#parts.misplaced();
    const astray = misplaced === undefined ? '' : `. Besides, ${misplaced}`;
    return new RmbError(
      'no-answer',
      `no answer from ${nameOf(to)} within ${timeout / 1000} s: ${why}${astray}`,
      details,
    );
  }

  #failure(fault: PeerFault, twin: number, uid: string): RmbError {
    const looked = `TfgridModule.Twins at ${this.#parts.place} has nothing under ${twin}`;
    const unknown = `the chain knows no twin ${twin}: ${looked}`;
    const message = fault.reason === 'unknown-twin' ? unknown : faultError(fault).message;
    return new RmbError(CODES[fault.reason] ?? 'unsendable', message, { twin, uid });
  }
}

const ACCEPTED = 'the relay accepted the request';
const DELIVERED = 'the twin’s peer has the request';
const STORED = 'the twin was offline. Its relay keeps the request for it';

/** Returns a twin as people read it: `twin 7`, `twin 7:sid`. */
export function nameOf(address: Address): string {
  return `twin ${formatAddress(address)}`;
}

function aborted({ to, signal }: CallRequest, uid: string): RmbError {
  return new RmbError('aborted', `the call of ${nameOf(to)} was aborted`, {
    twin: to.twin,
    uid,
    cause: signal?.reason,
  });
}

/** Codes of faults that concern more than the message itself. */
const CODES: Partial<Record<PeerFault['reason'], RmbErrorCode>> = {
  'unknown-twin': 'unknown-twin',
  'broken-key': 'broken-key',
  payload: 'too-large',
  other: 'chain',
};

/** Returns the meaning of a relay's refusal; the texts are those of this project's relay and of the Rust relay. */
function refusalOf(to: Address, uid: string, message: string): RmbError {
  const fail = (code: RmbErrorCode) =>
    new RmbError(code, `the relay says of ${nameOf(to)}: ${message}`, { twin: to.twin, uid });
  if (/unknown twin/i.test(message)) return fail('unknown-twin');
  const isOffline = /offline|reach|relay info is not set|no relay/i.test(message) && !/chain/.test(message);
  return fail(isOffline ? 'offline' : 'relay');
}
