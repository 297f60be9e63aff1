-- Hands out what is due, to one asker at a time: what is not done within ARGV[2] milliseconds is handed out again.
--   KEYS[1] sorted set of ids by the time they are due
--   ARGV[1] how many at most
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local due = redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[1])
for _, id in ipairs(due) do
    redis.call('ZADD', KEYS[1], now + ARGV[2], id)
end
return due
