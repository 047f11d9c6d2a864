import { execFileSync, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Test files install from several processes at once; apt fails at once where another apt runs. */
const LOCK = join(tmpdir(), 'rmb-edge-apt.lock');
/** Timeout for the lock of another apt. */
const LOCK_SECONDS = 600;
const INSTALL = `set -e
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=${LOCK_SECONDS} "$1"`;

/**
 * Installs a Debian package when something is missing and we are root.
 * @throws with the command to run when it is still missing
 */
export function ensureInstalled(what: string, isThere: () => boolean, debianPackage: string): void {
  if (isThere()) return;
  if (process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0) {
    execFileSync('flock', [LOCK, 'sh', '-c', INSTALL, 'sh', debianPackage], { stdio: 'inherit' });
    if (isThere()) return;
  }
  throw new Error(`${what} is needed and not there. Install it, for example: sudo apt-get install ${debianPackage}`);
}

/** Does the same for a program on the PATH. @param ask the flag that makes it print its version */
export function ensureProgram(program: string, debianPackage: string, ask = '--version'): void {
  ensureInstalled(program, () => spawnSync(program, [ask]).status === 0, debianPackage);
}
