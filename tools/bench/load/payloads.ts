import type { Socket } from 'node:net';
import { clientFrame } from './frames.ts';

const BINARY = 2;
const TEXT = 1;
const PING = 9;
const PONG = 0x8a;

/** A message of a relay. */
export type Payload = { readonly kind: 'binary' | 'text'; readonly bytes: Buffer };

/**
 * Reads whole messages from a connection, and answers pings. A relay sends no fragments.
 * @param message called for each message; its bytes are valid during the call
 * @param end called with the reason why no more will come
 */
export function onPayloads(socket: Socket, message: (payload: Payload) => void, end: (why: string) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let at = 0;
    for (let size = sizeAt(bytes, at); size !== undefined; size = sizeAt(bytes, at)) {
      const payload = bytes.subarray(at + size.head, at + size.head + size.length);
      const code = (bytes[at] ?? 0) & 0x0f;
      at += size.head + size.length;
      if (code === BINARY || code === TEXT) message({ kind: code === BINARY ? 'binary' : 'text', bytes: payload });
      else if (code === PING) socket.write(clientFrame(payload, PONG));
      else end(`the relay sent a frame of type ${code}: ${payload.toString('latin1')}`);
    }
    rest = bytes.subarray(at);
  });
  socket.once('close', () => end('the relay closed the connection'));
  socket.once('error', (error) => end(error.message));
}

/** Returns the size of the frame at `at`; undefined when it is incomplete. */
function sizeAt(bytes: Buffer, at: number): { readonly head: number; readonly length: number } | undefined {
  const short = bytes[at + 1];
  if (short === undefined) return undefined;
  const head = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < at + head) return undefined;
  const length =
    short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
  return bytes.length < at + head + length ? undefined : { head, length };
}
