/** The two signature schemes of RMB. Both derive a 32-byte public key from the same mini-secret. */
export type KeyType = 'sr25519' | 'ed25519';

/** The first byte of a signature: `s` or `e`. */
export const TYPE_BYTE: { readonly [scheme in KeyType]: number } = { sr25519: 0x73, ed25519: 0x65 };

/** Returns the scheme of a signature's first byte. */
export function schemeOf(typeByte: number): KeyType | undefined {
  if (typeByte === TYPE_BYTE.sr25519) return 'sr25519';
  if (typeByte === TYPE_BYTE.ed25519) return 'ed25519';
  return undefined;
}
