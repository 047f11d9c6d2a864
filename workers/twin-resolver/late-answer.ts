import type { Attempt } from '../../proto/chain/race.ts';
import { wait } from '../../proto/chain/wait.ts';
import type { Result } from '../../proto/result.ts';

/** Lets the attempts of a race go on for a while after it ended without a winner. A late answer is still worth keeping. */
export class LateAnswer<T> {
  readonly #stop = new AbortController();
  readonly #running: Promise<Result<T, string>>[] = [];

  /** Returns the same attempt, which the end of its race does not abort. Call `end` in any case. */
  outlast({ name, run }: Attempt<T>): Attempt<T> {
    return {
      name,
      run: () => {
        const running = run(this.#stop.signal);
        this.#running.push(running);
        return running;
      },
    };
  }

  /** Resolves with the first good answer within `ms`, then aborts all attempts. 0: aborts at once. */
  async end(ms: number): Promise<T | undefined> {
    const stop = new AbortController();
    try {
      if (ms <= 0) return undefined;
      const good = Promise.any(this.#running.map(goodOnly)).catch(() => undefined);
      return await Promise.race([good, wait(ms, stop.signal).then(() => undefined)]);
    } finally {
      stop.abort();
      this.#stop.abort();
    }
  }
}

async function goodOnly<T>(running: Promise<Result<T, string>>): Promise<T> {
  const result = await running;
  if (!result.ok) throw new Error(result.error);
  return result.value;
}
