import { z } from 'zod';
import { DEV_TWINS } from '../../../tools/dev-chain/ledger/dev-twins.ts';
import type { TwinEntry } from '../../../tools/dev-chain/ledger/twin-entry.ts';
import { toHex } from '../../../tools/dev-chain/metadata/scale.ts';
import { type Network, startNetwork } from '../chain/network.ts';
import { within } from '../clients/client.ts';
import { startRedis } from '../redis/redis.ts';
import { type PeerCommand, startPeerProcess } from './peer-process.ts';

const report = z.object({
  ok: z.boolean(),
  lines: z.array(
    z.object({
      part: z.string(),
      what: z.string(),
      state: z.enum(['ok', 'warn', 'fail', 'skipped']),
      detail: z.string(),
      next: z.string().optional(),
    }),
  ),
});

/** The findings of a run of `rmb-peer doctor --json`. */
export interface Diagnosis {
  readonly code: number | null;
  /** For example `fail redis: reachable`, for each line with a warning or a failure. */
  readonly named: readonly string[];
  /** Details and remedies of the same lines. */
  readonly said: string;
  readonly output: string;
}

/** Runs a doctor in a process of its own. @param settings as variables: `REDIS` for RMB_REDIS */
export async function runDoctor(
  settings: Readonly<Record<string, string>>,
  { args = [], ...command }: PeerCommand = {},
): Promise<Diagnosis> {
  const env = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`RMB_${name}`, value]));
  await using process = startPeerProcess({ ...command, args: ['doctor', '--json', ...args], env });
  const code = await within(process.ended, 'the end of the doctor');
  const output = process.output();
  const { success, data } = report.safeParse(output.startsWith('{') ? JSON.parse(output) : undefined);
  if (!success) return { code, named: [], said: '', output };
  const { lines } = data;
  const bad = lines.filter(({ state }) => state === 'warn' || state === 'fail');
  return {
    code,
    named: bad.map(({ part, what, state }) => `${state} ${part}: ${what}`),
    said: bad.map(({ detail, next }) => `${detail} → ${next}`).join('\n'),
    output,
  };
}

/** The secret of a development twin, as variables. */
export function secretOf(twin: number): { MNEMONIC: string; KEY_TYPE: string } {
  const dev = DEV_TWINS.find(({ id }) => id === twin);
  if (dev === undefined) throw new Error(`twin ${twin} is no development twin`);
  return { MNEMONIC: dev.secret, KEY_TYPE: dev.keyType };
}

/** A network, a Redis and twins 1 to 5 as their peers write them: a doctor finds no fault. */
export interface Ward extends AsyncDisposable {
  readonly network: Network;
  /** host:port of the relay. */
  readonly host: string;
  /** Settings of twin 1, as variables. */
  readonly settings: Readonly<Record<string, string>>;
  /** Returns a twin as its peer writes it on chain; `id` may be the id of another twin. */
  entryOf(twin: number, id?: number): Promise<TwinEntry>;
  /** Writes a twin on chain. @param fields what differs from how its peer would have it */
  settle(twin: number, fields?: Partial<TwinEntry>): Promise<void>;
  /** Gives twin 1 this relay, and no other, on chain and in its settings. */
  atRelay(host: string, protocol?: 'ws:' | 'wss:'): Promise<Readonly<Record<string, string>>>;
}

/** Starts all of it. */
export async function openWard(): Promise<Ward> {
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await startNetwork());
  const redis = stack.use(await startRedis());
  const { host } = new URL(network.relay.wsUrl);
  const entryOf = async (twin: number, id = twin): Promise<TwinEntry> => {
    const { account, e2ePublicKey } = await network.identity(twin);
    return { id, account: toHex(account), relay: host, pk: toHex(e2ePublicKey) };
  };
  const settle = async (twin: number, fields: Partial<TwinEntry> = {}) =>
    network.chain.putTwin({ ...(await entryOf(twin)), ...fields });
  for (const twin of [1, 2, 3, 4, 5]) await settle(twin);
  const urls = { REDIS: redis.url, SUBSTRATE: network.chain.wsUrl, RELAY: network.relay.wsUrl };
  const settings = { ...secretOf(1), ...urls };
  const owned = stack.move();
  return {
    network,
    host,
    settings,
    entryOf,
    settle,
    atRelay: async (relay, protocol = 'ws:') => {
      await settle(1, { relay });
      return { ...settings, RELAY: `${protocol}//${relay}` };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
