-- Extends the retention of an upload: its object is deleted only after its name was removed.
--   KEYS[1] sorted set of objects by the time at which they may be deleted
--   KEYS[2] the upload as JSON, by its tenant and its id
--   ARGV[1] retention; ARGV[2] the upload, if it may be new
local FORGOTTEN_BEFORE = 1000
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local upload = redis.call('GET', KEYS[2]) or ARGV[2]
if upload == '' then return nil end
redis.call('SET', KEYS[2], upload, 'PX', ARGV[1])
redis.call('ZADD', KEYS[1], now + ARGV[1] + FORGOTTEN_BEFORE, cjson.decode(upload).object)
return upload
