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

/** A state keeps its own changes up to this many keys before it makes a base of its own. */
const MAX_OVERLAY = 256;

/** The storage at one block: an immutable value. Neighbours share a base, so that a thousand blocks are cheap to keep. */
export class State {
  readonly #base: ReadonlyMap<string, string>;
  /** What differs from the base; null: removed. */
  readonly #overlay: ReadonlyMap<string, string | null>;
  /** What changed from the block before. */
  readonly changed: ReadonlySet<string>;

  constructor(
    base: ReadonlyMap<string, string> = new Map(),
    overlay: ReadonlyMap<string, string | null> = new Map(),
    changed: ReadonlySet<string> = new Set(),
  ) {
    this.#base = base;
    this.#overlay = overlay;
    this.changed = changed;
  }

  get(key: string): string | null {
    const own = this.#overlay.get(key);
    return own === undefined ? (this.#base.get(key) ?? null) : own;
  }

  /** The state after these writes; null removes. @param touched keys to count as changed whatever is written */
  with(writes: Iterable<readonly [string, Uint8Array | null]>, touched: Iterable<string> = []): State {
    const overlay = new Map(this.#overlay);
    const changed = new Set(touched);
    for (const [key, value] of writes) {
      const hex = value === null ? null : toHex(value);
      if ((overlay.has(key) ? overlay.get(key) : this.get(key)) === hex) continue;
      overlay.set(key, hex);
      changed.add(key);
    }
    if (overlay.size <= MAX_OVERLAY) return new State(this.#base, overlay, changed);
    const base = new Map(this.#base);
    for (const [key, hex] of overlay) {
      if (hex === null) base.delete(key);
      else base.set(key, hex);
    }
    return new State(base, new Map(), changed);
  }
}

/** SCALE of `Timestamp.Now`: milliseconds. */
export function encodeNow(ms: number): Uint8Array {
  return u64(BigInt(ms));
}
