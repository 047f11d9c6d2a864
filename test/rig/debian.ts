import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

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

/**
 * The path of a program: of the one on the PATH, or of one that is taken out of its Debian package into `directory`.
 * Installing the package would start its service, too.
 * @param inside where the package has it
 */
export function unpackProgram(program: string, debianPackage: string, inside: string, directory: string): string {
  if (spawnSync(program, ['--version']).status === 0) return program;
  const apt = (...args: string[]) => execFileSync('apt-get', ['-qq', ...args], { cwd: directory, stdio: 'inherit' });
  if (process.getuid?.() === 0) apt('update');
  apt('download', debianPackage);
  const [archive] = readdirSync(directory).filter((name) => name.endsWith('.deb'));
  if (archive === undefined) throw new Error(`apt-get download ${debianPackage} brought nothing`);
  execFileSync('dpkg-deb', ['--extract', archive, '.'], { cwd: directory });
  return join(directory, inside);
}
