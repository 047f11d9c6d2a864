import { script } from './scripts.ts';

/**
 * Gives a request to a service, once, when its queue has room. A second list has the sizes in the queue's order, and
 * their sum at its head; sizes of popped entries are removed when the next entry comes. Expired entries make room. The
 * queue expires with its entries, so commands that nobody serves leave nothing behind. A queue with entries of other
 * programs does not expire.
 *
 * A size that is left over before it expires belongs to a popped entry: from then on the command counts as served.
 * Entries in queues of other commands are counted by source twin. Otherwise any twin could fill Redis under invented
 * names. Lost counts only loosen the limits.
 *
 * KEYS queue, sizes, served, never served (by twin), never served (by this twin's command), reply list, seen…; ARGV
 * entry, seconds, now, most entries, most bytes, most queues never served, most bytes in them, twin, command. Returns
 * the outcome. A call whose answer was lost may be repeated: it is a repeat then.
 */
export const DELIVER = script(`
local queue, sizes = KEYS[1], KEYS[2]
local entry, seconds, now = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local twin, command = ARGV[8], ARGV[9]
for n = 7, #KEYS do
  if redis.call('EXISTS', KEYS[n]) == 1 then return 'repeated' end
end
if redis.call('EXISTS', KEYS[6]) == 1 then return 'reply-list' end
local length = redis.call('LLEN', queue)
local sum = tonumber(redis.call('LPOP', sizes) or '0')
local known = redis.call('LLEN', sizes)
local function forget()
  local size, over = string.match(redis.call('RPOP', sizes), '^(%d+) (%d+)$')
  sum = sum - tonumber(size)
  known = known - 1
  return tonumber(over)
end
local function isFull() return length >= tonumber(ARGV[4]) or sum + #entry > tonumber(ARGV[5]) end
local isPopped = false
while known > length do isPopped = forget() > now or isPopped end
if known < length then redis.call('PERSIST', queue) end
while known == length and length > 0 and isFull() do
  if tonumber(string.match(redis.call('LINDEX', sizes, -1), '%d+$')) > now then break end
  redis.call('RPOP', queue)
  forget()
  length = length - 1
end

local isServed = redis.call('SISMEMBER', KEYS[3], command) == 1
if isPopped and not isServed then
  if redis.call('SCARD', KEYS[3]) >= 10000 then redis.call('DEL', KEYS[3]) end
  redis.call('SADD', KEYS[3], command)
  redis.call('HDEL', KEYS[5], command)
  isServed = true
end

local function pairsOf(hash)
  local all, n = redis.call('HGETALL', hash), -1
  return function()
    n = n + 2
    return all[n], all[n + 1]
  end
end
-- What this twin has in queues that were never served: how many other commands, their bytes, the end of their time.
local function ofTwin(isLooking)
  local queues, bytes, till = 0, 0, 0
  for other, held in pairsOf(KEYS[5]) do
    local size, over = string.match(held, '^(%d+) (%d+)$')
    if tonumber(over) <= now or (isLooking and redis.call('EXISTS', 'msgbus.' .. other) == 0) then
      redis.call('HDEL', KEYS[5], other)
    elseif other ~= command then
      queues, bytes, till = queues + 1, bytes + tonumber(size), math.max(till, tonumber(over))
    end
  end
  return queues, bytes, till
end
local function ofOthers()
  local queues, bytes = 0, 0
  for other, held in pairsOf(KEYS[4]) do
    local count, size, over = string.match(held, '^(%d+) (%d+) (%d+)$')
    if tonumber(over) <= now then redis.call('HDEL', KEYS[4], other)
    elseif other ~= twin then queues, bytes = queues + tonumber(count), bytes + tonumber(size) end
  end
  return queues, bytes
end
local function isTooMuch(queues, bytes)
  local mostQueues, mostBytes = tonumber(ARGV[6]), tonumber(ARGV[7])
  local allQueues, allBytes = ofOthers()
  if queues + allQueues > mostQueues or bytes + allBytes > mostBytes then return true end
  -- One request alone may be larger than a tenth: the first one for a service that waits.
  return queues > mostQueues / 10 or (bytes > mostBytes / 10 and bytes > #entry)
end
-- Counts this entry for its twin; false when there is no room.
local function hasRoom()
  local queues, bytes, till = ofTwin(false)
  local mine, over = string.match(redis.call('HGET', KEYS[5], command) or '0 0', '^(%d+) (%d+)$')
  mine, over = tonumber(mine), math.max(tonumber(over), now + seconds)
  if isTooMuch(queues + 1, bytes + mine + #entry) then
    -- Services may have taken what was counted.
    queues, bytes, till = ofTwin(true)
    if length == 0 then mine = 0 end
    if isTooMuch(queues + 1, bytes + mine + #entry) then return false end
  end
  till = math.max(till, over)
  redis.call('HSET', KEYS[5], command, (mine + #entry) .. ' ' .. over)
  redis.call('EXPIRE', KEYS[5], till - now)
  redis.call('HSET', KEYS[4], twin, (queues + 1) .. ' ' .. (bytes + mine + #entry) .. ' ' .. till)
  if redis.call('TTL', KEYS[4]) < till - now then redis.call('EXPIRE', KEYS[4], till - now) end
  return true
end

local verdict = 'full'
if not isFull() then
  if not isServed and not hasRoom() then
    verdict = 'never-served'
  else
    local isOurs = known == length
    redis.call('LPUSH', queue, entry)
    redis.call('LPUSH', sizes, #entry .. ' ' .. (now + seconds))
    sum = sum + #entry
    for n = 7, #KEYS do redis.call('SET', KEYS[n], '', 'EX', seconds) end
    if isOurs and redis.call('TTL', queue) < seconds then redis.call('EXPIRE', queue, seconds) end
    verdict = 'delivered'
  end
end
local life = redis.call('TTL', sizes)
if verdict == 'delivered' or known > 0 then
  redis.call('LPUSH', sizes, sum)
  redis.call('EXPIRE', sizes, math.max(life, seconds))
end
return verdict
`);
