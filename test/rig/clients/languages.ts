import { spawnSync } from 'node:child_process';
import { ensureInstalled } from './debian.ts';

export const PYTHONS = ['python3', '/usr/bin/python3'];

/** A Python that has the Redis client of Debian. */
export function ensurePython(): string {
  const find = () => PYTHONS.find((python) => spawnSync(python, ['-c', 'import redis']).status === 0);
  ensureInstalled('Python’s Redis client', () => find() !== undefined, 'python3-redis');
  return find() ?? 'python3';
}

/** Returns the Go tool; undefined where none is installed: it is large, and only this test needs it. */
export function findGo(): string | undefined {
  return ['go', '/usr/local/go/bin/go'].find((go) => spawnSync(go, ['version']).status === 0);
}
