import { open, seal } from '../../../proto/crypto/cipher.ts';
import type { Envelope } from '../../../proto/envelope/envelope.ts';

/** Returns the payload of an envelope that must be encrypted. */
export async function opened({ payload }: Envelope, key: Uint8Array): Promise<string> {
  if (payload?.kind !== 'cipher') throw new Error(`a payload in the open: ${payload?.kind}`);
  const plain = await open(key, payload.bytes);
  if (!plain.ok) throw new Error('the payload does not decrypt');
  return new TextDecoder().decode(plain.value);
}

/** Returns an encrypted payload. */
export async function sealed(text: string, key: Uint8Array): Promise<{ kind: 'cipher'; bytes: Uint8Array }> {
  return { kind: 'cipher', bytes: await seal(key, new TextEncoder().encode(text)) };
}
