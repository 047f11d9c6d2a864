import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';

/** Process ids of the leaders of groups whose request has no reply yet. */
const running = new Set<number>();

/**
 * Starts a program as the leader of a process group of its own, so that it can be killed with all its children.
 * Such a group gets no signals of the terminal: it is killed when this process exits, in any way.
 * @throws when the system refuses the arguments or the environment
 */
export function startGroup(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): ChildProcessWithoutNullStreams {
  if (process.listeners('exit').every((listener) => listener !== killAll)) process.on('exit', killAll);
  const child = spawn(program, [...args], { env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  if (child.pid !== undefined) running.add(child.pid);
  return child;
}

/** Asks a group to end. */
export function terminateGroup(pid: number | undefined): void {
  signal(pid, 'SIGTERM');
}

/** Kills what is left of a group. */
export function killGroup(pid: number | undefined): void {
  signal(pid, 'SIGKILL');
  if (pid !== undefined) running.delete(pid);
}

function killAll(): void {
  for (const pid of running) signal(pid, 'SIGKILL');
}

function signal(pid: number | undefined, name: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // Nothing is left of the group, or it has changed its user.
  }
}
