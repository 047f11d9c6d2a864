import { ENVELOPES, TOKENS } from '../input/corpus.ts';
import { anyFrame } from '../input/messages.ts';
import { mutate } from '../input/mutate.ts';
import { oddText } from '../input/odd.ts';
import type { Random } from '../input/random.ts';

/** Requests on one connection. */
const MAX_PIPELINED = 40;
const METHODS = ['GET', 'GET', 'POST', 'POST', 'HEAD', 'PUT', 'OPTIONS', 'TRACE', 'CONNECT', 'get', 'X'];
const PATHS = ['/', '/', '/version', '/healthz', '/readyz', '/metrics', '/stats', '/missing', '*', '//', 'http://a/'];
const HEADERS = [
  'upgrade: websocket',
  'connection: Upgrade',
  'sec-websocket-version: 13',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
  'transfer-encoding: chunked',
  'content-length: 5',
  'content-length: 99999999999999999999',
  'content-encoding: gzip',
  'expect: 100-continue',
  'authorization: Bearer x',
  'rmb-via: localhost',
  'accept-encoding: gzip, br',
  'content-type: multipart/form-data; boundary=x',
  'range: bytes=0-1',
  'host: other.example',
];

/** The bytes of one connection, and the number of requests in them. */
export interface Traffic {
  readonly requests: number;
  readonly bytes: Uint8Array;
}

/** Returns the bytes of one connection: requests one after another, the last one sometimes broken. */
export function anyTraffic(random: Random): Traffic {
  const whole = Array.from({ length: random.below(MAX_PIPELINED) }, () => goodForm(random));
  const last = random.once(3) ? mutate(random, [goodForm(random), goodForm(random)]) : oddForm(random);
  return { requests: whole.length + 1, bytes: Buffer.concat([...whole, last]) };
}

/** Returns a valid HTTP request with a body of its length, which the relay must answer. */
function goodForm(random: Random): Uint8Array {
  if (random.once(2)) {
    const body = random.once(2) ? anyFrame(random) : mutate(random, ENVELOPES);
    return request('POST', '/', [`content-length: ${body.length}`], body);
  }
  const path = random.once(2) ? random.pick(PATHS.slice(0, 8)) : `/?${query(random)}`;
  return request('GET', path, random.once(6) ? [`x-odd: ${encodeURIComponent(oddText(random)).slice(0, 999)}`] : []);
}

/** Returns a request with odd methods, paths and headers that contradict each other. */
function oddForm(random: Random): Uint8Array {
  const path = random.once(3) ? random.pick(PATHS) : `/${random.once(2) ? '?' : ''}${query(random)}`;
  const headers = Array.from({ length: random.below(6) }, () => random.pick(HEADERS));
  return request(random.pick(METHODS), path, headers, random.once(2) ? anyFrame(random) : undefined);
}

function query(random: Random): string {
  const token = Buffer.from(random.once(2) ? mutate(random, TOKENS) : random.pick(TOKENS)).toString();
  return encodeURI(`${token}${random.once(8) ? oddText(random) : ''}`.toWellFormed()).slice(0, 4_000);
}

function request(
  method: string,
  path: string,
  headers: readonly string[],
  body: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const lines = [`${method} ${path} HTTP/1.1`, 'host: localhost', ...headers, '', ''];
  return Buffer.concat([Buffer.from(lines.join('\r\n')), body]);
}
