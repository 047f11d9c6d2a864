import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { within } from './client.ts';

const SOURCE = fileURLToPath(new URL('../../clients/go-sdk', import.meta.url));
/** Longer than the program's own limit of 40 s. */
const PATIENCE_MS = 100_000;
/** The first build on a machine fetches and compiles the SDK's hundred packages. */
const BUILD_MS = 300_000;

/** Versions of the SDK, each with the module file beside the program that pins it. Nodes of the grid run v0.17. */
export const GO_SDKS = [
  { version: 'v0.15.18', modules: 'go.mod' },
  { version: 'v0.17.0', modules: 'go-0.17.mod' },
] as const;

/** Whether this machine has a Go toolchain that builds both: 1.23 or later. */
export const hasGo = isRecent(spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' }).stdout);

/** The program in test/clients/go-sdk, on ThreeFold's Go SDK; its main.go explains the arguments. */
export interface GoClient extends AsyncDisposable {
  /** Runs it to its end; what it printed. */
  run(...args: readonly string[]): Promise<string>;
  /** Runs `serve`, until it is disposed. Resolves once its twin is up to date on chain. */
  serve(...args: readonly string[]): Promise<AsyncDisposable>;
}

/** @param version for example `go1.26.8`; null without Go */
function isRecent(version: string | null): boolean {
  const [, minor] = /^go1\.(\d+)/.exec(version ?? '') ?? [];
  return Number(minor) >= 23;
}

/** Builds the program with one version of the SDK. @throws with what the toolchain said */
export async function buildGoClient({ modules }: (typeof GO_SDKS)[number]): Promise<GoClient> {
  const directory = await mkdtemp(join(tmpdir(), 'rmb-go-'));
  const binary = join(directory, 'rmb-go');
  // Pinned by the module file and its sums, whatever the machine's own settings are.
  const flags = ['-mod=readonly', `-modfile=${modules}`, '-buildvcs=false'];
  const build = spawn('go', ['build', ...flags, '-o', binary, '.'], {
    cwd: SOURCE,
    env: { ...process.env, GOFLAGS: '', GOWORK: 'off', CGO_ENABLED: '0' },
  });
  const { said, code } = await ended(build, 'go build', BUILD_MS);
  if (code !== 0) throw new Error(`go build ended with ${code}:\n${said}`);
  return {
    run: async (...args) => (await ended(spawn(binary, args), args.join(' '), PATIENCE_MS)).said,
    serve: async (...args) => {
      const child = spawn(binary, ['serve', ...args]);
      const end = ended(child, 'serve', Number.POSITIVE_INFINITY);
      const ready = new Promise<void>((resolve) => {
        createInterface({ input: child.stdout }).on('line', (line) => line === 'serving' && resolve());
      });
      const early = end.then(({ said }) => Promise.reject(new Error(`serve ended:\n${said}`)));
      early.catch(() => undefined);
      await within(Promise.race([ready, early]), 'the Go server', PATIENCE_MS);
      return {
        [Symbol.asyncDispose]: async () => {
          child.kill();
          await end;
        },
      };
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}

/** Waits for a process's end, and ends it when it takes too long. */
async function ended(child: ChildProcess, what: string, ms: number): Promise<{ said: string; code: number | null }> {
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => said.push(String(chunk)));
  const end = new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  try {
    return { code: await within(end, `the end of ${what}`, ms), said: said.join('') };
  } catch (cause) {
    throw new Error(said.join(''), { cause });
  } finally {
    child.kill('SIGKILL');
  }
}
