// Vectors of the reference, checked against this code on any host: tests run it in Node, workerd and Chromium.
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { open, seal } from './crypto/cipher.ts';
import { PORTABLE } from './crypto/portable.ts';
import type { Primitives } from './crypto/primitives.ts';
import { signEnvelope, verifyEnvelope } from './crypto/signature.ts';
import { challenge } from './envelope/challenge.ts';
import { decodeEnvelope, encodeEnvelope } from './envelope/envelope.ts';
import { type Identity, identityOf, type KeyType, ss58Address } from './identity.ts';
import type { Result } from './result.ts';
import { checkToken, mintToken, parseToken } from './token/token.ts';

/** A behaviour and its check. `run` rejects when the check fails. */
export interface Check {
  readonly name: string;
  run(): Promise<void>;
}

interface Signed {
  readonly secret: string;
  readonly keyType: string;
  readonly account: string;
}

/** test/vectors/protocol.json, made by the Rust implementation. Bytes are hex. */
export interface Vectors {
  readonly identities: readonly (Signed & { readonly e2ePublicKey: string; readonly ss58: string })[];
  readonly jwts: readonly (Signed & {
    readonly twin: number;
    readonly sid: string | null;
    readonly ttl: number;
    readonly token: string;
  })[];
  readonly envelopes: readonly (Signed & {
    readonly name: string;
    readonly bytes: string;
    readonly challenge: string;
    readonly signature: string;
  })[];
  readonly ciphers: readonly {
    readonly from: string;
    readonly fromPublicKey: string;
    readonly to: string;
    readonly toPublicKey: string;
    readonly plain: string;
    readonly cipher: string;
  }[];
}

/** Throws unless both are equal. */
export function same(found: unknown, expected: unknown, what: string): void {
  if (found !== expected) throw new Error(`${what}: found ${String(found)}, expected ${String(expected)}`);
}

/** Returns the value. @throws with the failure, if it failed */
function value<T>(result: Result<T, unknown>, what: string): T {
  if (!result.ok) throw new Error(`${what}: refused, ${JSON.stringify(result.error)}`);
  return result.value;
}

/** Returns the identity of a vector. */
async function identity(secret: string, keyType: string, by: Primitives): Promise<Identity> {
  const type: KeyType = keyType === 'ed25519' ? 'ed25519' : 'sr25519';
  same(type, keyType, 'key type');
  return value(await identityOf(secret, type, by), 'identity');
}

async function checkIdentity(vector: Vectors['identities'][number], by: Primitives): Promise<void> {
  const found = await identity(vector.secret, vector.keyType, by);
  same(bytesToHex(found.account), vector.account, 'account');
  same(bytesToHex(found.e2ePublicKey), vector.e2ePublicKey, 'pk');
  same(ss58Address(found.account), vector.ss58, 'address');
}

async function checkJwt(vector: Vectors['jwts'][number], by: Primitives): Promise<void> {
  const parsed = value(parseToken(vector.token), 'form');
  const { sub, sid, iat, exp } = parsed.claims;
  same(sub, vector.twin, 'twin');
  same(sid ?? null, vector.sid, 'sid');
  same(exp - iat, vector.ttl, 'life');
  const account = hexToBytes(vector.account);
  value(await checkToken(parsed, account, exp, by), 'in its last second');
  const late = await checkToken(parsed, account, exp + 1, by);
  same(late.ok ? 'accepted' : late.error.reason, 'expired', 'a second later');
  const claims = { twin: vector.twin, sid: vector.sid ?? undefined, now: iat, ttl: vector.ttl };
  const minted = await mintToken(claims, await identity(vector.secret, vector.keyType, by));
  // sr25519 signatures are randomised: all other fields must be equal, and the new signature must be valid.
  const end = vector.keyType === 'ed25519' ? undefined : vector.token.lastIndexOf('.');
  same(minted.slice(0, end), vector.token.slice(0, end), 'minted again');
  value(await checkToken(value(parseToken(minted), 'form of the minted token'), account, iat, by), 'the minted token');
}

async function checkEnvelope(vector: Vectors['envelopes'][number], by: Primitives): Promise<void> {
  const account = hexToBytes(vector.account);
  const envelope = value(decodeEnvelope(hexToBytes(vector.bytes)), 'decode');
  same(bytesToHex(challenge(envelope)), vector.challenge, 'challenge');
  same(bytesToHex(envelope.signature ?? new Uint8Array()), vector.signature, 'signature');
  same(bytesToHex(encodeEnvelope(envelope)), vector.bytes, 'encoded again');
  value(await verifyEnvelope(envelope, account, by), 'signature of the reference');
  const signed = await signEnvelope(envelope, await identity(vector.secret, vector.keyType, by));
  if (vector.keyType === 'ed25519') {
    same(bytesToHex(signed.signature ?? new Uint8Array()), vector.signature, 'signed again');
  }
  value(await verifyEnvelope(signed, account, by), 'the new signature');
  const changed = await verifyEnvelope({ ...signed, uid: `${signed.uid}!` }, account, by);
  same(changed.ok ? 'accepted' : changed.error.reason, 'mismatch', 'with another uid');
}

async function checkCipher(vector: Vectors['ciphers'][number], by: Primitives): Promise<void> {
  const from = await identity(vector.from, 'ed25519', by);
  const to = await identity(vector.to, 'ed25519', by);
  const key = to.sharedKey(hexToBytes(vector.fromPublicKey));
  same(bytesToHex(from.sharedKey(hexToBytes(vector.toPublicKey))), bytesToHex(key), 'shared key of the sender');
  const cipher = hexToBytes(vector.cipher);
  same(bytesToHex(value(await open(key, cipher, by), 'cipher of the reference')), vector.plain, 'opened');
  const sealed = await seal(key, hexToBytes(vector.plain), by);
  same(sealed.length, cipher.length, 'length of the new cipher');
  same(bytesToHex(value(await open(key, sealed, by), 'the new cipher')), vector.plain, 'opened again');
  sealed.set([(sealed.at(-1) ?? 0) ^ 1], sealed.length - 1);
  same((await open(key, sealed, by)).ok, false, 'with one bit of the tag changed, opened');
}

/**
 * A check for each vector of the reference, in both directions: what it made we read, what we make equals it.
 * @param by whose identities, signatures and ciphers are checked
 */
export function vectorChecks(vectors: Vectors, by: Primitives = PORTABLE): Check[] {
  return [
    ...vectors.identities.map((vector, i) => ({
      name: `identity ${i}, ${vector.keyType}`,
      run: () => checkIdentity(vector, by),
    })),
    ...vectors.jwts.map((vector, i) => ({
      name: `token ${i}, ${vector.keyType}, sid ${vector.sid}`,
      run: () => checkJwt(vector, by),
    })),
    ...vectors.envelopes.map((vector, i) => ({
      name: `envelope ${i}, ${vector.keyType}: ${vector.name}`,
      run: () => checkEnvelope(vector, by),
    })),
    ...vectors.ciphers.map((vector, i) => ({
      name: `cipher ${i}, ${vector.plain.length / 2} bytes`,
      run: () => checkCipher(vector, by),
    })),
  ];
}

/** The outcome of checks. `failed` names each failed check and its error. */
export interface Outcome {
  readonly passed: number;
  readonly failed: readonly string[];
}

/** Runs the checks one after another, on hosts without a test runner. */
export async function runChecks(checks: readonly Check[]): Promise<Outcome> {
  const failed: string[] = [];
  for (const check of checks) {
    try {
      await check.run();
    } catch (error) {
      failed.push(`${check.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { passed: checks.length - failed.length, failed };
}
