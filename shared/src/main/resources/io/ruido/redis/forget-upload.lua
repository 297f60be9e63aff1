-- Returns the quota of a deleted object to its tenant.
--   KEYS[1] to KEYS[4] as in announce-upload.lua; ARGV[1] object
local counted = redis.call('HGET', KEYS[2], ARGV[1])
if counted then
    local size, tenant = string.match(counted, '(%d+) (.*)')
    if redis.call('HINCRBY', KEYS[3], tenant, -size) == 0 then redis.call('HDEL', KEYS[3], tenant) end
    if redis.call('HINCRBY', KEYS[4], tenant, -1) <= 0 then redis.call('HDEL', KEYS[4], tenant) end
    redis.call('HDEL', KEYS[2], ARGV[1])
end
redis.call('ZREM', KEYS[1], ARGV[1])
