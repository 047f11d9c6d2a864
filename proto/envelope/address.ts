/** The largest u32: twin ids and error codes are u32 on the wire. */
const MAX_U32 = 0xffff_ffff;

/** One session of a twin. `connection` is its sid; no sid and the empty sid are two different sessions. */
export interface Address {
  readonly twin: number;
  readonly connection?: string;
}

/** Returns whether a number is a u32. */
export function isU32(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MAX_U32;
}

/** Returns whether both name the same session. An absent address equals only an absent one. */
export function sameAddress(a: Address | undefined, b: Address | undefined): boolean {
  return a?.twin === b?.twin && a?.connection === b?.connection;
}

/** Returns `twin` or `twin:sid`, as in the JSON messages of peers. */
export function formatAddress(address: Address): string {
  return address.connection === undefined ? `${address.twin}` : `${address.twin}:${address.connection}`;
}

/** Parses `twin` or `twin:sid` (the sid may hold colons, or be empty); undefined if the twin is not a u32. */
export function parseAddress(text: string): Address | undefined {
  const colon = text.indexOf(':');
  const digits = colon < 0 ? text : text.slice(0, colon);
  const twin = Number(digits);
  if (!/^\d{1,10}$/.test(digits) || !isU32(twin)) return undefined;
  return colon < 0 ? { twin } : { twin, connection: text.slice(colon + 1) };
}
