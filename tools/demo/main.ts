import { parseArgs } from 'node:util';
import { runCheck } from './check.ts';
import { openServices, showHowTo, showTour } from './tour.ts';
import { startWorld, type World } from './world.ts';

/** A shell's exit code for Ctrl-C. */
const INTERRUPTED = 130;

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false }, kill: { type: 'string' } } });
const say = (line: string) => console.log(line);
const interrupted = new Promise<number>((resolve) => {
  // `on`, not `once`: libraries end the process themselves when no listener is left.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve(INTERRUPTED));
});

/** Resolves with the exit code, after every started process ended. */
async function main(): Promise<number> {
  await using stack = new AsyncDisposableStack();
  say('Reliable Message Bus: programs call each other by twin id, through a relay.');
  say('');
  if (values.kill !== undefined && (values.kill !== 'relay' || !values.check))
    throw new Error(`--kill ${values.kill}: only --check --kill relay is possible`);
  const world = await startWorld(stack, say, values.kill === 'relay');
  const died = Promise.race(world.parties.map(({ peer }) => peer.died)).then((how) => Promise.reject(new Error(how)));
  const work = run(world);
  // After Ctrl-C this fails because its processes end; nobody needs that error.
  work.catch(() => undefined);
  return await Promise.race([interrupted, work, died]);
}

async function run(world: World): Promise<number> {
  await openServices(world.secret);
  await openServices(world.open);
  if (values.check) return check(world);
  await showTour(world, say);
  showHowTo(world, say);
  return interrupted;
}

async function check(world: World): Promise<number> {
  const { requests, answered, kills, faults } = await runCheck(world);
  say('');
  if (kills > 0) say(`  the relay was killed ${kills} times`);
  for (const fault of faults.slice(0, 20)) say(`  ${fault}`);
  say(`demo: ${requests} requests, ${answered} answered, ${requests - answered} lost`);
  return answered === requests ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(`demo: failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
