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

/** Of a DNS name, and of the same with a port. */
const MAX_HOST = 253;
const MAX_HOST_PORT = MAX_HOST + ':65535'.length;
const LABEL = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const HOST_PORT = new RegExp(`^(${LABEL}(?:\\.${LABEL})*|\\[[0-9a-f:.]+\\])(?::([1-9]\\d{0,4}))?$`);

/** Whether this is a bare host[:port] that a URL would not read as another host (`0x7f.1` is 127.0.0.1 there). */
function isHostPort(text: string): boolean {
  if (text.length > MAX_HOST_PORT) return false;
  const [, host, port = '1'] = HOST_PORT.exec(text) ?? [];
  if (host === undefined || host.length > MAX_HOST || Number(port) > 0xffff) return false;
  return URL.canParse(`https://${host}`) && new URL(`https://${host}`).hostname === host;
}

/**
 * The domains in a twin's relay string: split at `_`, lower case, without `ws:/`, `wss://` and a last `/` (the npm
 * client leaves them there), in order and each once. What is then no host[:port] is left out, so that nothing a
 * stranger wrote on chain reaches a URL.
 */
export function relayDomains(relay: string | null): string[] {
  const domains = (relay ?? '')
    .split('_')
    .map((part) =>
      part
        .trim()
        .toLowerCase()
        .replace(/^wss?:\/{1,2}/, '')
        .replace(/\/$/, ''),
    )
    .filter(isHostPort);
  return [...new Set(domains)];
}

/** What we write on chain for a relay's URL: its host, and `:port` unless that is the scheme's default. */
export function relayDomainOf(url: URL): string {
  return url.host.toLowerCase();
}
