import { expect, it } from 'vitest';
import type { ClaimedEntry } from '../../../local-peer/redis/claim/claimed-entry.ts';
import { ClaimedQueue } from '../../../local-peer/redis/claim/claimed-queue.ts';
import { RedisConnection } from '../../../local-peer/redis/connection/connection.ts';
import { openProgram } from '../../rig/redis/program.ts';
import { startRedis } from '../../rig/redis/redis.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const QUEUE = 'msgbus.system.local';
const HASH = 'msgbus.system.v2.local.claimed';
/** The keys of the previous release. */
const OLD = { taken: `${QUEUE}.taken`, moving: `${QUEUE}.moving`, salt: `${QUEUE}.salt` };
const SALT = '1767323045000000.6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
const TAKEN = '1767323040000000.0b0e9a0e-7c55-4a0e-9d0d-2f6f0a1f7d11';
/** The previous release may have sent it under this uid, which follows from its text and the salt. */
const MOVED = '4e1968ee-d335-5454-e68d-230aed4f9d5c';

it('a queue resumes entries of the previous release under the same uids', async () => {
  await using redis = await startRedis();
  await using program = await openProgram(redis.url);
  const connection = new RedisConnection(redis.url, silent, () => undefined);
  const queue = new ClaimedQueue(connection, QUEUE, { log: silent, count: () => undefined });
  await program.redis.hSet(OLD.taken, { [TAKEN]: '{"ref":"taken"}', [`${TAKEN}#1`]: '' });
  await program.redis.lPush(OLD.moving, ['{"ref":"moved"}', '{"ref":"moved"}']);
  await program.redis.set(OLD.salt, SALT);

  const [taken, moved, equal, ...others] = await all(queue.leftovers());

  expect(others).toEqual([]);
  expect([taken?.uid, taken?.read(), taken?.settled]).toEqual([TAKEN.slice(17), '{"ref":"taken"}', new Set([1])]);
  expect([moved?.uid, moved?.read(), moved?.claimedAt]).toEqual([MOVED, '{"ref":"moved"}', 1767323045]);
  expect(equal?.read()).toBe('{"ref":"moved"}');
  expect(equal?.uid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(equal?.uid).not.toBe(MOVED);
  expect(await program.redis.exists(Object.values(OLD))).toBe(0);
  for (const entry of [taken, moved, equal]) await entry?.end();
  expect(await program.redis.exists(HASH)).toBe(0);
  connection.close();
});

it('a queue resumes them beside entries of this release after a rollback', async () => {
  await using redis = await startRedis();
  await using program = await openProgram(redis.url);
  const connection = new RedisConnection(redis.url, silent, () => undefined);
  const queue = new ClaimedQueue(connection, QUEUE, { log: silent, count: () => undefined });
  const ours = '1767323050000000.5d1a8c1e-33ad-4a53-8f0a-6a4c3bb3f2a5';
  await program.redis.hSet(OLD.taken, TAKEN, 'taken');
  await program.redis.hSet(HASH, ours, 'edge');
  await program.redis.lPush(OLD.moving, 'moved before there was a salt');
  const found = await all(queue.leftovers());
  expect(found.map((entry) => entry.read())).toEqual(['taken', 'edge', 'moved before there was a salt']);
  expect(found.map(({ uid }) => uid).slice(0, 2)).toEqual([TAKEN.slice(17), ours.slice(17)]);
  connection.close();
});

/** Returns all entries that a queue gives. */
async function all(entries: AsyncIterable<ClaimedEntry>): Promise<ClaimedEntry[]> {
  const found: ClaimedEntry[] = [];
  for await (const entry of entries) found.push(entry);
  return found;
}
