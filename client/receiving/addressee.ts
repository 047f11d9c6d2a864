import type { Address } from '../../proto/envelope/address.ts';

/** Returns whom else an envelope was signed for; undefined if it is for `own`. An empty sid counts as absent. */
export function strangerIn(to: Address | undefined, own: Address): 'another-twin' | 'another-session' | undefined {
  if (to?.twin !== own.twin) return 'another-twin';
  return (to.connection ?? '') === (own.connection ?? '') ? undefined : 'another-session';
}
