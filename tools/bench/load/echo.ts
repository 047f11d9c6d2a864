import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

// A process that only echoes frames, to find the load generator's own limit. It prints its port.

/** RFC 6455 §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

const server = createServer();
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${GUID}`).digest('base64');
  const head = [
    'HTTP/1.1 101 Switching Protocols',
    'upgrade: websocket',
    'connection: Upgrade',
    `sec-websocket-accept: ${accept}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const { out, read } = unmasked(bytes);
    rest = bytes.subarray(read);
    if (out.length > 0) socket.write(Buffer.concat(out));
  });
  socket.on('error', () => socket.destroy());
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));

const MASKED = 0x80;

/** Returns a client's frames as a server sends them; the load's mask is zero, so only the heads differ. */
function unmasked(bytes: Buffer): { out: Buffer[]; read: number } {
  const out: Buffer[] = [];
  let read = 0;
  for (let at = 0; at + 2 <= bytes.length; at = read) {
    const short = (bytes[at + 1] ?? 0) & ~MASKED;
    const extended = short < 126 ? 0 : short === 126 ? 2 : 8;
    if (at + 6 + extended > bytes.length) break;
    const length =
      extended === 0 ? short : extended === 2 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    const body = at + 6 + extended;
    if (body + length > bytes.length) break;
    const head = Buffer.from(bytes.subarray(at, at + 2 + extended));
    head[1] = short;
    out.push(head, bytes.subarray(body, body + length));
    read = body + length;
  }
  return { out, read };
}
