import { isU32 } from '../envelope/address.ts';
import { err, ok, type Result } from '../result.ts';

/** The claims of a token. Times are seconds since 1970. No sid and the empty sid are two different sessions. */
export interface Claims {
  /** The twin. */
  readonly sub: number;
  readonly sid?: string;
  readonly iat: number;
  readonly exp: number;
  /** The relays that the token is for, each `host` or `host:port`. Absent: any relay. */
  readonly aud?: readonly string[];
  /** Capabilities of the client beyond RMB. Relays ignore unknown ones. */
  readonly cap?: readonly string[];
}

type JsonObject = { readonly [name: string]: unknown };

/** Describes a value as the reference's parser does in an error. */
function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'sequence';
  switch (typeof value) {
    case 'boolean':
      return `boolean \`${value}\``;
    case 'number':
      return Number.isInteger(value) ? `integer \`${value}\`` : `floating point \`${value}\``;
    case 'string':
      return `string ${JSON.stringify(value)}`;
    default:
      return 'map';
  }
}

/** Returns the column at which the value of a field ends. The reference's errors have it. */
function columnOf(text: string, name: string, value: unknown): number {
  const start = text.indexOf(`"${name}":`);
  return start < 0 ? text.length : start + name.length + 3 + lengthOf(value);
}

/** Returns the length of a value's text; 1 for a list or an object, because writing a deep one overflows the stack. */
function lengthOf(value: unknown): number {
  return typeof value === 'object' && value !== null ? 1 : JSON.stringify(value).length;
}

function unexpected(text: string, name: string, value: unknown, expected: string): string {
  const what = typeof value === 'number' && Number.isInteger(value) && expected !== 'a string' ? 'value' : 'type';
  return `invalid ${what}: ${describe(value)}, expected ${expected} at line 1 column ${columnOf(text, name, value)}`;
}

function wholeNumber(text: string, claims: JsonObject, name: string, type: 'u32' | 'u64'): Result<number, string> {
  const value = claims[name];
  if (value === undefined) return err(`missing field \`${name}\` at line 1 column ${text.length}`);
  const fits = typeof value === 'number' && Number.isInteger(value) && value >= 0;
  if (!fits || (type === 'u32' && !isU32(value))) return err(unexpected(text, name, value, type));
  return ok(value);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parses a JSON object, or returns what is wrong with the text. */
export function parseObject(text: string): Result<JsonObject, string> {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? ok(value) : err(`invalid type: ${describe(value)}, expected an object`);
  } catch {
    // The parser's own message quotes the text, and differs between hosts.
    return err('it is not JSON');
  }
}

/** Returns the audience of RFC 7519 §4.1.3: a text, or a list of texts. */
function audience(text: string, value: unknown): Result<readonly string[] | undefined, string> {
  if (value === undefined || value === null) return ok(undefined);
  const names: unknown[] = Array.isArray(value) ? value : [value];
  const isText = names.every((name) => typeof name === 'string');
  return isText ? ok(names) : err(unexpected(text, 'aud', value, 'a string'));
}

/** Parses the JSON of a token's second part. An error is close to the text of the reference. */
export function parseClaims(text: string): Result<Claims, string> {
  const object = parseObject(text);
  if (!object.ok) return object;
  const { sid, cap } = object.value;
  const aud = audience(text, object.value.aud);
  if (!aud.ok) return aud;
  const sub = wholeNumber(text, object.value, 'sub', 'u32');
  if (!sub.ok) return sub;
  if (sid !== undefined && sid !== null && typeof sid !== 'string')
    return err(unexpected(text, 'sid', sid, 'a string'));
  const iat = wholeNumber(text, object.value, 'iat', 'u64');
  if (!iat.ok) return iat;
  const exp = wholeNumber(text, object.value, 'exp', 'u64');
  if (!exp.ok) return exp;
  return ok({
    sub: sub.value,
    iat: iat.value,
    exp: exp.value,
    ...(typeof sid === 'string' && { sid }),
    ...(aud.value !== undefined && { aud: aud.value }),
    ...(Array.isArray(cap) && { cap: cap.filter((name) => typeof name === 'string') }),
  });
}
