import { CLUSTER } from '../../redis/connection/refusal.ts';
import { MAX_ENTRIES } from '../../redis/queues.ts';
import { type Line, linesOf } from '../line.ts';

const lines = linesOf('redis');

/** LMOVE and BLMOVE came with it. */
const OLDEST = [6, 2] as const;
/** Codes of a Redis that refuses a login. */
const LOGIN = /^(WRONGPASS|NOAUTH|NOPERM)/;
/** Share of used memory: beyond it Redis may refuse the next burst. */
const NEARLY = 0.9;

/** Fields of `INFO`. */
export interface RedisInfo {
  readonly version: string;
  /** Version of a Valkey; `version` is then that of the Redis that it replaces. */
  readonly valkey?: string;
  readonly policy: string;
  /** Bytes. */
  readonly used: number;
  /** Bytes; 0 is no limit. */
  readonly limit: number;
  readonly isCluster: boolean;
}

/** Why Redis cannot be used. */
export interface RedisFault {
  readonly detail: string;
  /** Advice; undefined when Redis gives no reason. */
  readonly next: string | undefined;
}

/** A Redis as it showed itself; a text is its refusal. */
export interface RedisSeen {
  readonly info: RedisInfo | string;
  /** Undefined: a key was written and taken away. */
  readonly writeFault: RedisFault | undefined;
  /** Lists of commands, with their entries. */
  readonly queues: ReadonlyMap<string, number> | string;
}

/** @param fault why there is no connection */
export function judgeConnection(fault: RedisFault | undefined): Line[] {
  if (fault === undefined) return [lines.ok('reachable', 'yes'), lines.ok('password', 'accepted')];
  const parts = ['mode', 'version', 'memory', 'writable', 'queues'];
  const rest = parts.map((what) => lines.skipped(what, 'Redis gives no answer'));
  const { detail, next = nextOf(detail) } = fault;
  if (LOGIN.test(detail)) return [lines.ok('reachable', 'yes'), lines.fail('password', detail, next), ...rest];
  return [lines.fail('reachable', detail, next), lines.skipped('password', 'Redis gives no answer'), ...rest];
}

function nextOf(fault: string): string {
  if (/ENOTFOUND|EAI_AGAIN/.test(fault)) return 'the host in --redis has no address: is its name right?';
  if (/certificate|SSL|TLS/i.test(fault)) {
    return 'redis:// is without TLS, rediss:// with it; for an authority of your own set NODE_EXTRA_CA_CERTS';
  }
  if (/no answer|timeout/i.test(fault))
    return 'something listens there and says nothing: does Redis hang, is it another service?';
  return 'start Redis, or correct host and port in --redis';
}

export function judgeRedis({ info, writeFault, queues }: RedisSeen): Line[] {
  if (typeof info !== 'string' && info.isCluster) return judgeCluster(info);
  const isFull = writeFault?.detail.startsWith('OOM') ?? false;
  return [...judgeInfo(info, isFull), judgeWrite(writeFault), judgeQueues(queues)];
}

function judgeCluster(info: RedisInfo): Line[] {
  const rest = ['memory', 'writable', 'queues'].map((what) => lines.skipped(what, 'a cluster cannot be used'));
  return [lines.fail('mode', CLUSTER.reason, CLUSTER.remedy), judgeVersion(info), ...rest];
}

function judgeInfo(info: RedisInfo | string, isFull: boolean): Line[] {
  if (typeof info === 'string') {
    const why = `this user may not ask for it (${info})`;
    return ['mode', 'version', 'memory'].map((what) => lines.skipped(what, why));
  }
  return [lines.ok('mode', 'standalone'), judgeVersion(info), judgeMemory(info, isFull)];
}

function judgeVersion({ version, valkey }: RedisInfo): Line {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  if (!isOld) return lines.ok('version', valkey === undefined ? version : `Valkey ${valkey}`);
  return lines.fail('version', `${version} is too old`, `install Redis ${OLDEST.join('.')} or later, or Valkey`);
}

function judgeMemory({ policy, used, limit }: RedisInfo, isFull: boolean): Line {
  if (limit > 0 && policy !== 'noeviction') {
    const detail = `policy ${policy}: a full Redis silently drops messages`;
    return lines.warn('memory', detail, 'set maxmemory-policy noeviction');
  }
  if (limit === 0) return lines.ok('memory', `policy ${policy}, no limit`);
  const share = `${Math.round((used / limit) * 100)} % of ${Math.round(limit / 2 ** 20)} MB used`;
  // The failed write already reports a full Redis.
  if (used < limit * NEARLY || isFull) return lines.ok('memory', `policy ${policy}, ${share}`);
  return lines.warn('memory', share, 'raise maxmemory, or see which lists nobody reads');
}

function judgeWrite(fault: RedisFault | undefined): Line {
  if (fault === undefined) return lines.ok('writable', 'yes');
  return lines.fail('writable', fault.detail, fault.next ?? 'see the log of Redis');
}

function judgeQueues(queues: ReadonlyMap<string, number> | string): Line {
  if (typeof queues === 'string') return lines.skipped('queues', `they cannot be listed (${queues})`);
  const full = [...queues].filter(([, length]) => length >= MAX_ENTRIES).map(([queue]) => queue);
  if (full.length === 0) return lines.ok('queues', `${queues.size} of services, none is full`);
  const detail = `${full.join(', ')}: full with ${MAX_ENTRIES} entries, further requests are refused`;
  return lines.fail('queues', detail, 'start the service that reads it; if the service is gone, delete the list');
}
