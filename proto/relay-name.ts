/** Characters of a DNS name. */
const MAX_HOST = 253;
const MAX_TEXT = MAX_HOST + '.:65535'.length;
const LABEL = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const DNS = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
const PORT = /^[1-9]\d{0,4}$/;
/** Relays reach each other by https. */
const DEFAULT_PORT = '443';
const MAX_PORT = 0xffff;

/**
 * Returns the normalised name of a relay: host[:port] in lower case, without a final dot, without the default port 443,
 * IPv6 in brackets and in its short form. Without that, two spellings of one relay would be two relays. Undefined if the
 * text is not a bare host[:port], or if a URL would read another host (`0x7f.1` is 127.0.0.1 there).
 */
export function relayName(text: string): string | undefined {
  if (text.length > MAX_TEXT) return undefined;
  const { host, port } = split(text.toLowerCase());
  if (port !== undefined && (!PORT.test(port) || Number(port) > MAX_PORT)) return undefined;
  const name = host.startsWith('[') ? ipv6Of(host) : dnsNameOf(host.replace(/\.$/, ''));
  if (name === undefined) return undefined;
  return port === undefined || port === DEFAULT_PORT ? name : `${name}:${port}`;
}

/** Returns whether two normalised names are one relay. Peers may omit the port, so a name without a port has any port. */
export function isSameRelay(one: string, other: string): boolean {
  if (one === other) return true;
  const [a, b] = [split(one), split(other)];
  return a.host === b.host && (a.port === undefined || b.port === undefined);
}

/** Splits host and port. More than one colon outside of brackets is IPv6 without brackets and without a port. */
function split(name: string): { readonly host: string; readonly port: string | undefined } {
  const [, bracketed, rest] = /^(\[[^\]]*\])(.*)$/s.exec(name) ?? [];
  if (bracketed !== undefined) {
    if (rest === undefined || rest === '') return { host: bracketed, port: undefined };
    // Any other text behind the brackets is refused as an empty port.
    return { host: bracketed, port: rest.startsWith(':') ? rest.slice(1) : '' };
  }
  const colon = name.indexOf(':');
  if (colon < 0) return { host: name, port: undefined };
  if (name.includes(':', colon + 1)) return { host: `[${name}]`, port: undefined };
  return { host: name.slice(0, colon), port: name.slice(colon + 1) };
}

function ipv6Of(host: string): string | undefined {
  if (!/^\[[0-9a-f:.]+\]$/.test(host) || !URL.canParse(`https://${host}`)) return undefined;
  return new URL(`https://${host}`).hostname;
}

function dnsNameOf(host: string): string | undefined {
  if (host.length > MAX_HOST || !DNS.test(host) || !URL.canParse(`https://${host}`)) return undefined;
  return new URL(`https://${host}`).hostname === host ? host : undefined;
}
