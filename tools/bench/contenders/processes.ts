import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

// Linux' figures of the measured processes.

/** Returns processor time since their start, user and system, ms; Linux counts in hundredths of a second. */
export function processorTime(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) * 10;
  }, 0);
}

/** Returns their memory now (`VmRSS`) or at most (`VmHWM`), in total, MB. */
export function memory(pids: readonly number[], which: 'VmRSS' | 'VmHWM'): number {
  return pids.reduce((sum, pid) => {
    const [, kilobytes] = new RegExp(`${which}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return sum + Number(kilobytes) / 1024;
  }, 0);
}

/** Returns the children of this process that run a program of that name. */
export function childrenNamed(name: string): number[] {
  return readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
    .split(' ')
    .filter((pid) => pid !== '' && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name)
    .map(Number);
}

/** Returns the process that listens on a TCP port; undefined when no visible process does. */
export function listenerOf(port: number): number | undefined {
  const inodes = ['tcp', 'tcp6'].flatMap((table) => listeningInodes(readFileSync(`/proc/net/${table}`, 'utf8'), port));
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => inodes.some((inode) => holds(pid, inode)));
}

const LISTEN = '0A';

function listeningInodes(table: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === LISTEN && local?.endsWith(`:${wanted}`))
    .flatMap((fields) => fields[9] ?? []);
}

function holds(pid: number, inode: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`);
  } catch {
    // The process ended meanwhile, or closed a file.
    return false;
  }
}

/** Interval of the checks, and the idle time after which all work is done (ms). */
const LOOK_MS = 10;
const QUIET_MS = 300;

/** Resolves when the processes were idle for a while, with the time of their last work (`performance.now()`). */
export async function untilIdle(pids: readonly number[]): Promise<number> {
  let busy = processorTime(pids);
  let busyAt = performance.now();
  while (performance.now() - busyAt < QUIET_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const now = processorTime(pids);
    if (now !== busy) busyAt = performance.now();
    busy = now;
  }
  return busyAt;
}
