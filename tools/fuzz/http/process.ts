import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./relay.ts', import.meta.url));

/** A relay on workerd in a process of its own. */
export interface RelayProcess extends AsyncDisposable {
  readonly port: number;
  /** The errors that the Worker logged, without workerd's own. */
  readonly errors: readonly string[];
  /** Returns the memory of workerd, bytes. */
  memory(): Promise<number>;
}

/** Starts a relay, which disposal ends. Rejects when it ends before it listens. */
export async function startRelayProcess(): Promise<RelayProcess> {
  const child = spawn(process.execPath, [PROGRAM], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  const errors: string[] = [];
  const port = await new Promise<number>((resolve, reject) => {
    const read = (line: string) => {
      const [, found] = /^port (\d+)$/.exec(line) ?? [];
      if (found !== undefined) resolve(Number(found));
      if (line.includes('"event":"request-failed"') && errors.length < 100) errors.push(line);
    };
    for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', read);
    void ended.then(() => reject(new Error('the relay ended before it listened')));
  });
  return {
    port,
    errors,
    memory: () => workerdBytes(child.pid ?? 0),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Returns the memory of the children of a process that are workerd, bytes. */
async function workerdBytes(parent: number): Promise<number> {
  const children = (await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8')).split(' ').filter(Boolean);
  const sizes = children.map(async (pid) => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return /^Name:\s+workerd$/m.test(status) ? Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024 : 0;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
