import type { Fault } from './faults.ts';
import { type Asked, readOptions, USAGE } from './options.ts';
import { placeOf, type Result, writeResults } from './page.ts';
import { detailsOf, recoveriesOf, tableOf } from './report.ts';
import { runFault } from './run.ts';
import { isClean } from './verdict.ts';
import { openWorkTree } from './world/work-tree.ts';
import { startWorld } from './world/world.ts';

/** For so long the caller sends at least after the last fault. */
const TAIL_SECONDS = 3;
/** Repeats that come later than this are not counted. Custody sends again after 10 s without a receipt. */
const LINGER_SECONDS = 12;
/** A shell's exit code for Ctrl-C. */
const INTERRUPTED = 130;

const interrupted = new AbortController();

async function main(): Promise<number> {
  const asked = readOptions(process.argv.slice(2));
  if (asked.help) return say(USAGE);
  // `on`, not `once`: libraries end the process themselves when no listener is left.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
  say(`faults: ${asked.minutes} min each at ${asked.rate} requests/s, seed ${asked.seed}`);
  await using before = asked.before === undefined ? undefined : await openWorkTree(asked.before);
  const results: Result[] = [];
  for (const fault of asked.faults) {
    const result = await runOne(fault, asked, before?.root);
    say(`${detailsOf(fault.name, result.verdict)}\n  ${recoveriesOf(result.verdict)}`);
    results.push(result);
  }
  say(`\n${tableOf(results)}`);
  if (asked.write) await writeResults(results);
  return results.every(({ verdict }) => isClean(verdict)) ? 0 : 1;
}

/** Runs one fault in a world of its own. */
async function runOne(fault: Fault, { minutes, rate, seed, ttl }: Asked, before: URL | undefined): Promise<Result> {
  await using world = await startWorld(fault.world);
  const { signal } = interrupted;
  const length = { seconds: minutes * 60, tail: TAIL_SECONDS, linger: LINGER_SECONDS, most: { ttl } };
  const verdict = await runFault(world, fault, { ...length, rate, seed, before, signal });
  return { name: fault.name, minutes, rate, seed, ...placeOf(), verdict };
}

function say(text: string): 0 {
  console.log(text);
  return 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (interrupted.signal.aborted) process.exit(INTERRUPTED);
    console.error(`faults: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
