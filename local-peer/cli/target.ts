import { type OpenChain, twinOfAccount } from '../../client/directory/open-chain.ts';
import { accountOfSs58 } from '../../proto/crypto/ss58.ts';
import { type Address, parseAddress } from '../../proto/envelope/address.ts';
import { UsageError } from '../config/layers.ts';

/** A twin by its id, or by its account on chain. */
export type Target =
  | { readonly kind: 'address'; readonly address: Address }
  | { readonly kind: 'account'; readonly account: Uint8Array; readonly connection?: string };

/** Reads `TWIN` or `TWIN:SID`, with an id or an SS58 address for the twin. @throws UsageError */
export function parseTarget(text: string): Target {
  const address = parseAddress(text);
  if (address !== undefined && address.twin !== 0) return { kind: 'address', address };
  const [written = '', ...rest] = text.split(':');
  const account = accountOfSs58(written);
  if (account === undefined) {
    throw new UsageError(
      `'${text}' is no twin: expected an id (7), an SS58 address (5Grw…), or either with :SID (7:my-session)`,
    );
  }
  const sid = rest.length === 0 ? {} : { connection: rest.join(':') };
  return { kind: 'account', account, ...sid };
}

/** Returns the address of a target. @throws RmbError when the account has no twin */
export async function resolveTarget(target: Target, chain: OpenChain): Promise<Address> {
  if (target.kind === 'address') return target.address;
  const twin = await twinOfAccount(chain, target.account);
  return target.connection === undefined ? { twin } : { twin, connection: target.connection };
}
