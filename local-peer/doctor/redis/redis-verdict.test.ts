import fc from 'fast-check';
import { ErrorReply } from 'redis';
import { describe, expect, it } from 'vitest';
import type { Line } from '../line.ts';
import { faultOf, readInfo } from './look-at-redis.ts';
import { judgeConnection, judgeRedis, type RedisFault, type RedisSeen } from './redis-verdict.ts';

const info = { version: '7.0.15', policy: 'noeviction', used: 10, limit: 0, isCluster: false };
const well: RedisSeen = { info, writeFault: undefined, queues: new Map([['msgbus.a', 9_999]]) };

function named(lines: readonly Line[]): string[] {
  return lines.filter(({ state }) => state !== 'ok').map(({ what, state }) => `${state} ${what}`);
}

describe('judgeConnection', () => {
  it.each([
    ['connect ECONNREFUSED 127.0.0.1:6379', 'fail reachable', 'start Redis'],
    ['no answer within 3 s', 'fail reachable', 'says nothing'],
    ['getaddrinfo ENOTFOUND rdis', 'fail reachable', 'is its name right?'],
    ['getaddrinfo ENOTFOUND auth.example', 'fail reachable', 'is its name right?'],
    ['self-signed certificate', 'fail reachable', 'NODE_EXTRA_CA_CERTS'],
    ['Connection timeout', 'fail reachable', 'says nothing'],
  ])('says what to do: %s', (fault, line, next) => {
    expectFault(faultOf(new Error(fault)), line, next);
  });

  it.each([
    ['LOADING Redis is loading the dataset in memory', 'fail reachable', 'wait'],
    ['ERR DB index is out of range', 'fail reachable', '--redis'],
    ['WRONGPASS invalid username-password pair or user is disabled.', 'fail password', 'user and password'],
    ['ERR AUTH <password> called without any password configured', 'fail password', 'user and password'],
    ['NOAUTH Authentication required.', 'fail password', 'user and password'],
  ])('says what a refusal means, without the text of Redis: %s', (text, line, next) => {
    const fault = faultOf(new ErrorReply(text));
    expect(fault.detail).not.toContain(text);
    expectFault(fault, line, next);
  });
});

function expectFault(fault: RedisFault, line: string, next: string) {
  const lines = judgeConnection(fault);
  expect(named(lines).filter((each) => each.startsWith('fail'))).toEqual([line]);
  expect(lines.find(({ state }) => state === 'fail')?.next).toContain(next);
  expect(lines).toHaveLength(7);
}

describe('judgeRedis', () => {
  it('finds nothing amiss in one that is well', () => {
    expect(named(judgeRedis(well))).toEqual([]);
  });

  it('calls a Valkey by its own name and version', () => {
    const [, line] = judgeRedis({ ...well, info: { ...info, version: '7.2.4', valkey: '8.0.1' } });
    expect(line).toMatchObject({ what: 'version', state: 'ok', detail: 'Valkey 8.0.1' });
  });

  it.each<[string, Partial<RedisSeen>, string[]]>([
    ['5.0', { info: { ...info, version: '5.0.14' } }, ['fail version']],
    ['6.0', { info: { ...info, version: '6.0.20' } }, ['fail version']],
    ['6.2, the first that will do', { info: { ...info, version: '6.2.0' } }, []],
    ['10.0', { info: { ...info, version: '10.0.0' } }, []],
    ['one that throws keys away', { info: { ...info, policy: 'allkeys-lru', limit: 100 } }, ['warn memory']],
    ['the same without a limit', { info: { ...info, policy: 'allkeys-lru' } }, []],
    ['one nearly full', { info: { ...info, used: 90, limit: 100 } }, ['warn memory']],
    ['one that tells nothing', { info: 'NOPERM' }, ['skipped mode', 'skipped version', 'skipped memory']],
    [
      'a node of a cluster, and nothing else of it',
      { info: { ...info, isCluster: true }, writeFault: faultOf(new ErrorReply('CLUSTERDOWN text')) },
      ['fail mode', 'skipped memory', 'skipped writable', 'skipped queues'],
    ],
    ['a full queue', { queues: new Map([['msgbus.a', 10_000]]) }, ['fail queues']],
    ['queues that cannot be listed', { queues: 'NOPERM' }, ['skipped queues']],
    ['a replica', { writeFault: faultOf(new ErrorReply('READONLY text')) }, ['fail writable']],
    [
      'a full memory, told once',
      { writeFault: faultOf(new ErrorReply('OOM text')), info: { ...info, used: 9, limit: 9 } },
      ['fail writable'],
    ],
  ])('%s', (_, seen, lines) => {
    expect(named(judgeRedis({ ...well, ...seen }))).toEqual(lines);
  });
});

describe('readInfo', () => {
  it('reads what it needs, and takes any text', () => {
    const text = '# Server\r\nredis_version:7.0.15\r\nused_memory:10\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n';
    expect(readInfo(text)).toEqual(info);
    expect(readInfo(`${text}valkey_version:8.0.1\r\n`)).toEqual({ ...info, valkey: '8.0.1' });
    fc.assert(fc.property(fc.string(), (any) => typeof readInfo(any).version === 'string'));
  });
});
