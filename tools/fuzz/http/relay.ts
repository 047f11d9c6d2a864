import { startDevChain } from '../../dev-chain/dev-chain.ts';
import { startRelay } from '../../local-relay/relay.ts';

// A relay in a process of its own, to read workerd's log and measure its memory. Prints its port.

await using chain = await startDevChain({ blockTimeMs: 5_000 });
await using relay = await startRelay({ direct: true, settings: { SUBSTRATE_URLS: chain.httpUrl } });
const stopped = new Promise<void>((resolve) => process.once('SIGTERM', () => resolve()));
console.log(`port ${relay.port}`);
await stopped;
