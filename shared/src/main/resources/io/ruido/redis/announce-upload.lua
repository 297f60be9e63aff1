-- Counts an upload for its tenant before its object is stored, so that it is deleted in any case. Returns nothing, or the bytes
-- of the tenant's uploads if there is no room for this one.
--   KEYS[1] sorted set of objects by the time at which they may be deleted
--   KEYS[2] hash of object to its size and its tenant; KEYS[3] hash of tenant to the bytes of all its objects
--   KEYS[4] hash of tenant to the number of its objects
--   ARGV[1] object; ARGV[2] its tenant; ARGV[3] its size; ARGV[4] maximum bytes of a tenant; ARGV[5] maximum number of
--   uploads
local STORED_WITHIN = 600000
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local taken = tonumber(redis.call('HGET', KEYS[3], ARGV[2]) or 0)
local pictures = tonumber(redis.call('HGET', KEYS[4], ARGV[2]) or 0)
if taken + ARGV[3] > tonumber(ARGV[4]) or pictures >= tonumber(ARGV[5]) then return taken end
redis.call('HINCRBY', KEYS[4], ARGV[2], 1)
redis.call('HINCRBY', KEYS[3], ARGV[2], ARGV[3])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3] .. ' ' .. ARGV[2])
redis.call('ZADD', KEYS[1], now + STORED_WITHIN, ARGV[1])
return nil
