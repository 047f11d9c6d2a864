import type { Simulator } from './run.ts';
import { faultText, messageText, scenarioOf } from './scenario.ts';
import { shrink } from './shrink.ts';
import { inOwnTurn } from './world/microtasks.ts';

/** Seeds that share one turn of the event loop. */
const SEEDS_A_TURN = 20;

/** A seed at which a promise was broken. */
export interface Found {
  readonly seed: number;
  readonly violation: string;
}

/** What a search saw. */
export interface Searched {
  readonly done: number;
  readonly events: number;
  readonly found: readonly Found[];
}

/** Runs seeds one after the other. Ends early after `most` failing ones. */
export async function search(
  simulator: Simulator,
  from: number,
  seeds: number,
  { most, onSeed = () => undefined }: { readonly most: number; readonly onSeed?: (count: number) => void },
): Promise<Searched> {
  const found: Found[] = [];
  let [done, events] = [0, 0];
  while (done < seeds && found.length < most) {
    await inOwnTurn(() => {
      const end = Math.min(seeds, done + SEEDS_A_TURN);
      while (done < end && found.length < most) {
        const seed = from + done;
        const outcome = simulator.run(scenarioOf(seed));
        done += 1;
        events += outcome.events;
        const [violation] = outcome.violations;
        if (violation !== undefined) found.push({ seed, violation });
      }
    });
    onSeed(done);
  }
  return { done, events, found };
}

/** Describes a failing seed: what broke, the smallest scenario that shows it with its trace, and how to run it again. */
export function failureText(simulator: Simulator, { seed, violation }: Found): string {
  const smallest = shrink(scenarioOf(seed), (candidate) =>
    simulator.run(candidate).violations.some((each) => kindOf(each) === kindOf(violation)),
  );
  const { violations, lines } = simulator.run(smallest, true);
  return [
    `seed ${seed}: ${violation}`,
    `  smallest scenario: ${violations[0]}`,
    `  relays: ${JSON.stringify(smallest.homes)}`,
    ...smallest.messages.map((message) => `  ${messageText(message)}`),
    ...smallest.faults.map((fault) => `  ${faultText(fault)}`),
    ...lines.map((line) => `  ${line}`),
    `  again: npm run simulate -- --seed ${seed}`,
  ].join('\n');
}

/** Returns what broke, whatever the time, the message and the connection. */
function kindOf(violation: string): string {
  return violation.replace(/^at \S+ s: /, '').replace(/\S*\d\S*/g, '');
}
