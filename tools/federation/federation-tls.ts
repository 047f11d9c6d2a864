import { parseArgs } from 'node:util';
import { startTlsRelays } from '../../test/rig/relay/tls/relays.ts';

/** Runs two relays on this machine, each behind a TLS front as in production, until Ctrl-C. */
const { values } = parseArgs({
  options: { a: { type: 'string', default: '8443' }, b: { type: 'string', default: '9443' } },
});
const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
});
await using relays = await startTlsRelays({ a: Number(values.a), b: Number(values.b) });
for (const [name, twins, { relay, frontPort }] of [
  ['A', '1, 2, 3', relays.a],
  ['B', '4, 5, 6', relays.b],
] as const) {
  console.log(`relay ${name}: wss://localhost:${frontPort} (without TLS: ${relay.wsUrl}), twins ${twins}`);
}
console.log(`chain ${relays.chain.wsUrl}; for clients by wss: NODE_EXTRA_CA_CERTS=${relays.caFile}`);
await stopped;
