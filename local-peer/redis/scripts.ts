import { createHash } from 'node:crypto';

/** A Lua script, for steps that must be atomic. Each can run again after a lost answer, and then changes nothing more. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

/** A script with its name in Redis. */
export function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/**
 * Claims entries: moves them out of the queue into the hash, each under a field of its own. Claims nothing when the
 * last claim in Redis is not the one that the peer knows: Redis came back with an older copy, was emptied, or ran a
 * claim whose answer was lost. An entry that the hash refuses goes back to its place.
 * KEYS queue, claimed, last claim; ARGV the last claim that the peer knows or '', most bytes, fields of 53 characters,
 * each `<order>.<uid>`, one after the other. Returns the entries, or nil.
 */
export const CLAIM = script(`
if (redis.call('GET', KEYS[3]) or '') ~= ARGV[1] then return false end
local entries, bytes, order = {}, 0, nil
for n = 0, #ARGV[3] / 53 - 1 do
  local entry = redis.call('RPOP', KEYS[1])
  if not entry then break end
  local field = string.sub(ARGV[3], 53 * n + 1, 53 * n + 53)
  local kept = redis.pcall('HSET', KEYS[2], field, entry)
  if type(kept) == 'table' then
    redis.call('RPUSH', KEYS[1], entry)
    return kept
  end
  order = string.sub(field, 1, 16)
  entries[n + 1] = entry
  bytes = bytes + #entry
  if bytes >= tonumber(ARGV[2]) then break end
end
if order then redis.call('SET', KEYS[3], order) end
return entries
`);

/**
 * Returns whether none of these names was seen before. KEYS seen; ARGV a token of this call, seconds. A call that lost its
 * answer and runs again has the same token.
 */
export const FIRST = script(`
for _, seen in ipairs(KEYS) do
  local first = redis.call('GET', seen)
  if first and first ~= ARGV[1] then return 0 end
end
for _, seen in ipairs(KEYS) do redis.call('SET', seen, ARGV[1], 'EX', ARGV[2]) end
return 1
`);

/** Raises a credit that is there. KEYS credit; ARGV number. */
export const RAISE = script(`
local credit = redis.call('GET', KEYS[1])
if credit and tonumber(credit) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1], 'KEEPTTL') end
`);

/**
 * Gives an entry to a list, at most `times` times, and settles the claimed entry that it answers in the same step. An
 * entry that the list refuses was not given, unless it is given up: then a key that is not a list settles it, too.
 * KEYS list, seen, claimed (when the entry answers a claimed one), keys that are removed with it; ARGV entry, most, seconds, a token of this call,
 * times, 'give up' or '', the field that marks one destination as settled or '', fields that are removed.
 * Returns 1 when it was given now, 2 when it was given up now, 0 for a repeat. A call that lost its answer and runs
 * again returns the same, by its token.
 */
export const GIVE = script(`
local given = tonumber(redis.call('HGET', KEYS[2], ARGV[4]) or 0)
if given == 0 and redis.call('HLEN', KEYS[2]) < tonumber(ARGV[5]) then
  local pushed = redis.pcall('LPUSH', KEYS[1], ARGV[1])
  given = 1
  if type(pushed) == 'number' then redis.call('LTRIM', KEYS[1], 0, tonumber(ARGV[2]) - 1)
  elseif ARGV[6] ~= '' and string.find(pushed.err, 'WRONGTYPE') then given = 2
  else return pushed end
  redis.call('HSET', KEYS[2], ARGV[4], given)
  redis.call('EXPIRE', KEYS[2], ARGV[3])
end
if KEYS[3] then
  if ARGV[7] ~= '' then redis.call('HSET', KEYS[3], ARGV[7], '') end
  if #ARGV > 7 then redis.call('HDEL', KEYS[3], unpack(ARGV, 8)) end
  if #KEYS > 3 then redis.call('DEL', unpack(KEYS, 4)) end
end
return given
`);
