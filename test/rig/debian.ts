import { execFileSync, spawnSync } from 'node:child_process';

/**
 * Sees to it that a program is on the PATH: there already, or installed with apt when we are root.
 * @param name a Debian package
 * @throws with the command to give when it is not there
 */
export function ensureProgram(program: string, name: string): void {
  const isThere = () => spawnSync(program, ['--version']).status === 0;
  if (isThere()) return;
  if (process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0) {
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit' });
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], { stdio: 'inherit' });
    if (isThere()) return;
  }
  throw new Error(`${program} is needed and not there. Install it, for example: sudo apt-get install ${name}`);
}
