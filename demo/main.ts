import { parseArgs } from 'node:util';
import { runCheck } from './check.ts';
import { openServices, showHowTo, showTour } from './tour.ts';
import { startWorld } from './world.ts';

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const say = (line: string) => console.log(line);
const interrupted = new Promise<'interrupted'>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve('interrupted'));
});

/** Resolves to the exit code. All that was started ends with it. */
async function main(): Promise<number> {
  await using stack = new AsyncDisposableStack();
  say('Reliable Message Bus: programs call each other by twin id, through a relay.');
  say('');
  const work = run(stack);
  // After Ctrl-C nobody waits for it; it fails when its parts end, which is no news.
  work.catch(() => undefined);
  const outcome = await Promise.race([work, interrupted]);
  return outcome === 'interrupted' ? 130 : outcome;
}

async function run(stack: AsyncDisposableStack): Promise<number> {
  const world = await startWorld(stack, say);
  const died = Promise.race(world.parties.map(({ peer }) => peer.died)).then((how) => Promise.reject(new Error(how)));
  await openServices(world.secret);
  await openServices(world.open);
  if (values.check) {
    const { requests, answered, faults } = await Promise.race([runCheck(world), died]);
    say('');
    for (const fault of faults.slice(0, 20)) say(`  ${fault}`);
    say(`demo: ${requests} requests, ${answered} answered, ${requests - answered} lost`);
    return answered === requests ? 0 : 1;
  }
  await Promise.race([showTour(world, say), died]);
  showHowTo(world, say);
  return died;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(`demo: failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
