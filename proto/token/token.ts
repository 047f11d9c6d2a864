import { decodeBase64url, encodeBase64url } from '../crypto/base64url.ts';
import type { Primitives } from '../crypto/primitives.ts';
import { verifySignature } from '../crypto/signature.ts';
import { isU32 } from '../envelope/address.ts';
import type { Identity } from '../identity.ts';
import { err, ok, type Result } from '../result.ts';
import { type Claims, parseClaims, parseObject } from './claims.ts';

export type { Claims } from './claims.ts';

/** Only a name: the signature is RMB's own. Relays refuse another name. */
const ALGORITHM = 'RS512';

/** A well-formed token. Nothing in it is verified before `checkToken`. */
export interface ParsedToken {
  readonly claims: Claims;
  /** The signed bytes: the first two parts, as ASCII. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

/** The longest remaining lifetime of a token, seconds. Peers use minutes. */
const MAX_TOKEN_SECONDS = 86_400;
/** How far `iat` may be ahead of the relay's clock, seconds. */
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

/** Returns what is wrong with a token's header; undefined if nothing is. */
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

/** Parses a token: three parts, header, claims. Does not check times and signature. */
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
 * Returns what is wrong with the times of a token at `now` (seconds since 1970): it is expired (it is valid in its last
 * second), lasts too long, or was issued in the future.
 */
export function tokenTimeFault({ iat, exp }: Claims, now: number): TokenFault | undefined {
  if (now > exp) return { reason: 'expired', exp, now };
  if (exp > now + MAX_TOKEN_SECONDS) return { reason: 'too-long', exp, now };
  if (iat > now + MAX_TOKEN_AHEAD_SECONDS) return { reason: 'from-the-future', iat, now };
  return undefined;
}

/** Checks the times of a token at `now` (seconds since 1970), and the signature of the 32-byte account. */
export async function checkToken(
  token: ParsedToken,
  account: Uint8Array,
  now: number,
  primitives: Pick<Primitives, 'verify'>,
): Promise<Result<Claims, TokenFault>> {
  const fault = tokenTimeFault(token.claims, now);
  if (fault !== undefined) return err(fault);
  const verified = await verifySignature(account, token.signed, token.signature, primitives);
  return verified.ok ? ok(token.claims) : err({ reason: 'signature' });
}

/** What a token says. Times are seconds. */
interface TokenSubject {
  readonly twin: number;
  readonly sid?: string;
  readonly now: number;
  readonly ttl: number;
  readonly aud?: string;
  readonly cap?: readonly string[];
}

/**
 * Returns a token for one session of a twin, valid from `now` (seconds since 1970) for `ttl` seconds.
 * @param aud the relay that the token is for, `host` or `host:port`. Other relays of this project refuse it.
 * @param cap capabilities of the client beyond RMB
 */
export async function mintToken(
  { twin, sid, now, ttl, aud, cap }: TokenSubject,
  identity: Pick<Identity, 'sign'>,
): Promise<string> {
  if (!isU32(twin)) throw new RangeError(`"twin" expected a u32, got ${twin}`);
  const iat = Math.floor(now);
  const optional = { ...(aud === undefined ? {} : { aud }), ...(cap === undefined ? {} : { cap }) };
  const claims = { sub: twin, sid: sid ?? null, iat, exp: iat + ttl, ...optional };
  const part = (value: object) => encodeBase64url(new TextEncoder().encode(JSON.stringify(value)));
  const signed = `${part({ alg: ALGORITHM })}.${part(claims)}`;
  const signature = await identity.sign(new TextEncoder().encode(signed));
  return `${signed}.${encodeBase64url(signature)}`;
}

/** Returns the text of a relay's 401, in the words of the reference or close to them. */
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
