import { err, ok, type Result } from '../result.ts';
import type { Address } from './address.ts';
import type { Envelope } from './envelope-codec.ts';

/** How far an envelope's timestamp may be ahead of the reader's clock, seconds, because clocks differ. */
const MAX_AHEAD_SECONDS = 300;
/** The longest lifetime of an envelope, seconds. Merged numbers make lifetimes of centuries. */
const MAX_LIFE_SECONDS = 86_400;
/** Characters of a uid, and of a sid. */
const MAX_NAME_LENGTH = 256;
const MAX_SCHEMA_LENGTH = 128;
/** Characters of `tags`, the seal included. */
export const MAX_TAGS_LENGTH = 1_024;
const MAX_RELAYS = 8;
/** Characters of one relay: a host name of 253, a port, and a scheme. */
const MAX_RELAY_LENGTH = 260;

/** A field with a value that no honest sender writes. */
type ImplausibleField = 'timestamp' | 'expiration' | 'uid' | 'sid' | 'tags' | 'schema' | 'federation' | 'relays';

/** Why an envelope is refused, although its signature may be valid. */
export interface Implausible {
  readonly reason: 'implausible';
  readonly field: ImplausibleField;
}

const TEXT: Record<ImplausibleField, string> = {
  timestamp: `its timestamp is more than ${MAX_AHEAD_SECONDS} s in the future: check the sender's clock`,
  expiration: `it lives longer than ${MAX_LIFE_SECONDS} s`,
  uid: `its uid is longer than ${MAX_NAME_LENGTH} characters, or has control characters`,
  sid: `a sid in it is longer than ${MAX_NAME_LENGTH} characters, or has control characters`,
  tags: `its tags are longer than ${MAX_TAGS_LENGTH} characters`,
  schema: `its schema is longer than ${MAX_SCHEMA_LENGTH} characters, or is not a media type`,
  federation: 'its federation field does not name relays',
  relays: `its relays field does not name at most ${MAX_RELAYS} relays`,
};

/** Returns a text for people. */
export function implausibleText({ field }: Implausible): string {
  return `implausible envelope: ${TEXT[field]}`;
}

/** Printable ASCII without quotes, braces, brackets and angle brackets: a media type, but no part of a payload. */
const SCHEMA = /^[ !#-&(-;=?-Z\\^_a-z|~]*$/;
/** A host name or an IP address, with an optional port, behind the schemes that clients write. */
const RELAY = /^(wss?:\/\/|ws:\/)?([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?\/?$/;

/**
 * Checks that an honest sender may write every field. The fields of a signed envelope can be split again without breaking
 * its signature, and these bounds refuse most such splits. They also apply to sealed envelopes.
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

/** Returns whether a text holds a C0 or C1 control character, or DEL. */
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

/** Returns whether a text is the relay string of a twin, joined by `_`. */
function areRelays(text: string): boolean {
  if (text.length > MAX_RELAYS * (MAX_RELAY_LENGTH + 1)) return false;
  const relays = text.split('_', MAX_RELAYS + 1);
  return relays.length <= MAX_RELAYS && relays.every(isRelay);
}

function isRelay(text: string): boolean {
  return text === '' || (text.length <= MAX_RELAY_LENGTH && RELAY.test(text));
}
