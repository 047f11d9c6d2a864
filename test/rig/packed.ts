import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];

/** A package of this project, installed as its users do, and the oldest Node that it promises to run on. */
export interface Packed extends AsyncDisposable {
  /** The folder whose node_modules has the package. */
  readonly folder: string;
  /** The packages that its installation put into node_modules. */
  readonly installed: readonly string[];
  /** The folder with the programs of Node 22. */
  readonly bin: string;
  /** Installs another package of npm beside; the folder of its node_modules. */
  install(name: string, spec: string): Promise<string>;
}

/** Packs a room and installs the tarball into an empty folder. */
export async function packRoom(room: string): Promise<Packed> {
  const folder = await mkdtemp(join(tmpdir(), 'rmb-package-'));
  // One at a time: a build empties dist/, and another test file may pack the same room.
  const pack = ['npm', 'pack', '--silent', '--pack-destination', folder];
  await run('flock', ['package.json', ...pack], { cwd: room });
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? '';
  const install = async (name: string, spec: string) => {
    await run('npm', ['install', '--prefix', join(folder, name), ...QUIET, spec]);
    return join(folder, name, 'node_modules');
  };
  const modules = await install('app', join(folder, tarball));
  const installed = (await readdir(modules)).filter((name) => !name.startsWith('.'));
  const bin = join(await install('node', 'node@22'), '.bin');
  const dispose = () => rm(folder, { recursive: true });
  return { folder: join(folder, 'app'), installed, bin, install, [Symbol.asyncDispose]: dispose };
}
