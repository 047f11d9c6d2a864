import { concatBytes } from '@noble/hashes/utils.js';
import type { Address } from '../../../proto/address.ts';

/** An envelope on its way to another relay: the bytes, and what is needed to answer for them after a crash. */
export interface FederatedMessage {
  /** The session that sent it. */
  readonly from: Address;
  /** The host[:port] by which that session reached us. */
  readonly host: string;
  readonly to: Address;
  readonly uid: string;
  /** Only requests are answered with an error. */
  readonly isRequest: boolean;
  readonly failFast: boolean;
  /** Unix seconds. */
  readonly expiresAt: number;
  /** The envelope exactly as its sender wrote it. */
  readonly bytes: Uint8Array;
}

/** A bundle is one row, and under SQLite's limit in a Durable Object (2 MB); a larger envelope is a bundle alone. */
export const BUNDLE_BYTES = 2 ** 20;
/** So that what is noted of a bundle's progress stays small. */
const BUNDLE_MESSAGES = 256;

const VERSION = 1;
const REQUEST = 1;
const FAIL_FAST = 2;
const HAS_SID = 4;
const HAS_CONNECTION = 8;

const utf8 = new TextEncoder();
const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Encodes messages, in order, as bundles of at most about 1 MiB and 256 messages each. */
export function packBundles(
  messages: readonly FederatedMessage[],
): { readonly messages: readonly FederatedMessage[]; readonly bytes: Uint8Array }[] {
  const bundles: { messages: FederatedMessage[]; parts: Uint8Array[]; size: number }[] = [];
  for (const message of messages) {
    const head = headOf(message);
    const size = head.length + message.bytes.length;
    let open = bundles.at(-1);
    if (open === undefined || open.size + size > BUNDLE_BYTES || open.messages.length >= BUNDLE_MESSAGES) {
      open = { messages: [], parts: [Uint8Array.of(VERSION)], size: 1 };
      bundles.push(open);
    }
    open.messages.push(message);
    open.parts.push(head, message.bytes);
    open.size += size;
  }
  return bundles.map((bundle) => ({ messages: bundle.messages, bytes: concatBytes(...bundle.parts) }));
}

/** Reads what `packBundles` wrote; the envelopes are views on `bundle`. @throws when it is anything else */
export function unpackBundle(bundle: Uint8Array): FederatedMessage[] {
  if (bundle[0] !== VERSION) throw new RangeError(`federation bundle: version ${bundle[0]} is not known`);
  const view = new DataView(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  let at = 1;
  const take = (length: number): Uint8Array => {
    if (at + length > bundle.length) throw new RangeError('federation bundle: it ends too early');
    at += length;
    return bundle.subarray(at - length, at);
  };
  const u32 = () => view.getUint32(take(4).byteOffset - bundle.byteOffset);
  const sized = () => take(u32());
  const string = () => text.decode(sized());
  const messages: FederatedMessage[] = [];
  while (at < bundle.length) {
    const [flags = 0] = take(1);
    const [fromTwin, toTwin] = [u32(), u32()];
    const expiresAt = view.getFloat64(take(8).byteOffset - bundle.byteOffset);
    const [uid, host] = [string(), string()];
    const from = flags & HAS_SID ? { twin: fromTwin, connection: string() } : { twin: fromTwin };
    const to = flags & HAS_CONNECTION ? { twin: toTwin, connection: string() } : { twin: toTwin };
    messages.push({
      from,
      host,
      to,
      uid,
      isRequest: (flags & REQUEST) !== 0,
      failFast: (flags & FAIL_FAST) !== 0,
      expiresAt,
      bytes: sized(),
    });
  }
  return messages;
}

/** flags u8, source twin u32, destination twin u32, expiry f64, then the strings and the envelope's length, each u32. */
function headOf({ from, host, to, uid, isRequest, failFast, expiresAt, bytes }: FederatedMessage): Uint8Array {
  const texts = [uid, host];
  if (from.connection !== undefined) texts.push(from.connection);
  if (to.connection !== undefined) texts.push(to.connection);
  const strings = texts.map((each) => utf8.encode(each));
  const head = new Uint8Array(17 + strings.reduce((sum, each) => sum + 4 + each.length, 0) + 4);
  const view = new DataView(head.buffer);
  head[0] =
    (isRequest ? REQUEST : 0) |
    (failFast ? FAIL_FAST : 0) |
    (from.connection === undefined ? 0 : HAS_SID) |
    (to.connection === undefined ? 0 : HAS_CONNECTION);
  view.setUint32(1, from.twin);
  view.setUint32(5, to.twin);
  view.setFloat64(9, expiresAt);
  let at = 17;
  for (const each of strings) {
    view.setUint32(at, each.length);
    head.set(each, at + 4);
    at += 4 + each.length;
  }
  view.setUint32(at, bytes.length);
  return head;
}
