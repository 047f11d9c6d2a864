import { readdir, readFile, readlink } from 'node:fs/promises';

const LISTENING = '0A';
const KIB = 1024;

/** Returns the pid of the process of this user that listens on a TCP port of 127.0.0.1. @throws when none does */
export async function listenerOf(port: number): Promise<number> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const table = await readFile('/proc/net/tcp', 'utf8');
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/));
  const row = rows.find(([, local, , state]) => local === `0100007F:${hex}` && state === LISTENING);
  const inode = row?.[9];
  if (inode === undefined) throw new Error(`nobody listens on port ${port}`);
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    if (await holds(pid, `socket:[${inode}]`)) return Number(pid);
  }
  throw new Error(`the listener of port ${port} is another user's`);
}

async function holds(pid: string, link: string): Promise<boolean> {
  try {
    for (const fd of await readdir(`/proc/${pid}/fd`)) {
      if ((await readlink(`/proc/${pid}/fd/${fd}`)) === link) return true;
    }
  } catch {
    // Another user's process, or one that has ended meanwhile.
  }
  return false;
}

/** Returns a figure of a process in bytes: its memory now (VmRSS), or the most that it ever was (VmHWM). */
async function memoryOf(pid: number, figure: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const [, kib] = new RegExp(`^${figure}:\\s+(\\d+) kB$`, 'm').exec(status) ?? [];
  if (kib === undefined) throw new Error(`process ${pid} has no ${figure}`);
  return Number(kib) * KIB;
}

/** Returns by how many bytes the memory of a process rose above what it was before `work`, at the highest. */
export async function growthOf(pid: number, work: () => Promise<void>): Promise<number> {
  const before = await memoryOf(pid, 'VmRSS');
  const peakBefore = await memoryOf(pid, 'VmHWM');
  await work();
  const peak = await memoryOf(pid, 'VmHWM');
  // The highest mark may be an earlier one, which says nothing about this work.
  return (peak > peakBefore ? peak : await memoryOf(pid, 'VmRSS')) - before;
}
