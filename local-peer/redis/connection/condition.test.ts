import { describe, expect, it } from 'vitest';
import type { PartState } from '../../../client/ports.ts';
import { RedisCondition } from './condition.ts';
import type { Refusal } from './refusal.ts';
import { GRACE_MS } from './refusals.ts';

const OOM: Refusal = {
  code: 'OOM',
  fate: 'passing',
  reason: 'the memory is full',
  remedy: 'raise maxmemory',
  isDialledAgain: false,
};
const READONLY: Refusal = {
  ...OOM,
  code: 'READONLY',
  reason: 'a replica',
  remedy: 'ask the primary',
  isDialledAgain: true,
};
const NOPERM: Refusal = { ...OOM, code: 'NOPERM', fate: 'away', reason: 'forbidden', remedy: 'change the ACL' };
const NOAUTH: Refusal = { ...NOPERM, code: 'NOAUTH', isDialledAgain: true };

/** A condition, and what it has reported and logged. */
function open() {
  const [states, logged]: [PartState[], string[]] = [[], []];
  const write = (fields: object, message: string) =>
    void logged.push('error' in fields ? `${message}: ${fields.error}` : message);
  const log = { debug: () => {}, info: write, warn: write, error: write };
  return { condition: new RedisCondition(log, (state) => states.push(state)), states, logged };
}
const opened = () => {
  const all = open();
  all.condition.connected();
  all.states.length = 0;
  all.logged.length = 0;
  return all;
};
/** A time at which a trouble is older than the grace. */
const longAgo = () => performance.now() - GRACE_MS;

describe('a Redis', () => {
  it('is not up before its first connection, and reports that it is then', () => {
    const { condition, states, logged } = open();
    expect([condition.isUp, condition.wasUp, states]).toEqual([false, false, []]);
    condition.connected();
    expect([condition.isUp, condition.wasUp]).toEqual([true, true]);
    expect(states).toEqual([{ isUp: true, detail: '' }]);
    expect(logged).toEqual(['Redis: ready']);
  });

  it('was up, though it is lost', () => {
    const { condition } = opened();
    condition.lost('ECONNREFUSED');
    expect([condition.isUp, condition.wasUp]).toEqual([false, true]);
  });

  it('reports each loss once, while the same one repeats', () => {
    const { condition, states, logged } = opened();
    for (const why of ['ECONNRESET', 'ECONNREFUSED', 'ECONNREFUSED', 'ECONNREFUSED']) condition.lost(why);
    expect(states.map(({ detail }) => detail)).toEqual(['ECONNRESET', 'ECONNREFUSED']);
    expect(logged).toEqual([
      'Redis: not connected, trying again: ECONNRESET',
      'Redis: not connected, trying again: ECONNREFUSED',
    ]);
  });

  it('stays down until every silent connection answers', () => {
    const { condition, states } = opened();
    const [first, second] = [{}, {}];
    for (const each of [first, second, second]) condition.silent(each);
    condition.heard(first);
    expect(condition.isUp).toBe(false);
    condition.heard(second);
    expect(states).toEqual([
      { isUp: false, detail: 'no answer for 5 s or longer' },
      { isUp: true, detail: '' },
    ]);
  });

  it('stays up while it refuses work that may pass in a moment', () => {
    const { condition, states } = opened();
    condition.refused('claiming', 'key', OOM);
    expect([condition.isUp, states]).toEqual([true, []]);
    condition.passed('key');
    condition.refused('claiming', 'key', OOM, longAgo());
    expect(states).toEqual([{ isUp: false, detail: 'OOM (claiming): the memory is full; raise maxmemory' }]);
  });

  it('is down at once by a refusal that only a change ends, until the work passes', () => {
    const { condition, states } = opened();
    condition.refused('claiming', 'key', NOPERM);
    condition.passed('another key');
    expect(condition.isUp).toBe(false);
    condition.passed('key');
    expect(states).toEqual([
      { isUp: false, detail: 'NOPERM (claiming): forbidden; change the ACL' },
      { isUp: true, detail: '' },
    ]);
  });

  it('has one line in the log for refusals and silence that follow each other', () => {
    const { condition, states, logged } = opened();
    const connection = {};
    condition.silent(connection);
    condition.refused('claiming', 'key', NOPERM);
    condition.heard(connection);
    condition.passed('key');
    expect(states).toHaveLength(3);
    expect(logged).toEqual(['Redis: not ready, trying again: no answer for 5 s or longer', 'Redis: ready']);
  });

  it('reports a refusal rather than the silence that it causes, and a loss rather than both', () => {
    const { condition, states } = opened();
    condition.silent({});
    condition.refused('claiming', 'key', NOPERM);
    condition.lost('ECONNRESET');
    expect(states.at(-2)?.detail).toMatch(/^NOPERM/);
    expect(states.at(-1)?.detail).toBe('ECONNRESET');
  });

  it('forgets the refusals of a missing login once a login succeeds', () => {
    const { condition } = opened();
    condition.refused('claiming', 'key', NOAUTH);
    condition.connected();
    expect(condition.isUp).toBe(true);
  });

  it('reports nothing after its close', () => {
    const { condition, states, logged } = opened();
    condition.close();
    condition.lost('the peer dropped the connection');
    expect([states, logged]).toEqual([[], []]);
  });
});

describe('needsNewConnection', () => {
  it('is true while a refusal lasts that another server may end', () => {
    const { condition } = opened();
    expect(condition.needsNewConnection).toBe(false);
    condition.refused('claiming', 'one', OOM, longAgo());
    expect(condition.needsNewConnection).toBe(false);
    condition.refused('claiming', 'two', NOAUTH);
    expect(condition.needsNewConnection).toBe(true);
    condition.passed('two');
    expect(condition.needsNewConnection).toBe(false);
  });

  it('is false while a failover may still end by itself', () => {
    const { condition } = opened();
    condition.refused('claiming', 'key', READONLY);
    expect(condition.needsNewConnection).toBe(false);
  });
});
