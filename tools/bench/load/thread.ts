import { parentPort } from 'node:worker_threads';
import { runEchoes } from './echoes.ts';
import type { Answer, Job, Order } from './job.ts';
import { runLanes } from './lanes.ts';
import { runPosts } from './posts.ts';
import { Tally } from './tally.ts';

// One thread of the load generator, controlled by load.ts.

const tally = new Tally();
let stop = async () => {};

const answer = (what: Answer) => parentPort?.postMessage(what);
const fail = (why: string) => answer({ say: 'failed', why });

function start(job: Job): Promise<() => Promise<void>> {
  switch (job.kind) {
    case 'lanes':
      return runLanes(job, tally, fail);
    case 'posts':
      return runPosts(job, tally, fail);
    case 'echoes':
      return runEchoes(job, tally, fail);
  }
}

async function obey(order: Order): Promise<void> {
  switch (order.say) {
    case 'start':
      stop = await start(order.job);
      return answer({ say: 'started' });
    case 'count':
      return answer({ say: 'counted', count: tally.take() });
    case 'stop':
      await stop();
      return answer({ say: 'stopped', count: tally.take() });
  }
}

parentPort?.on('message', (order: Order) => {
  obey(order).catch((error: unknown) => fail(String(error)));
});
