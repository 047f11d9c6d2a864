import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { benchEntries } from './contenders/twins.ts';
import { ELSEWHERE } from './work/federation.ts';

// A chain with the benchmark's twins, for relays that are started by hand: `npm run bench:chain -- --port 9944`.

const { values } = parseArgs({ options: { port: { type: 'string', default: '9944' } } });
await using chain = await startDevChain({ port: Number(values.port), twins: await benchEntries(ELSEWHERE) });
console.log(
  `a chain with the benchmark's twins listens on ${chain.wsUrl}; relays that follow it can be measured. Ctrl-C ends it.`,
);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
