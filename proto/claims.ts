import { isU32 } from './address.ts';
import { err, ok, type Result } from './result.ts';

/** What a token claims. Times are seconds since 1970; no sid and the empty sid are two different sessions. */
export interface Claims {
  /** The twin. */
  readonly sub: number;
  readonly sid?: string;
  readonly iat: number;
  readonly exp: number;
  /** The relays that the token is for, each `host` or `host:port`. Absent: it opens a session at any relay. */
  readonly aud?: readonly string[];
  /** What the bearer offers beyond RMB; relays that do not know it ignore it. */
  readonly cap?: readonly string[];
}

type JsonObject = { readonly [name: string]: unknown };

/** The JSON as the reference's parser would name it in an error. */
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

/** Where the value of a field ends in the text it was read from: the reference says so in its errors. */
function columnOf(text: string, name: string, value: unknown): number {
  const start = text.indexOf(`"${name}":`);
  return start < 0 ? text.length : start + name.length + 3 + lengthOf(value);
}

/** How much of the text a value takes; of a list or an object its first character: writing a deep one overflows the stack. */
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

/** The JSON object in the text, or what is wrong with it. */
export function parseObject(text: string): Result<JsonObject, string> {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? ok(value) : err(`invalid type: ${describe(value)}, expected an object`);
  } catch {
    // The parser's own message quotes the text, and is another on each host.
    return err('it is not JSON');
  }
}

/** The audience of RFC 7519 §4.1.3: a text, or a list of texts. */
function audience(text: string, value: unknown): Result<readonly string[] | undefined, string> {
  if (value === undefined || value === null) return ok(undefined);
  const names: unknown[] = Array.isArray(value) ? value : [value];
  const isText = names.every((name) => typeof name === 'string');
  return isText ? ok(names) : err(unexpected(text, 'aud', value, 'a string'));
}

/** The claims in the JSON of a token's second part; a refusal is close to the text of the reference. */
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
