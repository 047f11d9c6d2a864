import { TypeRegistry } from '@polkadot/types';

const registry = new TypeRegistry();

/** An account written in SS58 or hex, as hex; undefined when it is neither. */
export function accountOf(text: string): `0x${string}` | undefined {
  if (text.startsWith('0x') && !/^0x[0-9a-f]{64}$/i.test(text)) return undefined;
  try {
    return registry.createType('AccountId', text).toHex();
  } catch {
    return undefined;
  }
}
