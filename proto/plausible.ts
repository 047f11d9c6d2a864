import type { Address } from './address.ts';
import type { Envelope } from './envelope-codec.ts';
import { err, ok, type Result } from './result.ts';

/** How far an envelope's timestamp may lie ahead of the reader's clock, seconds: a slow clock is no liar. */
const MAX_AHEAD_SECONDS = 300;
/** The longest life of an envelope, seconds. Merged numbers make lives of centuries. */
const MAX_LIFE_SECONDS = 86_400;
/** Characters of a uid, and of a sid. */
const MAX_NAME_LENGTH = 256;
const MAX_SCHEMA_LENGTH = 128;
/** Characters of `tags`, the seal included. */
export const MAX_TAGS_LENGTH = 1_024;
const MAX_RELAYS = 8;
/** Characters of one relay: a host name of 253, a port, and a scheme. */
const MAX_RELAY_LENGTH = 260;

/** A field that no honest sender writes so. */
type ImplausibleField = 'timestamp' | 'expiration' | 'uid' | 'sid' | 'tags' | 'schema' | 'federation' | 'relays';

/** Why an envelope is not believed, although its signature may hold. */
export interface Implausible {
  readonly reason: 'implausible';
  readonly field: ImplausibleField;
}

const TEXT: Record<ImplausibleField, string> = {
  timestamp: `its timestamp lies more than ${MAX_AHEAD_SECONDS} s in the future: check the sender's clock`,
  expiration: `it lives longer than ${MAX_LIFE_SECONDS} s`,
  uid: `its uid is longer than ${MAX_NAME_LENGTH} characters, or has control characters`,
  sid: `a sid in it is longer than ${MAX_NAME_LENGTH} characters, or has control characters`,
  tags: `its tags are longer than ${MAX_TAGS_LENGTH} characters`,
  schema: `its schema is longer than ${MAX_SCHEMA_LENGTH} characters, or is not a media type`,
  federation: 'its federation field does not name relays',
  relays: `its relays field does not name at most ${MAX_RELAYS} relays`,
};

/** Returns what is implausible, for people. */
export function implausibleText({ field }: Implausible): string {
  return `implausible envelope: ${TEXT[field]}`;
}

/** Printable ASCII without quotes, braces, brackets and angle brackets: a media type, never a part of a payload. */
const SCHEMA = /^[ !#-&(-;=?-Z\\^_a-z|~]*$/;
/** A host name or an IP address, with an optional port, behind the schemes that clients have been seen to write. */
const RELAY = /^(wss?:\/\/|ws:\/)?([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?\/?$/;

/**
 * Says whether every field is one that an honest sender may write. The fields of a signed envelope can be cut anew
 * without breaking its signature: most of such cuts leave marks that these bounds refuse. A good seal loosens none.
 * @param now Unix seconds
 */
export function checkPlausible(envelope: Envelope, now: number): Result<void, Implausible> {
  const field = implausibleField(envelope, now);
  return field === undefined ? ok(undefined) : err({ reason: 'implausible', field });
}

function implausibleField(envelope: Envelope, now: number): ImplausibleField | undefined {
  const { uid, tags, timestamp, expiration, source, destination, schema, federation, relays } = envelope;
  if (timestamp > BigInt(Math.floor(now) + MAX_AHEAD_SECONDS)) return 'timestamp';
  if (expiration > BigInt(MAX_LIFE_SECONDS)) return 'expiration';
  if (!isName(uid)) return 'uid';
  if (!hasPlausibleSid(source) || !hasPlausibleSid(destination)) return 'sid';
  if (tags !== undefined && tags.length > MAX_TAGS_LENGTH) return 'tags';
  if (schema !== undefined && (schema.length > MAX_SCHEMA_LENGTH || !SCHEMA.test(schema))) return 'schema';
  if (federation !== undefined && !areRelays(federation)) return 'federation';
  return relays.length <= MAX_RELAYS && relays.every(isRelay) ? undefined : 'relays';
}

function isName(text: string): boolean {
  return text.length <= MAX_NAME_LENGTH && !holdsControl(text);
}

/** Whether a text holds a C0 or C1 control character, or DEL. */
function holdsControl(text: string): boolean {
  for (let n = 0; n < text.length; n += 1) {
    const unit = text.charCodeAt(n);
    if (unit < 0x20 || (unit >= 0x7f && unit <= 0x9f)) return true;
  }
  return false;
}

function hasPlausibleSid(address: Address | undefined): boolean {
  return address?.connection === undefined || isName(address.connection);
}

/** The relays of a twin as they stand on chain, joined by `_`. */
function areRelays(text: string): boolean {
  if (text.length > MAX_RELAYS * (MAX_RELAY_LENGTH + 1)) return false;
  const relays = text.split('_', MAX_RELAYS + 1);
  return relays.length <= MAX_RELAYS && relays.every(isRelay);
}

function isRelay(text: string): boolean {
  return text === '' || (text.length <= MAX_RELAY_LENGTH && RELAY.test(text));
}
