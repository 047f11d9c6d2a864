import { type Identity, identityOf, type KeyType } from '../../../proto/identity.ts';

/** A twin for development. Its secret is public: never use it outside of development. */
export interface DevTwin {
  readonly id: number;
  /** The value of a peer's `--mnemonic`. */
  readonly secret: `0x${string}`;
  readonly keyType: KeyType;
  readonly relay: string | null;
  /** Whether the twin's encryption key is on chain from the start. */
  readonly pk: boolean;
}

const seed = (id: number): `0x${string}` => `0x${String(id).padStart(2, '0').repeat(32)}`;

/** Twins 1 to 6, the default of a dev chain. They have no relay until a peer sets one. */
export const DEV_TWINS: readonly DevTwin[] = [1, 2, 3, 4, 5, 6].map((id) => ({
  id,
  secret: seed(id),
  keyType: id === 6 ? 'ed25519' : 'sr25519',
  relay: null,
  pk: id <= 3,
}));

/** Resolves with the keys of a development twin. */
export async function devIdentity(twin: DevTwin): Promise<Identity> {
  const identity = await identityOf(twin.secret, twin.keyType);
  if (!identity.ok) throw new Error(`development twin ${twin.id}: bad secret`);
  return identity.value;
}
