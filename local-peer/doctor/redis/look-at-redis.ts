import { createClient } from 'redis';
import { err, ok, type Result } from '../../../proto/result.ts';
import { refusalOf } from '../../redis/connection/refusal.ts';
import { isOwnKey, KEYS } from '../../redis/queues.ts';
import { reasonOf, within } from '../patience.ts';
import type { RedisFault, RedisInfo, RedisSeen } from './redis-verdict.ts';

const CONNECT_MS = 3_000;
const ANSWER_MS = 2_000;
/** A Redis of a million keys of others is not read to its end. */
const MOST_PAGES = 200;
const PAGE = 1_000;

/** A client of node-redis. */
export type DoctorRedis = ReturnType<typeof clientFor>;

/** Connects once. Returns why it cannot. */
export async function openRedis(url: string): Promise<Result<DoctorRedis, RedisFault>> {
  const client = clientFor(url);
  client.on('error', () => undefined);
  try {
    await within(CONNECT_MS, client.connect());
    // A Redis with a password accepts a connection without one, until the first command.
    await within(ANSWER_MS, client.ping());
    return ok(client);
  } catch (error) {
    client.destroy();
    return err(faultOf(error));
  }
}

function clientFor(url: string) {
  // RESP 2: an old Redis must be able to tell its version.
  return createClient({ url, RESP: 2, socket: { connectTimeout: CONNECT_MS, reconnectStrategy: false } });
}

/** Collects everything that can be seen while changing only one key, for a moment. */
export async function lookAtRedis(client: DoctorRedis): Promise<RedisSeen> {
  const [info, writeFault, queues] = await Promise.all([
    within(ANSWER_MS, client.info()).then(readInfo, detailOf),
    within(ANSWER_MS, write(client)).then(() => undefined, faultOf),
    within(ANSWER_MS, serviceQueues(client)).catch(detailOf),
  ]);
  return { info, writeFault, queues };
}

/** Returns the meaning of a Redis error, or the system's fault of the connection. */
export function faultOf(error: unknown): RedisFault {
  const refusal = refusalOf(error);
  if (refusal === undefined) return { detail: reasonOf(error), next: undefined };
  return { detail: `${refusal.code}: ${refusal.reason}`, next: refusal.remedy };
}

function detailOf(error: unknown): string {
  return faultOf(error).detail;
}

/** Returns whether the peer that answered a request has its mark in this Redis. */
export async function hasSeen(client: DoctorRedis, twin: number, uid: string): Promise<boolean> {
  return (await within(ANSWER_MS, client.exists(KEYS.seen(`plugin.${twin}.${uid}`)))) === 1;
}

/** Reads the fields of `INFO`. A Redis without a limit may not tell a policy. */
export function readInfo(text: string): RedisInfo {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  const valkey = fields.get('valkey_version');
  return {
    version: fields.get('redis_version') ?? 'unknown',
    ...(valkey === undefined ? {} : { valkey }),
    policy: fields.get('maxmemory_policy') ?? 'noeviction',
    used: Number(fields.get('used_memory') ?? 0),
    limit: Number(fields.get('maxmemory') ?? 0),
    isCluster: fields.get('cluster_enabled') === '1',
  };
}

async function write(client: DoctorRedis): Promise<void> {
  const key = `msgbus.system.doctor.${crypto.randomUUID()}`;
  await client.set(key, '1', { expiration: { type: 'EX', value: 10 } });
  await client.del(key);
}

/** Returns the queues of services, with their lengths. */
async function serviceQueues(client: DoctorRedis): Promise<Map<string, number>> {
  const queues = new Map<string, number>();
  let cursor = '0';
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const found = await client.scan(cursor, { MATCH: 'msgbus.*', COUNT: PAGE, TYPE: 'list' });
    const names = found.keys.filter((key) => !isOwnKey(key));
    const lengths = await Promise.all(names.map((name) => client.lLen(name)));
    names.forEach((name, place) => {
      queues.set(name, lengths[place] ?? 0);
    });
    cursor = found.cursor;
    if (cursor === '0') break;
  }
  return queues;
}
