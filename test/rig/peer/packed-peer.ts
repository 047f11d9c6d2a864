import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The peer's package, installed as its users do, on the oldest Node that it promises to run on. */
export interface PackedPeer extends AsyncDisposable {
  readonly folder: string;
  /** The packages that its installation put into node_modules. */
  readonly installed: readonly string[];
  /** Node 22 and the program. */
  readonly command: readonly [string, string];
  /** Installs a Node that is too old for the package; the path of its program. */
  oldNode(major: number): Promise<string>;
  /** Runs `npx rmb-peer` in the folder; its output. */
  npx(...args: string[]): Promise<string>;
}

/** Packs local-peer/ and installs the tarball into an empty folder. */
export async function packPeer(): Promise<PackedPeer> {
  const folder = await mkdtemp(join(tmpdir(), 'rmb-package-'));
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: 'local-peer' });
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? '';
  const app = join(folder, 'app');
  await run('npm', ['install', '--prefix', app, ...quiet, join(folder, tarball)]);
  const installed = (await readdir(join(app, 'node_modules'))).filter((name) => !name.startsWith('.'));
  const node = join(folder, 'node');
  await run('npm', ['install', '--prefix', node, ...quiet, 'node@22']);
  const bin = join(node, 'node_modules/.bin');
  const env = { HOME: process.env.HOME, PATH: `${bin}:${process.env.PATH}` };
  return {
    folder: app,
    installed,
    command: [join(bin, 'node'), join(app, 'node_modules/.bin/rmb-peer')],
    oldNode: async (major) => {
      // Node's own package takes its program from this one; one folder cannot hold two versions of it.
      const program = `node-linux-${process.arch}`;
      await run('npm', ['install', '--prefix', join(folder, `node${major}`), ...quiet, `${program}@${major}`]);
      return join(folder, `node${major}`, 'node_modules', program, 'bin/node');
    },
    npx: async (...args) => (await run('npx', ['--no-install', 'rmb-peer', ...args], { cwd: app, env })).stdout,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
