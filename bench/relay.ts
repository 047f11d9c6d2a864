import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { startRelay } from '../local-relay/relay.ts';
import { encodeEnvelope } from '../proto/envelope.ts';
import { type Identity, identityOf } from '../proto/identity.ts';
import { mintToken } from '../proto/token.ts';

/**
 * Messages a second through the relay on this machine: pairs of twins, each sender with some messages in
 * flight; the receiver's every frame lets the next one go. Load generator and workerd share the cores.
 */
const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '8' },
    flight: { type: 'string', default: '32' },
    seconds: { type: 'string', default: '5' },
    bytes: { type: 'string', default: '256' },
  },
});
const [pairs, flight, seconds, bytes] = [values.pairs, values.flight, values.seconds, values.bytes].map(Number) as [
  number,
  number,
  number,
  number,
];

const identities = await Promise.all(
  Array.from({ length: pairs * 2 }, async (_, index): Promise<Identity> => {
    const identity = await identityOf(`0x${(index + 1).toString(16).padStart(64, '0')}`, 'ed25519');
    if (!identity.ok) throw new Error('bad seed');
    return identity.value;
  }),
);
await using chain = await startDevChain({
  twins: identities.map(({ account }, index) => ({
    id: index + 1,
    account: `0x${Buffer.from(account).toString('hex')}`,
    relay: 'localhost',
    pk: null,
  })),
});
await using relay = await startRelay({ settings: { SUBSTRATE_URLS: chain.httpUrl } });

async function join(twin: number): Promise<WebSocket> {
  const identity = identities[twin - 1];
  if (identity === undefined) throw new Error(`no identity for twin ${twin}`);
  const token = await mintToken({ twin, now: Math.floor(Date.now() / 1000), ttl: 300 }, identity);
  const socket = new WebSocket(`${relay.wsUrl}/?${token}`, { perMessageDeflate: false });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return socket;
}

/** CPU that workerd, our child, has used, in microseconds (Linux: hundredths of a second by thread group). */
function workerdCpu(): number {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ');
  return children
    .map((pid) => readFileSync(`/proc/${pid}/stat`, 'utf8'))
    .filter((stat) => stat.includes('(workerd)'))
    .map((stat) => stat.slice(stat.lastIndexOf(')')).split(' '))
    .reduce((sum, fields) => sum + (Number(fields[12]) + Number(fields[13])) * 10_000, 0);
}

let received = 0;
const latencies: number[] = [];
const sockets: WebSocket[] = [];
for (let pair = 0; pair < pairs; pair += 1) {
  const [from, to] = [pair * 2 + 1, pair * 2 + 2];
  const [sender, receiver] = [await join(from), await join(to)];
  sockets.push(sender, receiver);
  const frame = encodeEnvelope({
    uid: 'bench',
    timestamp: BigInt(Math.floor(Date.now() / 1000)),
    expiration: 300n,
    source: { twin: from },
    destination: { twin: to },
    content: { kind: 'request', command: 'bench' },
    payload: { kind: 'plain', bytes: new Uint8Array(bytes) },
    relays: [],
  });
  const sentAt: number[] = [];
  const send = () => {
    sentAt.push(performance.now());
    sender.send(frame);
  };
  receiver.on('message', () => {
    received += 1;
    latencies.push(performance.now() - (sentAt.shift() ?? 0));
    send();
  });
  for (let n = 0; n < flight; n += 1) send();
}
await new Promise((resolve) => setTimeout(resolve, 2000));
received = 0;
latencies.length = 0;
const [began, cpu] = [performance.now(), workerdCpu()];
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const cpuEach = (workerdCpu() - cpu) / received;
const rate = received / ((performance.now() - began) / 1000);
latencies.sort((a, b) => a - b);
const at = (part: number) => (latencies[Math.floor(latencies.length * part)] ?? 0).toFixed(2);
console.log(
  `${pairs} pairs x ${flight} in flight, ${bytes} B: ${rate.toFixed(0)} messages/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${cpuEach.toFixed(1)} µs CPU each`,
);
for (const socket of sockets) socket.terminate();
