import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { Socket } from 'node:net';

// The part of a WebSocket (RFC 6455) that a load generator needs. Frames are built once and sent many times; of incoming
// frames only the length is read. A library spends more on a message than the relay does.

const BINARY = 0x82;
const PING = 0x89;
const PONG = 0x8a;
const MASKED = 0x80;

/** Returns a binary frame of a client. Its mask is zero, which is the same work for the relay. */
export function clientFrame(payload: Uint8Array, head = BINARY): Buffer {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const frame = Buffer.alloc(2 + extended + 4 + length);
  frame[0] = head;
  frame[1] = MASKED | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) frame.writeUInt16BE(length, 2);
  if (extended === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  frame.set(payload, 6 + extended);
  return frame;
}

/** Connects to `ws://host:port/?token`. Rejects when the relay refuses, with its status and text. */
export function dial(url: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
    };
    const upgrade = request(url.replace(/^ws/, 'http'), { headers, agent: false });
    upgrade.once('upgrade', (_, socket, head) => {
      // http types the connection as any stream; over TCP it is a net.Socket.
      const connection = socket as Socket;
      connection.setNoDelay(true);
      if (head.length > 0) connection.unshift(head);
      resolve(connection);
    });
    upgrade.once('response', async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      reject(new Error(`the relay refuses the connection: ${response.statusCode} ${text}`));
    });
    upgrade.once('error', reject);
    upgrade.end();
  });
}

/**
 * Reads binary frames from a connection, and answers pings.
 * @param offset position of the mark in the payload
 * @param frame called for each complete frame with the four bytes of its mark
 * @param end called once or more with the reason why no more will come
 */
export function onFrames(
  socket: Socket,
  offset: number,
  frame: (mark: number) => void,
  end: (why: string) => void,
): void {
  const reader = new FrameReader(offset, frame, (payload) => socket.write(clientFrame(payload, PONG)), end);
  socket.on('data', (chunk: Buffer) => reader.read(chunk));
  socket.once('close', () => end('the relay closed the connection'));
  socket.once('error', (error) => end(error.message));
}

const MARK_BYTES = 4;
/** Instead of the mark of a frame that is too short for one. */
export const NO_MARK = -1;

class FrameReader {
  readonly #offset: number;
  readonly #frame: (mark: number) => void;
  readonly #ping: (payload: Uint8Array) => void;
  readonly #end: (why: string) => void;
  /** The beginning of an incomplete frame. */
  #rest: Buffer = Buffer.alloc(0);
  /** Missing bytes of a frame whose mark is known. */
  #missing = 0;
  #mark = 0;

  constructor(
    offset: number,
    frame: (mark: number) => void,
    ping: (payload: Uint8Array) => void,
    end: (why: string) => void,
  ) {
    this.#offset = offset;
    this.#frame = frame;
    this.#ping = ping;
    this.#end = end;
  }

  read(chunk: Buffer): void {
    let at = 0;
    if (this.#missing > 0) {
      at = Math.min(this.#missing, chunk.length);
      this.#missing -= at;
      if (this.#missing > 0) return;
      this.#frame(this.#mark);
    }
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    while (at < bytes.length) {
      const next = this.#one(bytes, at);
      if (next === undefined) break;
      at = next;
    }
    this.#rest = bytes.subarray(Math.min(at, bytes.length));
  }

  /** Reads the frame at `at`. Returns the start of the next one, or undefined when it is incomplete. */
  #one(bytes: Buffer, at: number): number | undefined {
    const available = bytes.length - at;
    const short = bytes[at + 1];
    if (short === undefined) return undefined;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (available < head) return undefined;
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    const end = at + head + length;
    if (bytes[at] !== BINARY) {
      if (bytes.length < end) return undefined;
      const payload = bytes.subarray(at + head, end);
      if (bytes[at] === PING) this.#ping(payload);
      else this.#end(`the relay sent a frame of type ${bytes[at]}: ${payload.toString('latin1')}`);
      return end;
    }
    if (available < head + this.#offset + MARK_BYTES) return undefined;
    this.#mark = length < this.#offset + MARK_BYTES ? NO_MARK : bytes.readUInt32BE(at + head + this.#offset);
    this.#missing = Math.max(0, end - bytes.length);
    if (this.#missing === 0) this.#frame(this.#mark);
    return end;
  }
}
