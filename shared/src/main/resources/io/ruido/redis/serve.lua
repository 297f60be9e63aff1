-- Registers a worker for models: ARGV[1] "<slots> <worker>", ARGV[2] the lease in milliseconds.
--   KEYS    ruido:workers:<model>, a sorted set for each model
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
for _, workers in ipairs(KEYS) do
    redis.call('ZREMRANGEBYSCORE', workers, '-inf', now)
    redis.call('ZADD', workers, now + ARGV[2], ARGV[1])
end
return 'OK'
