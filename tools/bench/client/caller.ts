import { createRequire } from 'node:module';
import type { Ran, Start, Started, Work } from './messages.ts';

// One caller in a process of its own: it connects, says how long that took, then calls on demand. All that it
// imports before the clock starts would count as memory of the client, so it imports nothing, and trusts its parent.

type Call = () => Promise<unknown>;
/** Limit of one reply, ms. A service remembers requests until they expire, and refuses more than 12,288 of one twin. */
const PATIENCE_MS = 5_000;
const start: Start = JSON.parse(process.argv[2] ?? '');
const value = 'x'.repeat(start.bytes);

/** Connects the client of this project, from the bundle that `start.file` names. */
async function openOurs(): Promise<Call> {
  const { connect }: typeof import('../../../client/node.ts') = await import(start.file);
  const bus = await connect({ secret: start.secret, relays: [start.relay], chain: [start.chain] });
  return () => bus.call(start.twin, start.command, value, { timeout: PATIENCE_MS });
}

/** The part of `@threefold/rmb_direct_client` that a caller uses. */
interface NpmClient {
  connect(): Promise<void>;
  send(command: string, data: string, twin: number, minutes: number): Promise<string>;
  read(uid: string): Promise<unknown>;
}
interface NpmModule {
  readonly Client: new (...args: [string, string, string, string, string, number]) => NpmClient;
}

/** Connects the npm client. Its ES modules do not load in Node (imports without extensions). */
async function openNpm(): Promise<Call> {
  const { Client }: NpmModule = createRequire(import.meta.url)(start.file);
  const client = new Client(start.chain, start.relay, start.secret, 'bench', 'sr25519', 5);
  await client.connect();
  return async () => client.read(await client.send(start.command, JSON.stringify(value), start.twin, 1));
}

/** Opens a bare session. */
async function openTransport(): Promise<Call> {
  const { openTransport: open } = await import('./transport.ts');
  return open(start);
}

/** Calls in `window` loops, each after its reply, for `seconds`. Returns the ms of each call, ascending. */
async function callFor(call: Call, { window, seconds }: Work): Promise<{ took: number[]; seconds: number }> {
  const began = performance.now();
  const end = began + seconds * 1000;
  const took: number[] = [];
  const loop = async () => {
    for (let at = performance.now(); at < end; ) {
      await call();
      const now = performance.now();
      took.push(now - at);
      at = now;
    }
  };
  await Promise.all(Array.from({ length: window }, loop));
  return { took: took.sort((a, b) => a - b), seconds: (performance.now() - began) / 1000 };
}

function tell(message: Started | Ran): void {
  process.send?.(message);
}

const began = performance.now();
const call = await { ours: openOurs, npm: openNpm, bare: openTransport }[start.kind]();
tell({ ms: performance.now() - began });
process.on('message', async (work: Work) => {
  const { took, seconds } = await callFor(call, work);
  const at = (part: number) => took[Math.floor(took.length * part)] ?? 0;
  tell({ rate: took.length / seconds, p50: at(0.5), p99: at(0.99) });
});
// Otherwise a benchmark that was killed leaves its callers behind.
process.on('disconnect', () => process.exit());
