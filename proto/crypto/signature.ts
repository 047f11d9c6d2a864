import { challenge } from '../envelope/challenge.ts';
import type { Envelope } from '../envelope/envelope-codec.ts';
import { HASHES } from '../hashes.ts';
import type { Identity } from '../identity.ts';
import { err, ok, type Result } from '../result.ts';
import { type KeyType, schemeOf } from './key-type.ts';
import type { Primitives } from './primitives.ts';

/** A type byte and 64 bytes of signature. */
const SIGNATURE_LENGTH = 65;

/** Why a signature is invalid. `found` is its length, or its type byte. */
export type SignatureFault =
  | { readonly reason: 'missing' }
  | { readonly reason: 'length'; readonly found: number }
  | { readonly reason: 'type'; readonly found: number }
  | { readonly reason: 'mismatch'; readonly scheme: KeyType };

/** Returns the text of a peer's error 104, in the words of the reference. */
export function signatureFaultText(fault: SignatureFault): string {
  return `invalid envelope signature: ${faultText(fault)}`;
}

function faultText(fault: SignatureFault): string {
  switch (fault.reason) {
    case 'missing':
      return 'message is not signed';
    case 'length':
      return `invalid signature length, expected: ${SIGNATURE_LENGTH}, found: ${fault.found}`;
    case 'type':
      return 'invalid signature type (expected either sr25519 or ed25519)';
    case 'mismatch':
      return `${fault.scheme} signature verification failed`;
  }
}

type Verifier = Pick<Primitives, 'verify'>;

/** Checks a signature (a type byte and 64 bytes) of the 32-byte `account` over the message. */
export async function verifySignature(
  account: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array | undefined,
  primitives: Verifier,
): Promise<Result<void, SignatureFault>> {
  if (account.length !== 32) throw new RangeError(`"account" expected 32 bytes, got ${account.length}`);
  if (!signature) return err({ reason: 'missing' });
  const [typeByte] = signature;
  if (signature.length !== SIGNATURE_LENGTH || typeByte === undefined) {
    return err({ reason: 'length', found: signature.length });
  }
  const scheme = schemeOf(typeByte);
  if (!scheme) return err({ reason: 'type', found: typeByte });
  const good = await primitives.verify(scheme, account, message, signature.subarray(1));
  return good ? ok(undefined) : err({ reason: 'mismatch', scheme });
}

/** Resolves with the envelope and the identity's signature over its challenge, which replaces any other. */
export async function signEnvelope(
  envelope: Envelope,
  identity: Pick<Identity, 'sign'>,
  primitives: Pick<Primitives, 'md5'> = HASHES,
): Promise<Envelope> {
  return { ...envelope, signature: await identity.sign(challenge(envelope, primitives)) };
}

/** Checks the envelope's signature by the 32-byte `account`. */
export async function verifyEnvelope(
  envelope: Envelope,
  account: Uint8Array,
  primitives: Pick<Primitives, 'verify' | 'md5'>,
): Promise<Result<void, SignatureFault>> {
  return await verifySignature(account, challenge(envelope, primitives), envelope.signature, primitives);
}
