import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { DEV_TWINS, devIdentity } from '../dev-chain/dev-twins.ts';
import { devEntries } from '../dev-chain/twin-entry.ts';
import { startRelay } from '../local-relay/relay.ts';
import { encodeEnvelope } from '../proto/envelope.ts';
import { mintToken } from '../proto/token.ts';

/** How fast messages for a twin that is away are stored, and how fast they reach it when it comes. */
const { values } = parseArgs({
  options: { messages: { type: 'string', default: '8000' }, bytes: { type: 'string', default: '256' } },
});
const [messages, bytes] = [Number(values.messages), Number(values.bytes)];

await using chain = await startDevChain();
await using relay = await startRelay({ settings: { SUBSTRATE_URLS: chain.httpUrl } });
for (const entry of await devEntries()) chain.putTwin({ ...entry, relay: `localhost:${relay.port}` });

/** A session, with its frames counted from the first on. */
async function join(twin: number): Promise<{ socket: WebSocket; frames: (n: number) => Promise<void> }> {
  const dev = DEV_TWINS.find(({ id }) => id === twin);
  if (dev === undefined) throw new Error(`no twin ${twin}`);
  const token = await mintToken({ twin, now: Math.floor(Date.now() / 1000), ttl: 300 }, await devIdentity(dev));
  const socket = new WebSocket(`${relay.wsUrl}/?${token}`, { perMessageDeflate: false });
  let [count, wanted, wake] = [0, Number.POSITIVE_INFINITY, () => {}];
  socket.on('message', () => {
    count += 1;
    if (count >= wanted) wake();
  });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const frames = (n: number) =>
    new Promise<void>((resolve) => {
      [wanted, wake] = [n, resolve];
      if (count >= n) resolve();
    });
  return { socket, frames };
}

function envelope(connection?: string): Uint8Array {
  return encodeEnvelope({
    uid: 'bench',
    timestamp: BigInt(Math.floor(Date.now() / 1000)),
    expiration: 300n,
    source: { twin: 1 },
    destination: connection === undefined ? { twin: 2 } : { twin: 2, connection },
    content: { kind: 'request', command: 'bench' },
    payload: { kind: 'plain', bytes: new Uint8Array(bytes) },
    relays: [],
    ...(connection === undefined ? {} : { tags: 'fail-fast' }),
  });
}

/** Sent in one go; what waits in the sender's outbox is bounded. */
const AT_ONCE = 1000;
const sender = await join(1);
const frame = envelope();
const began = performance.now();
for (let sent = 0; sent < messages; sent += AT_ONCE) {
  for (let n = sent; n < Math.min(sent + AT_ONCE, messages); n += 1) sender.socket.send(frame);
  // To a session that nobody has: its refusal comes when all before it is stored.
  sender.socket.send(envelope('nobody'));
  await sender.frames(sent / AT_ONCE + 1);
}
const stored = performance.now() - began;
const dialled = performance.now();
const receiver = await join(2);
await receiver.frames(messages);
const drained = performance.now() - dialled;
const rate = (ms: number) => `${((messages / ms) * 1000).toFixed(0)}/s`;
console.log(`${messages} x ${bytes} B: stored ${rate(stored)}, drained ${rate(drained)} with the connection to it`);
sender.socket.terminate();
receiver.socket.terminate();
