-- Returns members that are due, each to one caller: a member that is not removed within ARGV[2] milliseconds is returned again.
--   KEYS[1] sorted set of ids by due time
--   ARGV[1] maximum number
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local due = redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[1])
-- A Redis that is full refuses ZADD unless the script has written before. This removes nothing, and jobs that were kept long
-- enough can be deleted there too.
redis.call('ZREM', KEYS[1], '')
for _, id in ipairs(due) do
    redis.call('ZADD', KEYS[1], now + ARGV[2], id)
end
return due
