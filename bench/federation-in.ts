import { connect, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { startRelay } from '../local-relay/relay.ts';
import { encodeEnvelope } from '../proto/envelope.ts';
import { type Identity, identityOf } from '../proto/identity.ts';
import { signEnvelope } from '../proto/signature.ts';
import { mintToken } from '../proto/token.ts';

/**
 * Envelopes a second that another relay brings: POSTs over connections that stay open, each with one request under
 * way, from ed25519 twins of another relay to twins that are connected. Counted is what arrives.
 */
const { values } = parseArgs({
  options: {
    twins: { type: 'string', default: '8' },
    connections: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '5' },
    bytes: { type: 'string', default: '256' },
    verify: { type: 'string', default: 'signature' },
  },
});
const number = (text: string) => Number(text);
const [twins, connections, seconds, bytes] = [values.twins, values.connections, values.seconds, values.bytes].map(
  number,
);
if (!twins || !connections || !seconds || bytes === undefined)
  throw new Error('twins, connections and seconds are numbers from 1');

const identities = await Promise.all(
  Array.from({ length: twins * 2 }, async (_, index): Promise<Identity> => {
    const identity = await identityOf(`0x${(index + 1).toString(16).padStart(64, '0')}`, 'ed25519');
    if (!identity.ok) throw new Error('bad seed');
    return identity.value;
  }),
);
const identityAt = (twin: number): Identity => {
  const identity = identities[twin - 1];
  if (identity === undefined) throw new Error(`no identity for twin ${twin}`);
  return identity;
};
// Odd twins are at home elsewhere and send, even ones are ours.
await using chain = await startDevChain({
  twins: identities.map(({ account }, index) => ({
    id: index + 1,
    account: `0x${Buffer.from(account).toString('hex')}`,
    relay: index % 2 === 0 ? 'other.example' : 'localhost',
    pk: null,
  })),
});
await using relay = await startRelay({
  direct: true,
  settings: { SUBSTRATE_URLS: chain.httpUrl, FEDERATION_VERIFY: values.verify },
});

let received = 0;
let refused = 0;
const latencies: number[] = [];
const receivers: WebSocket[] = [];
const posts: Buffer[] = [];
const now = Math.floor(Date.now() / 1000);
for (let pair = 0; pair < twins; pair += 1) {
  const [from, to] = [pair * 2 + 1, pair * 2 + 2];
  const token = await mintToken({ twin: to, now, ttl: 300 }, identityAt(to));
  const receiver = new WebSocket(`${relay.wsUrl}/?${token}`, { perMessageDeflate: false });
  await new Promise((resolve, reject) => receiver.once('open', resolve).once('error', reject));
  receiver.on('message', () => {
    received += 1;
  });
  receivers.push(receiver);
  const envelope = {
    uid: `bench-${pair}`,
    timestamp: BigInt(now),
    expiration: 600n,
    source: { twin: from },
    destination: { twin: to },
    content: { kind: 'request' as const, command: 'bench' },
    payload: { kind: 'plain' as const, bytes: new Uint8Array(bytes) },
    relays: [],
  };
  const body = encodeEnvelope(await signEnvelope(envelope, identityAt(from)));
  const head = `POST / HTTP/1.1\r\nhost: localhost:${relay.port}\r\ncontent-length: ${body.length}\r\n\r\n`;
  posts.push(Buffer.concat([Buffer.from(head), body]));
}

let running = true;
const sockets: Socket[] = [];
for (let n = 0; n < connections; n += 1) {
  const socket = connect({ host: '127.0.0.1', port: relay.port, noDelay: true });
  sockets.push(socket);
  const post = posts[n % posts.length] ?? Buffer.alloc(0);
  let sentAt = 0;
  const send = () => {
    sentAt = performance.now();
    socket.write(post);
  };
  // An answer is a head without a body, and fits one chunk; anything else is counted as refused.
  socket.on('data', (chunk: Buffer) => {
    latencies.push(performance.now() - sentAt);
    if (!chunk.subarray(0, 12).equals(Buffer.from('HTTP/1.1 202'))) refused += 1;
    if (running) send();
  });
  socket.once('connect', send);
}
await new Promise((resolve) => setTimeout(resolve, 2000));
received = 0;
refused = 0;
latencies.length = 0;
const began = performance.now();
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const answered = latencies.length;
const rate = received / ((performance.now() - began) / 1000);
running = false;
latencies.sort((a, b) => a - b);
const at = (part: number) => (latencies[Math.floor(latencies.length * part)] ?? 0).toFixed(2);
console.log(
  `${(answered / seconds).toFixed(0)} answered/s ${twins} twins, ${connections} connections, ${bytes} B, verify ${values.verify}: ${rate.toFixed(0)} delivered/s, ${refused} refused, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`,
);
for (const socket of sockets) socket.destroy();
for (const receiver of receivers) receiver.terminate();
