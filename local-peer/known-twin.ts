/** What the `pk` of a twin on chain is good for. The chain takes any bytes there. */
export type TwinKey = { readonly kind: 'absent' } | { readonly kind: 'broken' | 'valid'; readonly bytes: Uint8Array };

/** A twin as the peer uses it: its key was judged when the record came from the chain or from memory. */
export interface KnownTwin {
  readonly id: number;
  /** 32-byte public key. */
  readonly account: Uint8Array;
  /** The relay string on chain; `relayDomains` reads it. */
  readonly relay: string | null;
  readonly key: TwinKey;
}

/** Where twins are looked up. Undefined: the chain has no such twin. Rejects when the chain is out of reach. */
export interface TwinDirectory {
  get(id: number): Promise<KnownTwin | undefined>;
  /** Asks the chain again, past any cache. */
  refresh(id: number): Promise<KnownTwin | undefined>;
}
