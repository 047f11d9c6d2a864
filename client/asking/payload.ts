import { RmbError } from '../errors.ts';
import type { CallResponse } from './calls.ts';

/** Media type of every value. Go services answer nothing else. */
export const JSON_SCHEMA = 'application/json';
/** `null` in JSON is "no argument". */
const NO_ARGUMENT = 'null';

const encoder = new TextEncoder();
/** Invalid UTF-8 is no JSON. */
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Returns bytes as they are, and text as UTF-8. */
export function bytesOf(data: Uint8Array | string): Uint8Array {
  return typeof data === 'string' ? encoder.encode(data) : data;
}

/** Returns whether a media type is that of JSON, with or without parameters. */
export function isJson(schema: string): boolean {
  const [type = ''] = schema.split(';');
  return type.trim().toLowerCase() === JSON_SCHEMA;
}

/** Returns a value as JSON, `undefined` as "no argument". Throws an `RmbError` when JSON cannot express the value. */
export function jsonBytes(value: unknown): Uint8Array {
  // JSON would make an object with a member for each byte of them.
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    throw new RmbError('invalid', 'bytes are no JSON value: give their media type as `schema`, null for none');
  }
  try {
    return encoder.encode(JSON.stringify(value) ?? NO_ARGUMENT);
  } catch (error) {
    throw new RmbError('invalid', 'the data has no form in JSON: it holds a bigint or itself', { cause: error });
  }
}

/** Returns a payload with a media type of its own. Throws an `RmbError` when it is neither bytes nor text. */
export function bytesWithSchema(data: unknown): Uint8Array {
  if (data === undefined) return new Uint8Array(0);
  if (data instanceof Uint8Array || typeof data === 'string') return bytesOf(data);
  throw new RmbError('invalid', 'data with a `schema` must be bytes or text: without it, values travel as JSON');
}

/** Returns the value of JSON; no bytes at all are "no value", which is null. Throws a `SyntaxError` or a `TypeError`. */
export function parsedJson(data: Uint8Array): unknown {
  return data.length === 0 ? null : JSON.parse(decoder.decode(data));
}

/**
 * Returns the value of a response: what its JSON says, or its bytes when its media type is another. A response without
 * a media type is taken for JSON, as its request was. Throws an `RmbError` when it is not JSON then.
 */
export function valueIn({ source, data, schema }: CallResponse, command: string, twin: number): unknown {
  if (schema !== undefined && schema !== '' && !isJson(schema)) return data;
  try {
    return parsedJson(data);
  } catch (error) {
    const why = `its ${data.length} bytes are no JSON: call with a \`schema\` to get them as they are`;
    throw new RmbError('invalid-reply', `twin ${source} replied to '${command}', but ${why}`, { twin, cause: error });
  }
}
