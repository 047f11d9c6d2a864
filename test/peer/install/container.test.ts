import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { DEV_TWINS } from '../../../tools/dev-chain/ledger/dev-twins.ts';
import { type Network, startNetwork } from '../../rig/chain/network.ts';
import { within } from '../../rig/clients/client.ts';
import { startPeerProcess } from '../../rig/peer/peer-process.ts';
import { startRedis } from '../../rig/redis/redis.ts';

/** Runs the files and commands of the image without a container, because tests may run in one. */

const run = promisify(execFile);
const compose = z.object({
  services: z.object({
    peer: z.object({
      build: z.object({ context: z.string(), dockerfile: z.string() }),
      environment: z.record(z.string(), z.string()),
    }),
  }),
});
const argv = z.tuple([z.literal('node'), z.string()], z.string());

/** Returns the arguments of an instruction, for each time that it occurs. */
function instructions(dockerfile: string, name: string): string[] {
  return [...dockerfile.matchAll(new RegExp(`^${name} (.*)$`, 'gm'))].map(([, rest]) => rest ?? '');
}

const isSource = (path: string) => !/\/(dist|node_modules)(\/|$)/.test(path);

let network: Network;
let source: string;
let dockerfile: string;
beforeAll(async () => {
  network = await startNetwork();
  source = await mkdtemp(join(tmpdir(), 'rmb-image-'));
  dockerfile = await readFile('local-peer/deploy/Dockerfile', 'utf8');
  await symlink(resolve('node_modules'), join(source, 'node_modules'));
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
  await rm(source, { recursive: true });
});

it('the command of compose.yaml runs in the files that the image copies', async () => {
  // The first stage: nothing but what its COPY lines name.
  for (const line of instructions(dockerfile, 'COPY').filter((each) => !each.startsWith('--from'))) {
    const from = line.split(' ');
    const to = from.pop() ?? '';
    for (const path of from) {
      await cp(path, join(source, from.length > 1 ? join(to, basename(path)) : to), {
        recursive: true,
        filter: isSource,
      });
    }
  }
  const [build = ''] = instructions(dockerfile, 'RUN').filter((each) => each.startsWith('node '));
  await run(process.execPath, build.split(' ').slice(1), {
    cwd: source,
    env: { ...process.env, RMB_COMMIT: 'abc1234' },
  });

  // The second: its command, with the environment of image and compose file.
  const [entrypoint = ''] = instructions(dockerfile, 'ENTRYPOINT');
  const [, program, ...args] = argv.parse(JSON.parse(entrypoint));
  const { peer } = compose.parse(parse(await readFile('local-peer/deploy/compose.yaml', 'utf8'))).services;
  expect(resolve('local-peer/deploy', peer.build.context)).toBe(resolve('.'));
  expect(peer.build.dockerfile).toBe('local-peer/deploy/Dockerfile');
  const bundle = program.replace('/opt/rmb-peer', join(source, 'local-peer/dist'));
  const secret = join(source, 'mnemonic');
  await writeFile(secret, DEV_TWINS[0]?.secret ?? '', { mode: 0o600 });
  await using redis = await startRedis();
  const given = { RMB_SUBSTRATE: network.chain.wsUrl, RMB_RELAY: network.relay.wsUrl, RMB_REDIS: redis.url };
  await using running = startPeerProcess({
    command: [process.execPath, bundle, ...args],
    env: { ...filled(peer.environment), ...given, RMB_MNEMONIC_FILE: secret, RMB_STATUS: '127.0.0.1:0' },
  });
  await running.ready();
  expect(running.output()).toContain('"version":"0.1.0 (abc1234)"');

  // The health check and the stop of the container.
  const [health = ''] = instructions(dockerfile, 'HEALTHCHECK');
  const [, ...probe] = argv.parse(JSON.parse(health.replace(/^.*? CMD /, '')));
  const url = await running.statusUrl();
  const check = (where: string) =>
    run(
      process.execPath,
      probe.map((each) => each.replace('http://127.0.0.1:9464', where)),
    );
  await check(url);
  running.signal('SIGTERM');
  expect(await within(running.ended, 'the end of the peer')).toBe(0);
  await expect(check(url)).rejects.toThrow();
});

/** compose sets a variable without a value to an empty text. */
function filled(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, value.replace(/^\$\{\w+:-\}$/, '')]),
  );
}
