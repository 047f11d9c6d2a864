import { encodeRelayBatch } from '../../../proto/batch/relay-batch.ts';
import { signEnvelope } from '../../../proto/crypto/signature.ts';
import { type Envelope, encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import { benchIdentity } from '../contenders/twins.ts';
import { clientFrame } from '../load/frames.ts';

/** Follows the mark in the payload, so that the mark can be found. */
const SIGN = Buffer.from('MARK');
const LIFE_S = 600n;

/** Returns a request of one twin to another with a payload of this many bytes; its first four are `mark`. */
function envelopeOf(from: number, to: number, bytes: number, mark: number): Envelope {
  const payload = Buffer.alloc(Math.max(bytes, 8), 7);
  payload.writeUInt32BE(mark, 0);
  payload.set(SIGN, 4);
  return {
    uid: `bench-${String(mark).padStart(5, '0')}`,
    timestamp: BigInt(Math.floor(Date.now() / 1000)),
    expiration: LIFE_S,
    source: { twin: from },
    destination: { twin: to },
    content: { kind: 'request', command: 'bench' },
    payload: { kind: 'plain', bytes: payload },
    relays: [],
  };
}

/** Returns an encoded request of one twin to another with a payload of this many bytes. */
export function requestBytes(from: number, to: number, bytes: number): Uint8Array {
  return encodeEnvelope(envelopeOf(from, to, bytes, 0));
}

/** Returns the frame of a lane, and the offset of the mark in its envelope. */
export function markedFrame(from: number, to: number, bytes: number, mark: number): { frame: Buffer; markAt: number } {
  const encoded = Buffer.from(encodeEnvelope(envelopeOf(from, to, bytes, mark)));
  return { frame: clientFrame(encoded), markAt: encoded.indexOf(SIGN) - 4 };
}

/** The frame of a ping of RMB, shorter than any with a mark. */
export function pingFrame(twin: number): Buffer {
  const ping = { uid: 'p', timestamp: 0n, expiration: 0n, relays: [] };
  return clientFrame(encodeEnvelope({ ...ping, source: { twin }, content: { kind: 'ping' } }));
}

/** Returns a whole POST of another relay. Its source signs the envelope; each `mark` makes another envelope. */
export async function signedPost(from: number, to: number, bytes: number, host: string, mark: number): Promise<Buffer> {
  return postOf(host, await signedBytes(from, to, bytes, mark));
}

/** Returns a whole POST of another relay with a batch of envelopes of these marks. */
export async function signedBatch(
  from: number,
  to: number,
  bytes: number,
  host: string,
  marks: readonly number[],
): Promise<Buffer> {
  const envelopes = await Promise.all(marks.map((mark) => signedBytes(from, to, bytes, mark)));
  const body = encodeRelayBatch(envelopes.map((each) => ({ bytes: each, mayStore: true })));
  return postOf(host, body, 'content-type: application/x-rmb-batch\r\n');
}

async function signedBytes(from: number, to: number, bytes: number, mark: number): Promise<Uint8Array> {
  return encodeEnvelope(await signEnvelope(envelopeOf(from, to, bytes, mark), await benchIdentity(from)));
}

function postOf(host: string, body: Uint8Array, headers = ''): Buffer {
  return Buffer.concat([
    Buffer.from(`POST / HTTP/1.1\r\nhost: ${host}\r\n${headers}content-length: ${body.length}\r\n\r\n`),
    body,
  ]);
}
