import { relayName } from './relay-name.ts';

/** A twin on chain. */
export interface Twin {
  readonly id: number;
  /** 32-byte public key. */
  readonly account: Uint8Array;
  /** Domains of its relays, joined by `_`. Clients write them differently; see `relayDomains`. */
  readonly relay: string | null;
  /** The secp256k1 key that senders encrypt for. It may be any bytes. */
  readonly pk: Uint8Array | null;
}

/**
 * Returns the domains in a twin's relay string: split at `_`, without `ws:/`, `wss://` and a last `/` (the npm client
 * writes them), normalised, in order and once. Other texts are left out, so that no text of a stranger reaches a URL.
 */
export function relayDomains(relay: string | null): string[] {
  const domains = (relay ?? '').split('_').flatMap((part) => {
    const bare = part
      .trim()
      .replace(/^wss?:\/{1,2}/i, '')
      .replace(/\/$/, '');
    return relayName(bare) ?? [];
  });
  return [...new Set(domains)];
}

/** Returns the normalised name of the relay at a URL, as its twins have it on chain. */
export function relayDomainOf(url: URL): string {
  return relayName(url.host) ?? url.host;
}
