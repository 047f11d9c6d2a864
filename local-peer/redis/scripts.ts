import { createHash } from 'node:crypto';

/** A Lua script: what must happen as one. Each may be run again when its answer was lost, and does no more then. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/**
 * Takes entries: out of the queue, into the peer's hands, each under a field of its own. What is done before an
 * error stays done, so nothing is popped when `taken` is no hash. The salt is set last: when Redis refuses anything
 * before, what was moved keeps its uid; and a Redis whose memory is full takes writes behind one that makes room.
 * KEYS moving, queue, taken, salt; ARGV most bytes, the first one's order, uids of 36 characters, one after the other,
 * the salt of what is moved next, an entry of `moving` that has left or '', its field or '' when it needs none, the
 * order of the first one that was moved before or '' when it has none of its own.
 * Returns the entries, and the uids of those that were moved before: they follow from the salt (`uidOf`), but for
 * those that are the same as one before. When it is run again it returns none.
 */
export const TAKE = script(`
redis.call('HLEN', KEYS[3])
local salt = redis.call('GET', KEYS[4])
if salt == ARGV[4] then return { {}, {} } end
local function uidOf(entry)
  return (string.gsub(redis.sha1hex(salt .. entry), '^(........)(....)(....)(....)(............).*', '%1-%2-%3-%4-%5'))
end
local known = {}
if salt and ARGV[5] ~= '' then
  known[uidOf(ARGV[5])] = true
  local found = redis.call('LREM', KEYS[1], -1, ARGV[5])
  if found == 1 and ARGV[6] ~= '' then redis.call('HSET', KEYS[3], ARGV[6], ARGV[5]) end
end
local entries, uids, bytes = {}, {}, 0
for n = 0, #ARGV[3] / 36 - 1 do
  local order, uid = ARGV[2], string.sub(ARGV[3], 36 * n + 1, 36 * n + 36)
  local entry = redis.call('RPOP', KEYS[1])
  if entry then
    local named = salt and uidOf(entry)
    if named and not known[named] then uid = named end
    known[uid] = true
    uids[n + 1] = uid
    if ARGV[7] ~= '' then order = ARGV[7] end
  else
    entry = redis.call('RPOP', KEYS[2])
    if not entry then break end
  end
  redis.call('HSET', KEYS[3], string.format('%016.0f.%s', order + n, uid), entry)
  entries[n + 1] = entry
  bytes = bytes + #entry
  if bytes >= tonumber(ARGV[1]) then break end
end
redis.call('SET', KEYS[4], ARGV[4])
return { entries, uids }
`);

/**
 * Tells something and remembers that it was told. What cannot be told because its list is no list is given up.
 * KEYS taken, list; ARGV entry, most, the field that says it is open, the field that says it is told or '',
 * fields that are removed. Returns whether it was told now.
 */
export const SETTLE = script(`
if redis.call('HEXISTS', KEYS[1], ARGV[3]) == 0 then return 0 end
if ARGV[4] ~= '' and redis.call('HEXISTS', KEYS[1], ARGV[4]) == 1 then return 0 end
local told = redis.pcall('LPUSH', KEYS[2], ARGV[1])
if type(told) == 'table' and told.err and not string.find(told.err, 'WRONGTYPE') then return told end
if type(told) == 'number' then redis.call('LTRIM', KEYS[2], 0, tonumber(ARGV[2]) - 1) end
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], ARGV[4], '') end
for n = 5, #ARGV do redis.call('HDEL', KEYS[1], ARGV[n]) end
return 1
`);

/**
 * Whether nobody came before. KEYS seen; ARGV a token of who comes now, seconds. Who lost the answer and asks again
 * is the same, by its token.
 */
export const CLAIM = script(`
local first = redis.call('GET', KEYS[1])
if first then return first == ARGV[1] and 1 or 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
`);

/**
 * Gives an answer to a program, so many times and no more; what its list did not take was not given. With it, or with
 * its repeat, ends what is held of the request. KEYS list, seen, taken (when it is held); ARGV entry, most, seconds, a
 * token of who gives it now, times, the field that says of one destination that it answered or '', fields that are
 * removed. Returns whether it was given now; who lost that and asks again is told the same.
 */
export const ANSWER = script(`
local given = redis.call('HEXISTS', KEYS[2], ARGV[4])
if given == 0 and redis.call('HLEN', KEYS[2]) < tonumber(ARGV[5]) then
  redis.call('LPUSH', KEYS[1], ARGV[1])
  redis.call('LTRIM', KEYS[1], 0, tonumber(ARGV[2]) - 1)
  redis.call('HSET', KEYS[2], ARGV[4], '')
  redis.call('EXPIRE', KEYS[2], ARGV[3])
  given = 1
end
if KEYS[3] then
  if ARGV[6] ~= '' then redis.call('HSET', KEYS[3], ARGV[6], '') end
  if #ARGV > 6 then redis.call('HDEL', KEYS[3], unpack(ARGV, 7)) end
end
return given
`);

/**
 * Gives a request to a service, once, when its queue has room. The sizes lie in a list of their own, in the queue's
 * order, their sum at its head; what services have popped is taken off when the next entry comes. To make room,
 * entries whose time is over go. The queue ends with the time of its entries, so that commands that nobody serves
 * leave nothing behind; one in which more entries lie than ours ends no longer.
 * KEYS queue, sizes, seen; ARGV entry, seconds, now, most entries, most bytes. Returns what became of it.
 */
export const DELIVER = script(`
local queue, sizes = KEYS[1], KEYS[2]
local entry, seconds, now = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if redis.call('EXISTS', KEYS[3]) == 1 then return 'repeated' end
local length = redis.call('LLEN', queue)
local sum = tonumber(redis.call('LPOP', sizes) or '0')
local known = redis.call('LLEN', sizes)
local function forget()
  sum = sum - tonumber(string.match(redis.call('RPOP', sizes), '^%d+'))
  known = known - 1
end
local function isFull() return length >= tonumber(ARGV[4]) or sum + #entry > tonumber(ARGV[5]) end
while known > length do forget() end
if known < length then redis.call('PERSIST', queue) end
while known == length and length > 0 and isFull() do
  if tonumber(string.match(redis.call('LINDEX', sizes, -1), '%d+$')) > now then break end
  redis.call('RPOP', queue)
  forget()
  length = length - 1
end
local verdict = 'full'
if not isFull() then
  local isOurs = known == length
  redis.call('LPUSH', queue, entry)
  redis.call('LPUSH', sizes, #entry .. ' ' .. (now + seconds))
  sum = sum + #entry
  redis.call('SET', KEYS[3], '', 'EX', seconds)
  if isOurs and redis.call('TTL', queue) < seconds then redis.call('EXPIRE', queue, seconds) end
  verdict = 'delivered'
end
local life = redis.call('TTL', sizes)
redis.call('LPUSH', sizes, sum)
redis.call('EXPIRE', sizes, math.max(life, seconds))
return verdict
`);
