import type { Address } from '../proto/address.ts';

/** Returns for whom else an envelope was signed; undefined: for us. An empty sid is none. */
export function strangerIn(to: Address | undefined, own: Address): 'another-twin' | 'another-session' | undefined {
  if (to?.twin !== own.twin) return 'another-twin';
  return (to.connection ?? '') === (own.connection ?? '') ? undefined : 'another-session';
}
