import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { createClient } from 'redis';
import { type Identity, identityOf, type KeyType } from '../../../proto/identity.ts';
import { type DevChain, startDevChain } from '../../../tools/dev-chain/dev-chain.ts';
import { toHex } from '../../../tools/dev-chain/metadata/scale.ts';
import { startRedisServer } from '../redis/redis.ts';
import { type KillableRelay, startKillableRelay } from '../relay/killable-relay.ts';
import { type FaultProxy, startProxy } from '../relay/proxy.ts';

/** A twin with a random secret. */
export interface SecretTwin {
  readonly id: number;
  readonly secret: string;
  readonly keyType: KeyType;
  readonly identity: Identity;
}

/** A chain, a relay behind a proxy that reads along, a Redis with a password, and two twins. */
export interface SecretStage extends AsyncDisposable {
  readonly chain: DevChain;
  readonly relay: KillableRelay;
  readonly relayUrl: string;
  readonly operatorToken: string;
  readonly redisPassword: string;
  /** Its URL, with the password. */
  readonly redisUrl: string;
  readonly words: SecretTwin;
  readonly seed: SecretTwin;
  /** A directory for files with secrets. */
  readonly directory: string;
  /** The tokens that passed the proxy so far. */
  readonly tokens: ReadonlySet<string>;
}

/** A random text that no other text holds by chance. */
export function distinct(name: string): string {
  return `${name}-${randomUUID()}`;
}

/** Starts all of it. */
export async function openSecretStage(): Promise<SecretStage> {
  await using stack = new AsyncDisposableStack();
  const words = await twinOf(21, generateMnemonic(wordlist), 'sr25519');
  const seed = await twinOf(22, `0x${randomBytes(32).toString('hex')}`, 'ed25519');
  const entries = [words, seed].map(({ id, identity }) => ({
    id,
    account: toHex(identity.account),
    relay: null,
    pk: null,
  }));
  const chain = stack.use(await startDevChain({ blockTimeMs: 1000, twins: entries }));
  const operatorToken = distinct('operator');
  const [relay, proxy] = await relayBehindProxy(chain, operatorToken, stack);
  const tokens = new Set<string>();
  proxy.rewrite('up', (chunk) => {
    const [, token] = /^GET \/\?(\S+) /.exec(chunk.toString('latin1')) ?? [];
    if (token !== undefined) tokens.add(token);
    return chunk;
  });
  const redisPassword = distinct('redis');
  const redis = stack.use(await startRedisServer());
  await setPassword(redis.url, redisPassword);
  const directory = await mkdtemp(join(tmpdir(), 'rmb-secrecy-'));
  stack.defer(() => rm(directory, { recursive: true }));
  const owned = stack.move();
  return {
    chain,
    relay,
    relayUrl: `ws://localhost:${proxy.port}`,
    operatorToken,
    redisPassword,
    redisUrl: redis.url.replace('redis://', `redis://:${redisPassword}@`),
    words,
    seed,
    directory,
    tokens,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The relay knows the proxy's name as its own: by it twins have it on chain, and tokens are for it. */
async function relayBehindProxy(
  chain: DevChain,
  operatorToken: string,
  stack: AsyncDisposableStack,
): Promise<[KillableRelay, FaultProxy]> {
  const target = { port: 0 };
  const proxy = stack.use(await startProxy(target));
  const settings = {
    SUBSTRATE_URLS: chain.httpUrl,
    RELAY_DOMAINS: `localhost:${proxy.port}`,
    OPERATOR_TOKEN: operatorToken,
  };
  const relay = stack.use(await startKillableRelay({ settings }));
  target.port = relay.port;
  return [relay, proxy];
}

async function twinOf(id: number, secret: string, keyType: KeyType): Promise<SecretTwin> {
  const identity = await identityOf(secret, keyType);
  if (!identity.ok) throw new Error(identity.error.detail);
  return { id, secret, keyType, identity: identity.value };
}

async function setPassword(url: string, password: string): Promise<void> {
  const client = await createClient({ url }).connect();
  await client.configSet('requirepass', password);
  client.destroy();
}

/** Writes a file that only its owner reads; its path. */
export async function writeSecret(directory: string, name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text, { mode: 0o600 });
  return path;
}

/** A process as `ps` shows it. */
export interface Listed {
  readonly pid: number;
  readonly commandLine: string;
  readonly environment: string;
}

/** Returns all processes that came from a process, as everybody on the machine (command line) or their user sees them. */
export async function processesOf(ancestor: number): Promise<Listed[]> {
  const parents = new Map<number, number>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const isEdge = (pid: number | undefined): boolean => {
    const parent = pid === undefined ? undefined : parents.get(pid);
    return parent === ancestor || (parent !== undefined && parent > 1 && isEdge(parent));
  };
  const read = (pid: number, file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
  const ours = [...parents.keys()].filter(isEdge);
  return await Promise.all(
    ours.map(async (pid) => ({
      pid,
      // ps joins the arguments: a secret of several words may be several arguments.
      commandLine: (await read(pid, 'cmdline')).replaceAll('\0', ' '),
      environment: await read(pid, 'environ'),
    })),
  );
}
