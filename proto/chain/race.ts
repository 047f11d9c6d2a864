import type { Result } from '../result.ts';
import { wait } from './wait.ts';

/** The next attempt starts this long after the last one, if that neither succeeded nor failed. */
const HEDGE_MS = 300;

/** One way to get the answer. It must end after `signal` aborts, and must not reject. */
export interface Attempt<T> {
  readonly name: string;
  run(signal: AbortSignal): Promise<Result<T, string>>;
}

/** The fault of one attempt. */
export interface Fault {
  readonly name: string;
  readonly fault: string;
}

/** The winner, if any, and the faults of the other attempts that had started. */
export interface Raced<T> {
  readonly won: { readonly name: string; readonly value: T } | undefined;
  readonly faults: readonly Fault[];
}

type Event<T> = { readonly at: number; readonly result: Result<T, string> } | 'hedge' | 'late';

/**
 * Races attempts for `budget` ms in all. The first starts at once, the next when one failed or after 300 ms (less if the
 * last would start too late). So a healthy first endpoint is the only one asked, and one that hangs costs a fraction of a
 * second. The losers are aborted.
 * @param hedgeMs instead of 300 ms, for slow attempts
 */
export async function race<T>(attempts: readonly Attempt<T>[], budget: number, hedgeMs = HEDGE_MS): Promise<Raced<T>> {
  const stop = new AbortController();
  const hedge = Math.min(hedgeMs, budget / 2 / Math.max(attempts.length, 1));
  const late = wait(budget, stop.signal).then((): Event<T> => 'late');
  const running = new Map<number, Promise<Event<T>>>();
  const faults: Fault[] = [];
  const silent = () =>
    [...running.keys()].map((at) => ({ name: attempts[at]?.name ?? '', fault: 'no answer in time' }));
  const started = attempts.entries();
  const startNext = (): boolean => {
    const next = started.next();
    if (next.done) return false;
    const [at, attempt] = next.value;
    running.set(
      at,
      attempt.run(stop.signal).then((result): Event<T> => ({ at, result })),
    );
    return running.size + faults.length < attempts.length;
  };
  try {
    let more = startNext();
    while (running.size > 0) {
      const round = new AbortController();
      const rest = more ? [wait(hedge, round.signal).then((): Event<T> => 'hedge')] : [];
      const event = await Promise.race([...running.values(), late, ...rest]);
      round.abort();
      if (event === 'late') break;
      if (event === 'hedge') {
        more = startNext();
        continue;
      }
      const name = attempts[event.at]?.name ?? '';
      running.delete(event.at);
      if (event.result.ok) return { won: { name, value: event.result.value }, faults: [...faults, ...silent()] };
      faults.push({ name, fault: event.result.error });
      more = startNext();
    }
    return { won: undefined, faults: [...faults, ...silent()] };
  } finally {
    stop.abort();
  }
}
