import type { TwinLookup } from '../durable-objects/contract.ts';
import { isOurs } from '../durable-objects/domains.ts';
import type { SessionRequest } from '../durable-objects/twin/session-request.ts';
import { MAX_SESSIONS } from '../durable-objects/twin/sessions.ts';
import { isSid, MAX_SID_BYTES } from '../durable-objects/twin/sid.ts';
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
} from '../proto/token.ts';
import { relayDomainOf } from '../proto/twin.ts';
import type { HttpRefusal } from './refusal.ts';

/** What a check of a connection needs. */
export interface ConnectPort {
  /** The twin as it was found a moment ago; its key may have changed since. */
  recall(twin: number): TwinLookup | undefined;
  lookup(twin: number): Promise<TwinLookup>;
  /** Unix seconds. */
  now(): number;
  /** The names of this relay; empty means the host by which the client reached it. */
  readonly names: readonly string[];
}

/**
 * Checks a WebSocket upgrade `…?<jwt>` (the whole query is the token): form, twin on chain, life, signature.
 * Nothing but this stateless check happens for a stranger: no object wakes.
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
  const token = parseToken(request.url.slice(question + 1));
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
  // Before anybody is asked about the twin: a token that is refused in any case costs nothing.
  const time = tokenTimeFault(claims, port.now());
  if (time !== undefined) return err(tokenRefusal(time, claims));
  const host = relayDomainOf(new URL(request.url));
  const names = port.names.length > 0 ? port.names : [host];
  const audience = claims.aud?.flatMap((name) => relayName(name) ?? []);
  if (audience !== undefined && !isOurs(audience, names)) {
    return err(otherAudience(names));
  }
  const recalled = port.recall(twin);
  const lookup = recalled ?? (await port.lookup(twin));
  if ('unavailable' in lookup) return err(unreachable(twin, lookup.unavailable));
  if ('unknown' in lookup) {
    return err({
      code: 'unknown-twin',
      message: `twin not found ${twin}`,
      hint: 'the chain that this relay follows has no such twin: is it the right network?',
      details: { twin },
    });
  }
  let checked = await checkToken(token.value, lookup.found.account, port.now());
  if (recalled !== undefined && !checked.ok && checked.error.reason === 'signature') {
    const fresh = await port.lookup(twin);
    // The key may be a new one that nobody can tell us now.
    if ('unavailable' in fresh) return err(unreachable(twin, fresh.unavailable));
    if ('found' in fresh) checked = await checkToken(token.value, fresh.found.account, port.now());
  }
  if (!checked.ok) return err(tokenRefusal(checked.error, claims));
  const handshake = handshakeFault(request.headers);
  if (handshake !== undefined) return err({ code: 'bad-handshake', message: handshake });
  return ok({ twin, sid, host });
}

function unreachable(twin: number, why: string): HttpRefusal {
  return {
    code: 'chain-unreachable',
    message: `twin ${twin} cannot be looked up: ${why}`,
    hint: 'nothing is wrong with your token: try again in some seconds',
    details: { twin },
  };
}

function otherAudience(names: readonly string[]): HttpRefusal {
  return {
    code: 'other-audience',
    message: 'invalid jwt: jwt is for another relay',
    hint: `this relay is ${names.join(', ')}: connect by one of these names; its operator adds others to RELAY_ALIASES`,
    details: { expected: names.join(' ') },
  };
}

/** @param claims of a token that has the form of one */
function tokenRefusal(fault: TokenFault, claims?: Claims): HttpRefusal {
  const message = tokenFaultText(fault);
  switch (fault.reason) {
    case 'malformed':
      return { code: 'malformed-token', message };
    case 'signature':
      return {
        code: 'bad-signature',
        message,
        hint: 'the token must be signed by the account that the chain has for its twin: is the secret, or its key type, another one’s?',
        ...(claims === undefined ? {} : { details: { twin: claims.sub } }),
      };
    case 'expired':
      return { code: 'expired-token', message, ...expiry(fault, claims) };
    case 'too-long':
      return {
        code: 'long-token',
        message,
        hint: 'make a token for some minutes: its session outlives it',
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

/** A fresh token that counts as expired says that the clocks are apart, and by how much. */
function expiry({ exp, now }: { exp: number; now: number }, claims: Claims | undefined): Partial<HttpRefusal> {
  const expiredFor = now - exp;
  const issuedAgo = now - (claims?.iat ?? exp);
  return {
    hint: `it ended ${expiredFor} s ago; if it was made just now, your clock is ${issuedAgo} s behind this relay’s`,
    details: { expiredFor, issuedAgo, relayTime: now },
  };
}

/** The one refusal that only the twin's object can tell. */
export function tooManySessions(twin: number): HttpRefusal {
  return {
    code: 'too-many-sessions',
    message: `too many sessions: twin ${twin} has ${MAX_SESSIONS} open; close some, or use fewer sids`,
    details: { twin, limit: MAX_SESSIONS },
  };
}

/** RFC 6455 §4.2.1, in the Rust relay's words. */
function handshakeFault(headers: Headers): string | undefined {
  if (headers.get('sec-websocket-version') !== '13') return 'No "Sec-WebSocket-Version: 13" header';
  if (headers.get('sec-websocket-key') === null) return 'No "Sec-WebSocket-Key" header';
  return undefined;
}
