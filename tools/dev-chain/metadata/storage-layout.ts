import { expandMetadata, type Metadata, type TypeRegistry } from '@polkadot/types';
import type { Account, LedgerTwin, Terms } from '../ledger/ledger.ts';
import { toHex, withoutLength } from './scale.ts';
import { termsValue, twinValue } from './values.ts';

/** A key in hex and its value in SCALE; null removes it. */
export type Entry = readonly [key: string, value: Uint8Array | null];

/** Keys and encodings of the chain's storage. */
export interface StorageLayout {
  /** The key of `System.Events`. */
  readonly events: string;
  /** @param ms Unix ms */
  now(ms: number): Entry;
  twin(twin: LedgerTwin): Entry;
  /** @param id the highest id that a twin ever had */
  lastTwinId(id: number): Entry;
  /** @param id undefined: the account has no twin */
  twinId(account: string, id: number | undefined): Entry;
  account(account: string, state: Account): Entry;
  terms(account: string, accepted: readonly Terms[]): Entry;
}

/** Derives the layout from metadata, as clients do. */
export function storageLayout(registry: TypeRegistry, metadata: Metadata): StorageLayout {
  const { query } = expandMetadata(registry, metadata);
  const item = (pallet: string, name: string) => {
    const found = query[pallet]?.[name];
    if (found === undefined) throw new Error(`the metadata has no ${pallet}.${name} in storage`);
    const { type } = found.meta;
    const valueType = registry.createLookupType(type.isMap ? type.asMap.value : type.asPlain);
    return {
      key: (...keys: unknown[]) => toHex(withoutLength(found(...keys))),
      encode: (value: unknown) => registry.createTypeUnsafe(valueType, [value]).toU8a(),
    };
  };
  const events = item('system', 'events');
  const now = item('timestamp', 'now');
  const accounts = item('system', 'account');
  const twins = item('tfgridModule', 'twins');
  const ids = item('tfgridModule', 'twinIdByAccountID');
  const lastId = item('tfgridModule', 'twinID');
  const terms = item('tfgridModule', 'usersTermsAndConditions');
  return {
    events: events.key(),
    now: (ms) => [now.key(), now.encode(ms)],
    twin: (twin) => [twins.key(twin.id), twins.encode(twinValue(twin))],
    lastTwinId: (id) => [lastId.key(), lastId.encode(id)],
    twinId: (account, id) => [ids.key(account), id === undefined ? null : ids.encode(id)],
    account: (account, { nonce, free }) => [
      accounts.key(account),
      accounts.encode({ nonce, providers: 1, data: { free } }),
    ],
    terms: (account, accepted) => [terms.key(account), terms.encode(accepted.map((each) => termsValue(account, each)))],
  };
}
