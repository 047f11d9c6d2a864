import { randomUUID } from 'node:crypto';
import type { Address } from '../proto/address.ts';
import type { Envelope } from '../proto/envelope.ts';
import { addSeal } from '../proto/seal/seal.ts';
import { signEnvelope } from '../proto/signature.ts';
import { mintToken } from '../proto/token.ts';
import type { FakeRelay } from './fake-relay.ts';
import { openSession, type Session } from './session.ts';
import type { Cast, Domains, Role } from './twins.ts';

/** What a run knows of the relay under test; times in ms. */
export interface Subject {
  /** ws(s)://host[:port], without a path. */
  readonly wsUrl: string;
  readonly httpUrl: string;
  readonly domains: Domains;
  readonly cast: Cast;
  /** How long to wait for what must come. */
  readonly patience: number;
  /** The suite's own relays, where the themes of the run need them. */
  readonly fakes: readonly FakeRelay[];
  /** A second, real relay that federates with this one. */
  readonly otherWsUrl?: string | undefined;
  /** What a twin may send in a minute, where the relay limits it. */
  readonly limits?: { readonly messages: number; readonly bytes: number } | undefined;
}

const TOKEN_SECONDS = 300;

/** What one case is given. Its sessions are its own, and end with it. */
export class Stage implements AsyncDisposable {
  readonly subject: Subject;
  readonly #sessions: Session[] = [];

  constructor(subject: Subject) {
    this.subject = subject;
  }

  /** A session of a twin under a sid that nobody used before. */
  open(role: Role): Promise<Session> {
    return this.openAs(role, freshSid());
  }

  /** The session of exactly this sid; undefined is the one without. */
  async openAs(role: Role, sid: string | undefined, url = this.subject.wsUrl): Promise<Session> {
    return this.openWith(await this.token(role, sid), this.address(role, sid), url);
  }

  /** The session that a token stands for. */
  async openWith(token: string, address: Address, url = this.subject.wsUrl): Promise<Session> {
    const session = await openSession(`${url}/?${token}`, address, this.subject.patience);
    this.#sessions.push(session);
    return session;
  }

  /** A good token. */
  token(role: Role, sid?: string): Promise<string> {
    const { id: twin, identity } = this.subject.cast[role];
    const claims = { twin, now: unixNow(), ttl: TOKEN_SECONDS };
    return mintToken(sid === undefined ? claims : { ...claims, sid }, identity);
  }

  address(role: Role, sid?: string): Address {
    const { id: twin } = this.subject.cast[role];
    return sid === undefined ? { twin } : { twin, connection: sid };
  }

  /** A session of the twin that nobody has opened. */
  absent(role: Role): Address {
    return this.address(role, freshSid());
  }

  /** Returns the envelope with its seal and the twin's signature, as our peers send it. Pings and pongs have no seal. */
  signed(role: Role, envelope: Envelope): Promise<Envelope> {
    const isSealed = envelope.content?.kind !== 'ping' && envelope.content?.kind !== 'pong';
    return this.unsealed(role, isSealed ? sealed(envelope) : envelope);
  }

  /** Returns the envelope with the twin's signature alone, as older peers send it. */
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

/** A sid that is nobody's yet, in this run or an earlier one. */
export function freshSid(): string {
  return `conformance-${randomUUID()}`;
}

/** Seconds since 1970. */
export function unixNow(): number {
  return Math.floor(Date.now() / 1000);
}
