import { availableParallelism, freemem, hostname, loadavg, totalmem, uptime } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { connect } from 'rmb-client/node';

const { RMB_SECRET: secret = '', RMB_RELAY = 'ws://localhost:8787', RMB_CHAIN = 'ws://localhost:9944' } = process.env;
const bus = await connect({ secret, relays: [RMB_RELAY], chain: [RMB_CHAIN], sid: false });

const status = () => ({ host: hostname(), cores: availableParallelism(), memory: totalmem(), up: uptime() });
bus.serve('node.status', { summary: 'host, cores, memory' }, status);
bus.serve('node.load', { summary: 'free memory, each half second' }, async function* () {
  for (; ; await wait(500)) yield { freeMiB: Math.round(freemem() / 2 ** 20), load: loadavg()[0] };
});

console.log(`twin ${bus.state.address} serves node.status and node.load`);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => bus.close());
