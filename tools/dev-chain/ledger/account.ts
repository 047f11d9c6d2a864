import { TypeRegistry } from '@polkadot/types';

const registry = new TypeRegistry();

/** Returns an account in SS58 or hex as hex; undefined when it is neither. */
export function accountOf(text: string): `0x${string}` | undefined {
  // The registry also accepts empty and short text.
  if (!/^0x[0-9a-f]{64}$/i.test(text) && !/^[1-9A-HJ-NP-Za-km-z]{35,50}$/.test(text)) return undefined;
  try {
    return registry.createType('AccountId', text).toHex();
  } catch {
    return undefined;
  }
}
