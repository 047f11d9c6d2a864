/** The two signature schemes of RMB; both make a 32-byte public key out of the same mini-secret. */
export type KeyType = 'sr25519' | 'ed25519';

/** The first byte of a signature: `s` or `e`. */
export const TYPE_BYTE: { readonly [scheme in KeyType]: number } = { sr25519: 0x73, ed25519: 0x65 };

/** The scheme a signature's first byte names. */
export function schemeOf(typeByte: number): KeyType | undefined {
  if (typeByte === TYPE_BYTE.sr25519) return 'sr25519';
  if (typeByte === TYPE_BYTE.ed25519) return 'ed25519';
  return undefined;
}
