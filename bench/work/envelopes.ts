import { type Envelope, encodeEnvelope } from '../../proto/envelope.ts';
import { signEnvelope } from '../../proto/signature.ts';
import { clientFrame } from '../load/frames.ts';
import { benchIdentity } from '../twins.ts';

/** Stands in the payload, after the mark, so that the mark can be found. */
const SIGN = Buffer.from('MARK');
const LIFE_S = 600n;

/** A request of one twin to another, its payload so many bytes; `mark` stands in its first four. */
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

/** The frame of a lane, and where in its envelope the mark stands. */
export function markedFrame(from: number, to: number, bytes: number, mark: number): { frame: Buffer; markAt: number } {
  const encoded = Buffer.from(encodeEnvelope(envelopeOf(from, to, bytes, mark)));
  return { frame: clientFrame(encoded), markAt: encoded.indexOf(SIGN) - 4 };
}

/** Returns a whole POST of another relay. Its source signs the envelope; each `mark` makes another envelope. */
export async function signedPost(from: number, to: number, bytes: number, host: string, mark: number): Promise<Buffer> {
  const body = encodeEnvelope(await signEnvelope(envelopeOf(from, to, bytes, mark), await benchIdentity(from)));
  return Buffer.concat([
    Buffer.from(`POST / HTTP/1.1\r\nhost: ${host}\r\ncontent-length: ${body.length}\r\n\r\n`),
    body,
  ]);
}
