import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Answer, Count, Job, Order } from './job.ts';

/** A running load. */
export interface Load {
  /** Resolves with the counts since the start or the last query. */
  count(): Promise<Count>;
  /** Ends it. Resolves with the counts since the last query. */
  stop(): Promise<Count>;
}

/** Starts each job in a thread of its own. Rejects when a connection is refused. */
export async function startLoad(jobs: readonly Job[]): Promise<Load> {
  const threads = jobs.map((job) => new Thread(job));
  const all = async (each: (thread: Thread) => Promise<Count>) => sum(await Promise.all(threads.map(each)));
  await Promise.all(threads.map((thread) => thread.started));
  return { count: () => all((thread) => thread.count()), stop: () => all((thread) => thread.stop()) };
}

class Thread {
  readonly #worker = new Worker(new URL('./thread.ts', import.meta.url));
  readonly #failed: Promise<never>;
  readonly started: Promise<void>;

  constructor(job: Job) {
    const { promise, reject } = Promise.withResolvers<never>();
    this.#failed = promise;
    this.#worker.on('message', (answer: Answer) => answer.say === 'failed' && reject(new Error(answer.why)));
    this.#worker.once('error', reject);
    // The next query rejects with this error.
    promise.catch(() => undefined);
    this.started = this.#ask({ say: 'start', job }).then(() => undefined);
  }

  count(): Promise<Count> {
    return this.#ask({ say: 'count' }).then(countOf);
  }

  async stop(): Promise<Count> {
    const count = await this.#ask({ say: 'stop' }).then(countOf);
    await this.#worker.terminate();
    return count;
  }

  async #ask(order: Order): Promise<Answer> {
    this.#worker.postMessage(order);
    const [answer]: [Answer] = await Promise.race([once(this.#worker, 'message') as Promise<[Answer]>, this.#failed]);
    if (answer.say === 'failed') throw new Error(answer.why);
    return answer;
  }
}

function countOf(answer: Answer): Count {
  if (answer.say !== 'counted' && answer.say !== 'stopped')
    throw new Error(`a thread answers ${answer.say} to a count`);
  return answer.count;
}

function sum(counts: readonly Count[]): Count {
  const of = (each: (count: Count) => number) => counts.reduce((total, count) => total + each(count), 0);
  const latencies = new Float64Array(of(({ latencies }) => latencies.length));
  let at = 0;
  for (const count of counts) {
    latencies.set(count.latencies, at);
    at += count.latencies.length;
  }
  return {
    received: of(({ received }) => received),
    accepted: of(({ accepted }) => accepted),
    refused: of(({ refused }) => refused),
    latencies: latencies.sort(),
  };
}
