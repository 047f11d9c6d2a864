import { relayName } from './relay-name.ts';

/** A twin as the chain knows it. */
export interface Twin {
  readonly id: number;
  /** 32-byte public key. */
  readonly account: Uint8Array;
  /** Domains of its relays, joined by `_`; what clients write there differs, `relayDomains` reads it. */
  readonly relay: string | null;
  /** What stands there as secp256k1 key, that senders encrypt for: any bytes may. */
  readonly pk: Uint8Array | null;
}

/**
 * Returns the domains in a twin's relay string: split at `_`, without `ws:/`, `wss://` and a last `/` (the npm client
 * leaves them there), each in the one form of its name, in order and once. What has no such form is left out, so that
 * nothing a stranger wrote on chain reaches a URL.
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

/** Returns the name of the relay at a URL: what its twins have on chain, and what names are compared with. */
export function relayDomainOf(url: URL): string {
  return relayName(url.host) ?? url.host;
}
