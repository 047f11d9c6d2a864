import { type Address, formatAddress } from '../../proto/envelope/address.ts';
import { reasonText } from '../../proto/reasons.ts';
import { faultError, type PeerFault, RmbError, type RmbErrorCode } from '../errors.ts';
import type { CustodyEnd } from '../ports.ts';

/** The call that failed. */
export interface FailedCall {
  readonly to: Address;
  readonly uid: string;
}

const ACCEPTED = 'the relay accepted the request';
const DELIVERED = 'the twin’s peer has the request';
const STORED = 'the twin was offline. Its relay keeps the request for it';

/** Codes of faults that concern more than the message itself. */
const CODES: Partial<Record<PeerFault['reason'], RmbErrorCode>> = {
  'unknown-twin': 'unknown-twin',
  'broken-key': 'broken-key',
  payload: 'too-large',
  other: 'chain',
};

/** Returns a twin as people read it: `twin 7`, `twin 7:sid`. */
export function nameOf(address: Address): string {
  return `twin ${formatAddress(address)}`;
}

/** Returns why a request could not be sealed or sent. @param place where twins are looked up, for people */
export function unsendable(fault: PeerFault, twin: number, uid: string, place: string): RmbError {
  const unknown = `the chain knows no twin ${twin}: TfgridModule.Twins at ${place} has nothing under ${twin}`;
  const message = fault.reason === 'unknown-twin' ? unknown : faultError(fault).message;
  return new RmbError(CODES[fault.reason] ?? 'unsendable', message, { twin, uid });
}

/** Returns that no relay took a request. @param isFull whether requests wait because this client keeps no more */
export function unsent({ to, uid }: FailedCall, seconds: number, isFull: boolean): RmbError {
  const full = ': this client has as many messages without a receipt of a relay as it keeps; send fewer at once';
  const message = `no relay took the message within ${seconds} s${isFull ? full : ''}`;
  return new RmbError('relay', message, { twin: to.twin, uid });
}

/** Returns that the caller's signal aborted. */
export function aborted({ to, uid }: FailedCall, signal: AbortSignal | undefined): RmbError {
  return new RmbError('aborted', `the call of ${nameOf(to)} was aborted`, {
    twin: to.twin,
    uid,
    cause: signal?.reason,
  });
}

/** Returns that only replies came that failed verification. */
export function unverified({ to, uid }: FailedCall, refusal: string): RmbError {
  const message = `a reply in the name of ${nameOf(to)} failed verification: ${refusal}`;
  return new RmbError('unverified', message, { twin: to.twin, uid });
}

/** Facts about a request without a reply. */
interface Silence {
  readonly command: string;
  /** Limit that is over, ms. */
  readonly timeout: number;
  /** Whether the relay would have said that the twin is offline. */
  readonly failFast: boolean;
  readonly outcome: CustodyEnd['outcome'] | undefined;
  /** Why replies may go astray. */
  readonly misplaced: string | undefined;
}

/** Returns that no reply came in time, with what is known of the request's way. */
export function noAnswer({ to, uid }: FailedCall, silence: Silence): RmbError {
  const { command, timeout, failFast, outcome, misplaced } = silence;
  const isOnline = failFast || outcome === 'delivered';
  const causes = [...(isOnline ? [] : ['be offline']), `not serve '${command}'`, 'be slow'];
  const may = `The twin may ${causes.slice(0, -1).join(', ')}, or ${causes.at(-1)}`;
  const why = outcome === 'stored' ? STORED : `${outcome === 'delivered' ? DELIVERED : ACCEPTED}. ${may}`;
  const astray = misplaced === undefined ? '' : `. Besides, ${misplaced}`;
  const message = `no answer from ${nameOf(to)} within ${timeout / 1000} s: ${why}${astray}`;
  return new RmbError('no-answer', message, { twin: to.twin, uid });
}

/** Returns the meaning of a relay's refusal; the texts are those of this project's relay and of the Rust relay. */
export function refusalOf({ to, uid }: FailedCall, message: string): RmbError {
  const fail = (code: RmbErrorCode) =>
    new RmbError(code, `the relay says of ${nameOf(to)}: ${message}`, { twin: to.twin, uid });
  if (/unknown twin/i.test(message)) return fail('unknown-twin');
  const isOffline = /offline|reach|relay info is not set|no relay/i.test(message) && !/chain/.test(message);
  return fail(isOffline ? 'offline' : 'relay');
}

/**
 * Returns whether a refusal passes by itself while a relay is deployed: its twins reconnect within seconds. A request
 * that was refused so never ran; of one that is `undelivered`, the relay cannot know its fate.
 */
export function passesWithDeploy(message: string): boolean {
  return /offline/i.test(message) || message === reasonText('relay-version');
}
