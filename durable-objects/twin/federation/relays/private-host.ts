/** Ranges of IPv4 that are not on the public internet: first address and prefix length. */
const PRIVATE_V4: readonly (readonly [address: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
];

/** Ranges of IPv6, by their first group: loopback, unique local, link-local, site-local, multicast. */
const PRIVATE_V6 = /^(::$|::1$|f[cd]|fe[89a-f]|ff)/;
/** An IPv4 address inside an IPv6 one, in the short form of a URL: mapped, compatible, NAT64, 6to4. */
const V4_IN_V6 = /^(?:::ffff:|::|64:ff9b::|2002:)([0-9a-f]{1,4}):([0-9a-f]{1,4})(?:$|:)/;
/** Names that no public DNS knows. */
const PRIVATE_NAME = /(^|\.)(localhost|local|internal|intranet|lan|home\.arpa)$/;

/**
 * Returns whether a relay's normalised name is an address or a name inside a private network. Such a name on chain would
 * make this relay POST to its operator's own machines. A public name that resolves to a private address is not detected.
 */
export function isPrivateHost(name: string): boolean {
  const host = withoutPort(name);
  if (host.startsWith('[')) return isPrivateV6(host.slice(1, -1));
  const v4 = v4Of(host);
  if (v4 !== undefined) return isPrivateV4(v4);
  return !host.includes('.') || PRIVATE_NAME.test(host);
}

/** Returns a relay's name without its port. */
export function withoutPort(name: string): string {
  return name.replace(/:\d+$/, '');
}

function isPrivateV6(address: string): boolean {
  if (PRIVATE_V6.test(address)) return true;
  const [, high, low] = V4_IN_V6.exec(address) ?? [];
  if (high === undefined || low === undefined) return false;
  return isPrivateV4(Number.parseInt(high, 16) * 0x1_0000 + Number.parseInt(low, 16));
}

function isPrivateV4(address: number): boolean {
  return PRIVATE_V4.some(([first, bits]) => {
    const size = 2 ** (32 - bits);
    return Math.floor(address / size) === Math.floor((v4Of(first) ?? 0) / size);
  });
}

function v4Of(host: string): number | undefined {
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(host)) return undefined;
  return host.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
