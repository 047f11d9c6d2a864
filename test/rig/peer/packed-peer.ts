import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Packed, packRoom } from '../packed.ts';

const run = promisify(execFile);

/** The peer's package, installed as its users do, on the oldest Node that it promises to run on. */
export interface PackedPeer extends Omit<Packed, 'bin' | 'install'> {
  /** Node 22 and the program. */
  readonly command: readonly [string, string];
  /** Installs a Node that is too old for the package; the path of its program. */
  oldNode(major: number): Promise<string>;
  /** Runs `npx rmb-peer` in the folder; its output. */
  npx(...args: string[]): Promise<string>;
}

/** Packs local-peer/ and installs the tarball into an empty folder. */
export async function packPeer(): Promise<PackedPeer> {
  const { bin, install, ...packed } = await packRoom('local-peer');
  const env = { HOME: process.env.HOME, PATH: `${bin}:${process.env.PATH}` };
  return {
    ...packed,
    command: [join(bin, 'node'), join(packed.folder, 'node_modules/.bin/rmb-peer')],
    oldNode: async (major) => {
      // Node's own package takes its program from this one; one folder cannot hold two versions of it.
      const program = `node-linux-${process.arch}`;
      return join(await install(`node${major}`, `${program}@${major}`), program, 'bin/node');
    },
    npx: async (...args) =>
      (await run('npx', ['--no-install', 'rmb-peer', ...args], { cwd: packed.folder, env })).stdout,
  };
}
