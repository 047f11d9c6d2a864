// Connects two twins, lets one call the other, closes both, and says what that left behind in this process.
import type { SuiteNetwork } from './suite-tools.ts';

const network: SuiteNetwork = JSON.parse(process.argv[2] ?? '');

const listeners = () => process.eventNames().map((name) => `${String(name)} ${process.listenerCount(name)}`);
const globals = () => Object.getOwnPropertyNames(globalThis);
const before = [...listeners(), ...globals()];

const { connect } = await import('../../client/node.ts');
const timeout = 120_000;
const [caller, service] = await Promise.all(
  network.plain.map((twin) => connect({ ...twin, relays: [network.relay], chain: [network.chain], timeout })),
);
if (caller === undefined || service === undefined) throw new Error('two twins are needed');
service.serve('test.echo', {}, (value) => value);
const { address } = service.state;
const replies: unknown[] = [];
for await (const result of caller.callMany([address, address], 'test.echo', 'x', { timeout })) {
  if (result.ok) replies.push(result.data);
}
for await (const event of caller.status()) if (event.type === 'placement') break;
await Promise.all([caller.drain(), service.drain()]);
await Promise.all([caller.close(), service.close()]);
// A socket that was ended tells so within some turns of the event loop.
for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));

const added = [...listeners(), ...globals()].filter((name) => !before.includes(name));
const timers = process.getActiveResourcesInfo().filter((name) => /timeout|tcp/i.test(name));
process.stdout.write(`${JSON.stringify({ replies, added, timers })}\n`);
