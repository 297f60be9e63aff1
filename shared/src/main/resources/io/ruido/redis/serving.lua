-- The number of workers that serve each model now.
--   KEYS    ruido:workers:<model>, a sorted set for each model
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local counts = {}
for n, workers in ipairs(KEYS) do
    counts[n] = redis.call('ZCOUNT', workers, now, '+inf')
end
return counts
