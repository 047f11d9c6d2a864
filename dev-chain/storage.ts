import { expandMetadata, type Metadata, type TypeRegistry } from '@polkadot/types';
import type { Account, LedgerTwin } from './ledger.ts';
import { compact, concat, option, toHex, u32, u64, u128, vector, withoutLength } from './scale.ts';

/** Where things lie in the chain's storage, in hex, as the metadata in force has it. */
export interface StorageKeys {
  readonly events: string;
  readonly now: string;
  twin(id: number): string;
  twinId(account: string): string;
  account(account: string): string;
}

/** Derives the keys from metadata, so that they are what clients derive from it. */
export function storageKeys(registry: TypeRegistry, metadata: Metadata): StorageKeys {
  const { query } = expandMetadata(registry, metadata);
  const keyOf = (pallet: string, item: string, ...keys: unknown[]) => {
    const entry = query[pallet]?.[item];
    if (entry === undefined) throw new Error(`the metadata has no ${pallet}.${item}`);
    return toHex(withoutLength(entry(...keys)));
  };
  return {
    events: keyOf('system', 'events'),
    now: keyOf('timestamp', 'now'),
    twin: (id) => keyOf('tfgridModule', 'twins', id),
    twinId: (account) => keyOf('tfgridModule', 'twinIdByAccountID', account),
    account: (account) => keyOf('system', 'account', account),
  };
}

/** SCALE of a twin (PROTOCOL §8). */
export function encodeTwin({ id, account, relay, entities, pk }: LedgerTwin): Uint8Array {
  const proofs = entities.map((entity) => concat(u32(entity.id), vector(entity.signature)));
  return concat(
    u32(id),
    Buffer.from(account.slice(2), 'hex'),
    option(relay),
    compact(proofs.length),
    ...proofs,
    option(pk),
  );
}

/** SCALE of `frame_system::AccountInfo`: four counters, then four balances. */
export function encodeAccount({ nonce, free }: Account): Uint8Array {
  return concat(u32(nonce), u32(0), u32(1), u32(0), u128(free), u128(0n), u128(0n), u128(0n));
}

/** The storage at one block: an immutable value, cheap to keep. */
export class State {
  readonly #values: ReadonlyMap<string, string>;
  /** What changed from the block before. */
  readonly changed: ReadonlySet<string>;

  constructor(values: ReadonlyMap<string, string> = new Map(), changed: ReadonlySet<string> = new Set()) {
    this.#values = values;
    this.changed = changed;
  }

  get(key: string): string | null {
    return this.#values.get(key) ?? null;
  }

  /** The state after these writes; null removes. */
  with(writes: Iterable<readonly [string, Uint8Array | null]>): State {
    const values = new Map(this.#values);
    const changed = new Set<string>();
    for (const [key, value] of writes) {
      const hex = value === null ? undefined : toHex(value);
      if (values.get(key) === hex) continue;
      if (hex === undefined) values.delete(key);
      else values.set(key, hex);
      changed.add(key);
    }
    return new State(values, changed);
  }
}

/** SCALE of `Timestamp.Now`: milliseconds. */
export function encodeNow(ms: number): Uint8Array {
  return u64(BigInt(ms));
}
