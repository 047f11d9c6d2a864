import type { TwinLookup } from '../durable-objects/contract.ts';
import { isOwnRelay, ownDomains } from '../durable-objects/domains.ts';
import type { SessionRequest } from '../durable-objects/twin/sessions/session-request.ts';
import { MAX_SESSIONS } from '../durable-objects/twin/sessions/sessions.ts';
import { isSid, MAX_SID_BYTES } from '../durable-objects/twin/sessions/sid.ts';
import type { Primitives } from '../proto/crypto/primitives.ts';
import { OFFER } from '../proto/custody/acceptance.ts';
import { relayName } from '../proto/relay-name.ts';
import type { Result } from '../proto/result.ts';
import { err, ok } from '../proto/result.ts';
import {
  type Claims,
  checkToken,
  parseToken,
  type TokenFault,
  tokenFaultText,
  tokenTimeFault,
} from '../proto/token/token.ts';
import { relayDomainOf } from '../proto/twin.ts';
import type { HttpRefusal } from './refusal.ts';
import { tooManyStrangers } from './strangers-limit.ts';

type Unavailable = Extract<TwinLookup, { readonly unavailable: string }>;

/** The port of a connection's check to the Worker. */
export interface ConnectPort extends Pick<Primitives, 'verify'> {
  /** Returns the twin as it was found a moment ago. Its key may have changed since. */
  recall(twin: number): TwinLookup | undefined;
  lookup(twin: number): Promise<TwinLookup>;
  /** Unix seconds. */
  now(): number;
  /** The names of this relay; empty means the host by which the client reached it. */
  readonly names: readonly string[];
}

/**
 * Checks a WebSocket upgrade `…?<jwt>` (the whole query is the token): form, lifetime, audience, twin, signature. It is
 * stateless, so a stranger wakes no object.
 */
export async function checkUpgrade(request: Request, port: ConnectPort): Promise<Result<SessionRequest, HttpRefusal>> {
  const question = request.url.indexOf('?');
  if (question < 0) {
    return err({
      code: 'missing-token',
      message: 'missing jwt',
      hint: 'connect to wss://RELAY/?TOKEN: the whole query is the token',
    });
  }
  const session = await checkSession(request.url.slice(question + 1), relayDomainOf(new URL(request.url)), port);
  if (!session.ok) return session;
  const handshake = handshakeFault(request.headers);
  return handshake === undefined ? session : err({ code: 'bad-handshake', message: handshake });
}

/**
 * Checks the token of a session, in whatever it came.
 * @param host by which the client reached this relay, normalised
 */
export async function checkSession(
  text: string,
  host: string,
  port: ConnectPort,
): Promise<Result<SessionRequest, HttpRefusal>> {
  const token = parseToken(text);
  if (!token.ok) return err(tokenRefusal(token.error));
  const { claims } = token.value;
  const { sub: twin, sid } = claims;
  if (!isSid(sid)) {
    return err({
      code: 'sid-too-long',
      message: `invalid jwt: sid is longer than ${MAX_SID_BYTES} bytes`,
      details: { limit: MAX_SID_BYTES },
    });
  }
  // Checked before the look-up: a token that is refused anyway costs none.
  const time = tokenTimeFault(claims, port.now());
  if (time !== undefined) return err(tokenRefusal(time, claims));
  const names = ownDomains(port.names, host);
  const audience = claims.aud?.flatMap((name) => relayName(name) ?? []);
  if (audience !== undefined && !isOwnRelay(audience, names)) {
    return err(otherAudience(names));
  }
  const recalled = port.recall(twin);
  const lookup = recalled ?? (await port.lookup(twin));
  if ('unavailable' in lookup) return err(unreachable(twin, lookup));
  if ('unknown' in lookup) {
    return err({
      code: 'unknown-twin',
      message: `twin not found ${twin}`,
      hint: 'this relay’s chain has no such twin: check the network',
      details: { twin },
    });
  }
  let checked = await checkToken(token.value, lookup.found.account, port.now(), port);
  if (recalled !== undefined && !checked.ok && checked.error.reason === 'signature') {
    const fresh = await port.lookup(twin);
    // The twin may have a new key, which cannot be read now.
    if ('unavailable' in fresh) return err(unreachable(twin, fresh));
    if ('found' in fresh) checked = await checkToken(token.value, fresh.found.account, port.now(), port);
  }
  if (!checked.ok) return err(tokenRefusal(checked.error, claims));
  return ok({ twin, sid, host, ...(claims.cap?.includes(OFFER) && { offersCustody: true }) });
}

function unreachable(twin: number, { unavailable, isLimited }: Unavailable): HttpRefusal {
  if (isLimited) return tooManyStrangers();
  return {
    code: 'chain-unreachable',
    message: `twin ${twin} cannot be looked up: ${unavailable}`,
    hint: 'the token is not refused: try again in some seconds',
    details: { twin },
  };
}

function otherAudience(names: readonly string[]): HttpRefusal {
  return {
    code: 'other-audience',
    message: 'invalid jwt: jwt is for another relay',
    hint: `this relay is ${names.join(', ')}: connect by one of these names; the operator may add others to RELAY_ALIASES`,
    details: { expected: names.join(' ') },
  };
}

/** @param claims of a well-formed token */
function tokenRefusal(fault: TokenFault, claims?: Claims): HttpRefusal {
  const message = tokenFaultText(fault);
  switch (fault.reason) {
    case 'malformed':
      return { code: 'malformed-token', message };
    case 'signature':
      return {
        code: 'bad-signature',
        message,
        hint: 'sign the token with the account of this twin on chain: check the secret and the key type',
        ...(claims === undefined ? {} : { details: { twin: claims.sub } }),
      };
    case 'expired':
      return { code: 'expired-token', message, ...expiry(fault, claims) };
    case 'too-long':
      return {
        code: 'long-token',
        message,
        hint: 'use a token of some minutes: its session lasts longer than the token',
        details: { relayTime: fault.now },
      };
    case 'from-the-future':
      return {
        code: 'early-token',
        message,
        hint: `if it was made just now, your clock is ${fault.iat - fault.now} s ahead of this relay’s`,
        details: { relayTime: fault.now },
      };
  }
}

/** Returns a hint for an expired token. If the token is new, the clocks differ, and the hint says by how much. */
function expiry({ exp, now }: { exp: number; now: number }, claims: Claims | undefined): Partial<HttpRefusal> {
  const expiredFor = now - exp;
  const issuedAgo = now - (claims?.iat ?? exp);
  return {
    hint: `it ended ${expiredFor} s ago; if it was made just now, your clock is ${issuedAgo} s behind this relay’s`,
    details: { expiredFor, issuedAgo, relayTime: now },
  };
}

/** Returns why a twin's object refused a session. @param status of its answer; undefined if the call failed */
export function objectRefusal(twin: number, status: number | undefined): HttpRefusal {
  if (status === 429) {
    return {
      code: 'too-many-sessions',
      message: `too many sessions: twin ${twin} has ${MAX_SESSIONS} open; close some, or use fewer sids`,
      details: { twin, limit: MAX_SESSIONS },
    };
  }
  const hint = 'the token is not refused: try again in some seconds';
  if (status === 503) {
    const message = `this relay changes its version and cannot serve twin ${twin} yet`;
    return { code: 'relay-version', message, hint, details: { twin } };
  }
  return { code: 'busy', message: `this relay cannot serve twin ${twin} at this moment`, hint, details: { twin } };
}

/** Returns what is wrong with the handshake (RFC 6455 §4.2.1), in the Rust relay's words. */
function handshakeFault(headers: Headers): string | undefined {
  if (headers.get('sec-websocket-version') !== '13') return 'No "Sec-WebSocket-Version: 13" header';
  if (headers.get('sec-websocket-key') === null) return 'No "Sec-WebSocket-Key" header';
  return undefined;
}
