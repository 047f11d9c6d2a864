import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The path of a program: of the one on the PATH, or of one that is taken out of its Debian packages into `directory`.
 * An installation would also start its service; to unpack needs neither root nor apt's lock.
 * @param inside where the packages have it
 */
export function unpackProgram(program: string, packages: readonly string[], inside: string, directory: string): string {
  if (spawnSync(program, ['--version']).status === 0) return program;
  const settings = ownLists(directory).flatMap((setting) => ['-o', setting]);
  const apt = (...args: string[]) =>
    execFileSync('apt-get', ['-qq', ...settings, ...args], { cwd: directory, stdio: 'inherit' });
  apt('update');
  apt('download', ...packages);
  for (const archive of readdirSync(directory).filter((name) => name.endsWith('.deb'))) {
    execFileSync('dpkg-deb', ['--extract', archive, '.'], { cwd: directory });
  }
  return join(directory, inside);
}

/**
 * Returns apt's settings for lists of its own in `directory`: those of this Debian and of its backports, which
 * bring some programs that it came too early for.
 */
function ownLists(directory: string): string[] {
  const [, codename = ''] = /^VERSION_CODENAME=(\S+)$/m.exec(readFileSync('/etc/os-release', 'utf8')) ?? [];
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT)';
  const targets = execFileSync('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  const ours = targets
    .toString()
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, release]) => release === codename);
  const sources = ours.flatMap(([archive, release, component]) =>
    [release, `${release}-backports`].map((suite) => `deb ${archive} ${suite} ${component}\n`),
  );
  const list = join(directory, 'sources.list');
  writeFileSync(list, sources.join(''));
  mkdirSync(join(directory, 'lists/partial'), { recursive: true });
  return [
    `Dir::Etc::SourceList=${list}`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State::Lists=${join(directory, 'lists')}`,
    `Dir::Cache=${join(directory, 'cache')}`,
    // The user of apt's sandbox may not write there.
    'APT::Sandbox::User=root',
  ];
}
