import { randomUUID } from 'node:crypto';
import { signEnvelope } from '../../../proto/crypto/signature.ts';
import type { Address } from '../../../proto/envelope/address.ts';
import type { Envelope } from '../../../proto/envelope/envelope.ts';
import { addSeal } from '../../../proto/seal/seal.ts';
import { mintToken } from '../../../proto/token/token.ts';
import type { FakeRelay } from './fake-relay.ts';
import { openSession, type Session } from './session.ts';
import type { Cast, Domains, Role } from './twins.ts';

/** The relay under test; times in ms. */
export interface Subject {
  /** ws(s)://host[:port], without a path. */
  readonly wsUrl: string;
  readonly httpUrl: string;
  readonly domains: Domains;
  readonly cast: Cast;
  /** The time limit for expected answers. */
  readonly patience: number;
  /** The suite's own relays, if the themes of the run need them. */
  readonly fakes: readonly FakeRelay[];
  /** A second, real relay that federates with this one. */
  readonly otherWsUrl?: string | undefined;
  /** The relay's limit of a twin's minute, if it has one. */
  readonly limits?: { readonly messages: number; readonly bytes: number } | undefined;
}

const TOKEN_SECONDS = 300;

/** The tools of one case. Its sessions are its own and end with it. */
export class Stage implements AsyncDisposable {
  readonly subject: Subject;
  readonly #sessions: Session[] = [];

  constructor(subject: Subject) {
    this.subject = subject;
  }

  /** Opens a session of a twin under a fresh sid. */
  open(role: Role): Promise<Session> {
    return this.openAs(role, freshSid());
  }

  /** Opens the session of exactly this sid; undefined is the one without a sid. */
  async openAs(role: Role, sid: string | undefined, url = this.subject.wsUrl): Promise<Session> {
    return this.openWith(await this.token(role, sid), this.address(role, sid), url);
  }

  /** Opens the session of a token. */
  async openWith(token: string, address: Address, url = this.subject.wsUrl): Promise<Session> {
    const session = await openSession(`${url}/?${token}`, address, this.subject.patience);
    this.#sessions.push(session);
    return session;
  }

  /** Resolves with a valid token. */
  token(role: Role, sid?: string): Promise<string> {
    const { id: twin, identity } = this.subject.cast[role];
    const claims = { twin, now: unixNow(), ttl: TOKEN_SECONDS };
    return mintToken(sid === undefined ? claims : { ...claims, sid }, identity);
  }

  address(role: Role, sid?: string): Address {
    const { id: twin } = this.subject.cast[role];
    return sid === undefined ? { twin } : { twin, connection: sid };
  }

  /** Returns the address of a session that nobody opened. */
  absent(role: Role): Address {
    return this.address(role, freshSid());
  }

  /** Returns the envelope with its seal and the twin's signature, as RMB edge sends it. Pings and pongs have no seal. */
  signed(role: Role, envelope: Envelope): Promise<Envelope> {
    const isSealed = envelope.content?.kind !== 'ping' && envelope.content?.kind !== 'pong';
    return this.unsealed(role, isSealed ? sealed(envelope) : envelope);
  }

  /** Returns the envelope with only the twin's signature, as older peers send it. */
  unsealed(role: Role, envelope: Envelope): Promise<Envelope> {
    return signEnvelope(envelope, this.subject.cast[role].identity);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.close()));
  }
}

function sealed(envelope: Envelope): Envelope {
  const result = addSeal(envelope);
  if (!result.ok) throw new Error(`not sealed: ${result.error.reason}`);
  return result.value;
}

/** Returns a sid that no run has used. */
export function freshSid(): string {
  return `conformance-${randomUUID()}`;
}

/** Returns seconds since 1970. */
export function unixNow(): number {
  return Math.floor(Date.now() / 1000);
}
