import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { memory } from '../contenders/processes.ts';
import { type Ran, ranSchema, type Start, type Started, startedSchema, type Work } from './messages.ts';

const CALLER = new URL('./caller.ts', import.meta.url);

/** A connected caller. */
export interface Caller extends Disposable, Started {
  /** Memory when it was connected, MB. */
  readonly connected: number;
  /** Memory at most so far, MB. */
  peak(): number;
  call(work: Work): Promise<Ran>;
}

/** Starts a caller. Resolves when it is connected. Throws when its process ends before. */
export async function startCaller(start: Start): Promise<Caller> {
  const child = fork(CALLER, [JSON.stringify(start)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const { pid = 0 } = child;
  const started = startedSchema.parse(await next(child));
  return {
    ...started,
    connected: memory([pid], 'VmRSS'),
    peak: () => memory([pid], 'VmHWM'),
    call: async (work) => {
      child.send(work);
      return ranSchema.parse(await next(child));
    },
    [Symbol.dispose]: () => child.kill('SIGKILL'),
  };
}

async function next(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`a caller ended with ${code}`)));
  const [message] = await Promise.race([once(child, 'message'), ended]);
  return message;
}
