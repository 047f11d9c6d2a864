import { isU32 } from './address.ts';
import { decodeBase64url, encodeBase64url } from './base64url.ts';
import { type Claims, parseClaims, parseObject } from './claims.ts';
import type { Identity } from './identity.ts';
import { PORTABLE } from './portable.ts';
import type { Primitives } from './primitives.ts';
import { err, ok, type Result } from './result.ts';
import { verifySignature } from './signature.ts';

export type { Claims } from './claims.ts';

/** The name is nominal: the signature is RMB's own. Relays refuse any other. */
const ALGORITHM = 'RS512';

/** A token that has the form of one; nothing in it is proven before `checkToken`. */
export interface ParsedToken {
  readonly claims: Claims;
  /** What the signature covers: the first two parts, as ASCII. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

/** A token that ends later than this is refused, seconds from now: peers make theirs for minutes. */
const MAX_TOKEN_SECONDS = 86_400;
/** A token may be issued so far ahead of the relay's clock, seconds. */
const MAX_TOKEN_AHEAD_SECONDS = 300;

/** Why a token is refused. Times are seconds since 1970. */
export type TokenFault =
  | { readonly reason: 'malformed'; readonly detail: string }
  | { readonly reason: 'expired'; readonly exp: number; readonly now: number }
  | { readonly reason: 'too-long'; readonly exp: number; readonly now: number }
  | { readonly reason: 'from-the-future'; readonly iat: number; readonly now: number }
  | { readonly reason: 'signature' };

function malformed(detail: string): { ok: false; error: TokenFault } {
  return err({ reason: 'malformed', detail });
}

function decodeText(part: string): Result<string, string> {
  const bytes = decodeBase64url(part);
  if (!bytes.ok) return bytes;
  try {
    return ok(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.value));
  } catch {
    return err('invalid utf-8 sequence');
  }
}

/** What is wrong with a token's header, or undefined. */
function headerFault(part: string): string | undefined {
  const text = decodeText(part);
  const header = text.ok ? parseObject(text.value) : text;
  if (!header.ok) return header.error;
  const { alg } = header.value;
  if (alg === ALGORITHM) return undefined;
  if (typeof alg !== 'string') return `missing field \`alg\` at line 1 column ${text.ok ? text.value.length : 0}`;
  const name = alg.charAt(0).toUpperCase() + alg.slice(1).toLowerCase();
  return `Expected algorithm type ${name} but found Rs512`;
}

/** Reads a token's form: three parts, header, claims. Neither its time nor its signature is looked at. */
export function parseToken(token: string): Result<ParsedToken, TokenFault> {
  const [header = '', claims, signature, ...more] = token.split('.');
  if (claims === undefined) return malformed('No claims component found in token string');
  if (signature === undefined) return malformed('No signature component found in token string');
  if (more.length > 0) return malformed('Too many components found in token string');
  const fault = headerFault(header);
  if (fault !== undefined) return malformed(fault);
  const text = decodeText(claims);
  const parsed = text.ok ? parseClaims(text.value) : text;
  if (!parsed.ok) return malformed(parsed.error);
  const bytes = decodeBase64url(signature);
  if (!bytes.ok) return malformed(bytes.error);
  const signed = new TextEncoder().encode(`${header}.${claims}`);
  return ok({ claims: parsed.value, signed, signature: bytes.value });
}

/**
 * Returns what is wrong with the times of a token at `now` (seconds since 1970): it has expired (its last second
 * counts), lives too long, or was issued in the future.
 */
export function tokenTimeFault({ iat, exp }: Claims, now: number): TokenFault | undefined {
  if (now > exp) return { reason: 'expired', exp, now };
  if (exp > now + MAX_TOKEN_SECONDS) return { reason: 'too-long', exp, now };
  if (iat > now + MAX_TOKEN_AHEAD_SECONDS) return { reason: 'from-the-future', iat, now };
  return undefined;
}

/** Whether the token holds at `now` (seconds since 1970; its last second counts) and the 32-byte account signed it. */
export async function checkToken(
  token: ParsedToken,
  account: Uint8Array,
  now: number,
  primitives: Pick<Primitives, 'verify'> = PORTABLE,
): Promise<Result<Claims, TokenFault>> {
  const fault = tokenTimeFault(token.claims, now);
  if (fault !== undefined) return err(fault);
  const verified = await verifySignature(account, token.signed, token.signature, primitives);
  return verified.ok ? ok(token.claims) : err({ reason: 'signature' });
}

/**
 * A token for one session of a twin, good from `now` (seconds since 1970) for `ttl` seconds.
 * @param aud the relay it is for, `host` or `host:port`: another relay of ours then refuses it
 */
export async function mintToken(
  { twin, sid, now, ttl, aud }: { twin: number; sid?: string; now: number; ttl: number; aud?: string },
  identity: Identity,
): Promise<string> {
  if (!isU32(twin)) throw new RangeError(`"twin" expected a u32, got ${twin}`);
  const iat = Math.floor(now);
  const claims = { sub: twin, sid: sid ?? null, iat, exp: iat + ttl, ...(aud === undefined ? {} : { aud }) };
  const part = (value: object) => encodeBase64url(new TextEncoder().encode(JSON.stringify(value)));
  const signed = `${part({ alg: ALGORITHM })}.${part(claims)}`;
  const signature = await identity.sign(new TextEncoder().encode(signed));
  return `${signed}.${encodeBase64url(signature)}`;
}

/** The body of a relay's 401, in the words of the reference or close to them. */
export function tokenFaultText(fault: TokenFault): string {
  switch (fault.reason) {
    case 'malformed':
      return `invalid jwt: jwt: ${fault.detail}`;
    case 'expired':
      return 'invalid jwt: jwt has expired';
    case 'too-long':
      return `invalid jwt: jwt ends more than ${MAX_TOKEN_SECONDS} s from now`;
    case 'from-the-future':
      return `invalid jwt: jwt was issued more than ${MAX_TOKEN_AHEAD_SECONDS} s in the future`;
    case 'signature':
      return 'invalid jwt: jwt: Invalid signature';
  }
}
