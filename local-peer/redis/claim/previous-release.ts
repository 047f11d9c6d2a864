import { randomUUID } from 'node:crypto';
import type { RedisConnection } from '../connection/connection.ts';
import { KEYS } from '../queues.ts';
import { script } from '../scripts.ts';

/**
 * The release before kept claimed entries in `<queue>.taken`. An entry that woke it was moved to `<queue>.moving` and
 * could leave from there, under a uid that is the SHA-1 of `<queue>.salt` and its text. The salt begins with the time of
 * the move, in microseconds. This script moves all of them into the hash of this release, under the same uids.
 * KEYS taken, moving, salt, claimed; ARGV a salt to use when Redis has none.
 */
const ADOPT = script(`
if redis.call('TYPE', KEYS[1]).ok == 'hash' then
  if redis.call('EXISTS', KEYS[4]) == 0 then redis.call('RENAME', KEYS[1], KEYS[4]) else
    local all = redis.call('HGETALL', KEYS[1])
    for n = 1, #all, 2 do redis.call('HSET', KEYS[4], all[n], all[n + 1]) end
    redis.call('DEL', KEYS[1])
  end
end
local salt = redis.call('GET', KEYS[3]) or ARGV[1]
local order = string.match(salt, '^(%d+)%.') or string.match(ARGV[1], '^%d+')
local times, moved = {}, 0
while true do
  local entry = redis.call('LINDEX', KEYS[2], -1)
  if not entry then break end
  times[entry] = (times[entry] or 0) + 1
  -- Only one of several equal entries can have left.
  local sum = redis.sha1hex(salt .. (times[entry] == 1 and '' or times[entry] .. '.') .. entry)
  local uid = string.gsub(sum, '^(........)(....)(....)(....)(............).*', '%1-%2-%3-%4-%5')
  redis.call('HSET', KEYS[4], string.format('%016.0f.%s', order + moved, uid), entry)
  redis.call('RPOP', KEYS[2])
  moved = moved + 1
end
redis.call('DEL', KEYS[3])
return moved
`);

/** Adopts the entries that the previous release had claimed. Does nothing without any. */
export async function adoptPreviousRelease(redis: RedisConnection, queue: string): Promise<void> {
  const keys = [`${queue}.taken`, `${queue}.moving`, `${queue}.salt`, KEYS.claimed(queue)];
  const adopt = () => redis.evaluate(ADOPT, keys, [`${Date.now() * 1000}.${randomUUID()}`]);
  await redis.need(`looking for entries of the previous release in ${queue}`, adopt);
}
