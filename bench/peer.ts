import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createClient } from 'redis';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { DEV_TWINS } from '../dev-chain/dev-twins.ts';
import { startRelay } from '../local-relay/relay.ts';
import { launch } from '../test/rig/process.ts';
import { startRedis } from '../test/rig/redis.ts';
import { startService } from '../test/rig/service.ts';

/**
 * Round trips a second from a program through two peers (processes, as users run them), a relay and two Redis on
 * this machine: each of `window` programs asks, awaits its answer, and asks again.
 */
const { values } = parseArgs({
  options: {
    windows: { type: 'string', default: '1,8,64' },
    seconds: { type: 'string', default: '8' },
    bytes: { type: 'string', default: '256' },
    key: { type: 'string', default: 'sr25519' },
  },
});
const [seconds = 8, bytes = 256] = [values.seconds, values.bytes].map(Number);
const [caller, callee] = values.key === 'ed25519' ? [6, 6] : [1, 2];

await using stack = new AsyncDisposableStack();
const chain = stack.use(await startDevChain({ blockTimeMs: 500 }));
const relay = stack.use(await startRelay({ settings: { SUBSTRATE_URLS: chain.wsUrl } }));

const peers: number[] = [];

/** A peer in a process of its own; the URL of its Redis. */
async function startPeer(twin: number): Promise<string> {
  const dev = DEV_TWINS.find(({ id }) => id === twin);
  if (dev === undefined) throw new Error(`twin ${twin} is no development twin`);
  const redis = stack.use(await startRedis());
  const flags = ['-m', dev.secret, '-k', dev.keyType, '-r', redis.url, '-s', chain.wsUrl, '--relay', relay.wsUrl];
  const peer = await launch(['local-peer/main.ts', ...flags]);
  stack.defer(async () => void (await peer.stop('SIGTERM')));
  peers.push(peer.pid);
  return redis.url;
}

/** Processor time of all peers so far, ms; Linux counts it in hundredths of a second. */
async function peersTime(): Promise<number> {
  const times = peers.map(async (pid) => {
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  });
  return (await Promise.all(times)).reduce((sum, each) => sum + each, 0);
}

async function connect(url: string) {
  const client = stack.adopt(createClient({ url }), (each) => each.destroy());
  await client.connect();
  return client;
}

const callerRedis = await startPeer(caller);
const calleeRedis = caller === callee ? callerRedis : await startPeer(callee);
stack.use(await startService(calleeRedis, 'bench.echo', (payload) => ({ dat: payload })));
const dat = Buffer.alloc(bytes, 7).toString('base64');

/** One program: asks until `end` (ms); the time each answer took. */
async function program(name: string, end: number): Promise<number[]> {
  const redis = await connect(callerRedis);
  const took: number[] = [];
  while (performance.now() < end) {
    const began = performance.now();
    const now = Math.floor(Date.now() / 1000);
    const request = { ver: 1, ref: name, cmd: 'bench.echo', exp: 60, dat, dst: [callee], ret: name, now };
    await redis.lPush('msgbus.system.local', JSON.stringify(request));
    const answer = await redis.brPop(name, 20);
    if (answer === null) throw new Error('no answer within 20 s');
    const { err } = JSON.parse(answer.element);
    if (err !== null) throw new Error(`the answer is an error: ${JSON.stringify(err)}`);
    took.push(performance.now() - began);
  }
  redis.destroy();
  return took;
}

await Promise.all(Array.from({ length: 8 }, (_, n) => program(`warm.${n}`, performance.now() + 2000)));
for (const window of values.windows.split(',').map(Number)) {
  const [began, busy] = [performance.now(), await peersTime()];
  const all = await Promise.all(
    Array.from({ length: window }, (_, n) => program(`bench.${window}.${n}`, began + seconds * 1000)),
  );
  const elapsed = (performance.now() - began) / 1000;
  const took = all.flat().sort((a, b) => a - b);
  const at = (part: number) => (took[Math.floor(took.length * part)] ?? 0).toFixed(1);
  const rate = (took.length / elapsed).toFixed(0);
  const cost = (((await peersTime()) - busy) / took.length).toFixed(2);
  console.log(
    `window ${window}, ${bytes} B: ${rate} round trips/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${cost} ms of the peers' processors each`,
  );
}
