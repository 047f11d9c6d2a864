import { freshUid } from '../../../client/sending/uid.ts';
import { seal } from '../../../proto/crypto/cipher.ts';
import { signEnvelope } from '../../../proto/crypto/signature.ts';
import { encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import { type Identity, identityOf } from '../../../proto/identity.ts';
import { addSeal } from '../../../proto/seal/seal.ts';
import { COMMAND } from './messages.ts';

const LIFE_S = 600n;

/** Resolves with the keys of a secret. */
export async function bareTwin(secret: string): Promise<Identity> {
  const identity = await identityOf(secret, 'sr25519');
  if (!identity.ok) throw new Error(identity.error.detail);
  return identity.value;
}

/**
 * Resolves with a request or response as the client would send it, sealed and encrypted, with a payload of this many
 * bytes. The bare round trip does not open it, so it is encrypted for its own twin.
 */
export async function sealedBytes(
  bytes: number,
  kind: 'request' | 'response',
  { twin, me, to }: { twin: number; me: Identity; to: number },
): Promise<Uint8Array> {
  const payload = new TextEncoder().encode(JSON.stringify('x'.repeat(bytes)));
  const cipher = await seal(me.sharedKey(me.e2ePublicKey), payload);
  const sealed = addSeal({
    uid: freshUid(),
    timestamp: BigInt(Math.floor(Date.now() / 1000)),
    expiration: LIFE_S,
    source: { twin },
    destination: { twin: to },
    content: kind === 'request' ? { kind, command: COMMAND } : { kind },
    payload: { kind: 'cipher', bytes: cipher },
    schema: 'application/json',
    tags: 'fail-fast',
    relays: [],
  });
  if (!sealed.ok) throw new Error(sealed.error.reason);
  return encodeEnvelope(await signEnvelope(sealed.value, me));
}
