-- The members of a sorted set whose score, a time, is in the future.
--   KEYS[1] the sorted set
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
return redis.call('ZRANGE', KEYS[1], now, '+inf', 'BYSCORE')
