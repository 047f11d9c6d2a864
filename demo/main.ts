import { parseArgs } from 'node:util';
import { runCheck } from './check.ts';
import { openServices, showHowTo, showTour } from './tour.ts';
import { startWorld, type World } from './world.ts';

/** As a shell reports Ctrl-C. */
const INTERRUPTED = 130;

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const say = (line: string) => console.log(line);
const interrupted = new Promise<number>((resolve) => {
  // Kept, not once: libraries end the process themselves when nobody else listens.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve(INTERRUPTED));
});

/** Resolves to the exit code. All that was started ends with it. */
async function main(): Promise<number> {
  await using stack = new AsyncDisposableStack();
  say('Reliable Message Bus: programs call each other by twin id, through a relay.');
  say('');
  const world = await startWorld(stack, say);
  const died = Promise.race(world.parties.map(({ peer }) => peer.died)).then((how) => Promise.reject(new Error(how)));
  const work = run(world);
  // After Ctrl-C nobody waits for it; it fails when its parts end, which is no news.
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
  const { requests, answered, faults } = await runCheck(world);
  say('');
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
