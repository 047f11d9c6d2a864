/** The largest u32: twin ids and error codes are u32 on the wire. */
const MAX_U32 = 0xffff_ffff;

/** One session of a twin. `connection` is its sid; no sid and the empty sid are two different sessions. */
export interface Address {
  readonly twin: number;
  readonly connection?: string;
}

/** Whether a number can be a u32 of the wire. */
export function isU32(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MAX_U32;
}

/** Whether both name the same session; an absent address equals only an absent one. */
export function sameAddress(a: Address | undefined, b: Address | undefined): boolean {
  return a?.twin === b?.twin && a?.connection === b?.connection;
}

/** `twin` or `twin:sid`, as peers write it in their JSON messages. */
export function formatAddress(address: Address): string {
  return address.connection === undefined ? `${address.twin}` : `${address.twin}:${address.connection}`;
}

/** Reads `twin` or `twin:sid` (the sid may hold colons, or be empty); undefined when the twin is not a u32. */
export function parseAddress(text: string): Address | undefined {
  const colon = text.indexOf(':');
  const digits = colon < 0 ? text : text.slice(0, colon);
  const twin = Number(digits);
  if (!/^\d{1,10}$/.test(digits) || !isU32(twin)) return undefined;
  return colon < 0 ? { twin } : { twin, connection: text.slice(colon + 1) };
}
