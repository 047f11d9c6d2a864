import { readFile } from 'node:fs/promises';

/** Fields of a process’s stat after its name: its time in hundredths of a second. */
const [USER, SYSTEM] = [11, 12];

interface Process {
  readonly pid: number;
  readonly name: string;
  /** Processor time so far, ms. */
  readonly ms: number;
}

async function look(pid: number): Promise<Process> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  return {
    pid,
    name: text.slice(text.indexOf('(') + 1, end),
    ms: (Number(fields[USER]) + Number(fields[SYSTEM])) * 10,
  };
}

/** Who took the processors: the peers under measurement, the relay, the two Redis, and who makes the load. */
export interface Shares {
  readonly peers: number;
  readonly relay: number;
  readonly redis: number;
  readonly load: number;
}

/** Processor time so far of this process and of those that it started (Linux), ms. */
export async function processorTime(peers: readonly number[]): Promise<Shares> {
  const children = (await readFile(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')).trim().split(' ');
  const all = await Promise.all([process.pid, ...children.map(Number)].map(look));
  const sum = (isOne: (each: Process) => boolean) => all.filter(isOne).reduce((total, { ms }) => total + ms, 0);
  return {
    peers: sum(({ pid }) => peers.includes(pid)),
    relay: sum(({ name }) => name === 'workerd'),
    redis: sum(({ name }) => name === 'redis-server'),
    load: sum(({ pid }) => pid === process.pid),
  };
}

/** The most memory that one of them has had, MB. */
export async function peakMemory(pids: readonly number[]): Promise<number> {
  const peaks = pids.map(async (pid) => {
    const [, peak] = /VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(peak) / 1024;
  });
  return Math.max(...(await Promise.all(peaks)));
}
