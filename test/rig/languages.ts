import { execFileSync, spawnSync } from 'node:child_process';

/**
 * A Python that has the Redis client of Debian: one that is there, or installed with apt when we are root.
 * @throws with the command to give when there is none
 */
export function ensurePython(): string {
  const has = (python: string) => spawnSync(python, ['-c', 'import redis']).status === 0;
  const found = ['python3', '/usr/bin/python3'].find(has);
  if (found !== undefined) return found;
  if (process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0) {
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit' });
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'python3-redis'], { stdio: 'inherit' });
    if (has('/usr/bin/python3')) return '/usr/bin/python3';
  }
  throw new Error('Python’s Redis client is needed and not there. Install it: sudo apt-get install python3-redis');
}

/** The Go tool; undefined where none is installed: it is large, and nothing of ours needs it. */
export function findGo(): string | undefined {
  return ['go', '/usr/local/go/bin/go'].find((go) => spawnSync(go, ['version']).status === 0);
}
