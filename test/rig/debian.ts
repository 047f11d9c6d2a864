import { execFileSync, spawnSync } from 'node:child_process';

/**
 * Sees to it that something is there, by installing a Debian package when it is not and we are root.
 * @throws with the command to give when it is not there
 */
export function ensureInstalled(what: string, isThere: () => boolean, debianPackage: string): void {
  if (isThere()) return;
  if (process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0) {
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit' });
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', debianPackage], { stdio: 'inherit' });
    if (isThere()) return;
  }
  throw new Error(`${what} is needed and not there. Install it, for example: sudo apt-get install ${debianPackage}`);
}

/** The same for a program on the PATH. @param ask how it tells its version */
export function ensureProgram(program: string, debianPackage: string, ask = '--version'): void {
  ensureInstalled(program, () => spawnSync(program, [ask]).status === 0, debianPackage);
}
