/** A twin's key on chain, judged. The chain accepts any bytes as `pk`. */
export type TwinKey = { readonly kind: 'absent' } | { readonly kind: 'broken' | 'valid'; readonly bytes: Uint8Array };

/** A twin with its key judged, once, when the record came from the chain or from memory. */
export interface KnownTwin {
  readonly id: number;
  /** 32-byte public key. */
  readonly account: Uint8Array;
  /** The relay string on chain; `relayDomains` reads it. */
  readonly relay: string | null;
  readonly key: TwinKey;
}

/** Looks twins up. Resolves with undefined if the chain has no such twin; rejects when the chain is out of reach. */
export interface TwinDirectory {
  get(id: number): Promise<KnownTwin | undefined>;
  /** Asks the chain again, past the cache. */
  refresh(id: number): Promise<KnownTwin | undefined>;
}
